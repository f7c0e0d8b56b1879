/** One layer and direction of a recurrent network, and its gradient, a row at a time. */
import type { FloatArray, OpArgs, Ops } from '../ops.js';
import { readFloats, readInts, writeFloats } from './memory.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** How many lines of `units` numbers are kept of a step: see the contract. */
const savedLines = (gates: number): number => (gates === 4 ? 6 : gates === 3 ? 4 : 0);

interface Steps {
  readonly steps: number;
  readonly rows: number;
  readonly reverse: boolean;
}

/** The steps of a row in the order in which it takes them. */
function stepsOf({ steps, reverse }: Steps, length: number | undefined): number[] {
  const order = Array.from({ length: length ?? steps }, (_, t) => t);
  return reverse ? order.reverse() : order;
}

/** Σ_k weight[line, k]·x[at + k] for k < size. */
function dot(weight: FloatArray, line: number, x: FloatArray, at: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += weight[line * size + k]! * x[at + k]!;
  return sum;
}

function forward(args: OpArgs<'recurrent'>): void {
  const { rows, inputs, units, gates, relu } = args;
  const x = readFloats(args.x);
  const [first, weightIh, weightHh] = [args.hidden, args.weightIh, args.weightHh].map(readFloats) as [
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [firstCell, biasIh, biasHh] = [args.cell, args.biasIh, args.biasHh].map((each) => each && readFloats(each));
  const lengths = args.lengths && readInts(args.lengths);
  const out = writeFloats(args.out).fill(0);
  const lastHidden = writeFloats(args.lastHidden);
  const lastCell = args.lastCell && writeFloats(args.lastCell);
  const previous = args.previous && writeFloats(args.previous).fill(0);
  const saved = args.saved && writeFloats(args.saved).fill(0);
  const lines = savedLines(gates);
  const own = (array: FloatArray, row: number) => Float64Array.from(array.subarray(row * units, (row + 1) * units));

  for (let row = 0; row < rows; row++) {
    let hidden = own(first, row);
    const cell = firstCell ? own(firstCell, row) : new Float64Array(units);
    for (const t of stepsOf(args, lengths?.[row])) {
      const at = t * rows + row;
      previous?.set(hidden, at * units);
      const fromX = (line: number) => dot(weightIh, line, x, at * inputs, inputs) + (biasIh?.[line] ?? 0);
      const fromHidden = (line: number) => dot(weightHh, line, hidden, 0, units) + (biasHh?.[line] ?? 0);
      const next = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const gate = (g: number) => fromX(g * units + u) + fromHidden(g * units + u);
        const kept: number[] = [];
        if (gates === 4) {
          const [i, f, g, o] = [sigmoid(gate(0)), sigmoid(gate(1)), Math.tanh(gate(2)), sigmoid(gate(3))] as const;
          const before = cell[u]!;
          cell[u] = f * before + i * g;
          next[u] = o * Math.tanh(cell[u]!);
          kept.push(i, f, g, o, Math.tanh(cell[u]!), before);
        } else if (gates === 3) {
          const [r, z, a] = [sigmoid(gate(0)), sigmoid(gate(1)), fromHidden(2 * units + u)] as const;
          const n = Math.tanh(fromX(2 * units + u) + r * a);
          next[u] = n + z * (hidden[u]! - n);
          kept.push(r, z, n, a);
        } else next[u] = relu ? reluOf(gate(0)) : Math.tanh(gate(0));
        if (saved) for (const [s, value] of kept.entries()) saved[(at * lines + s) * units + u] = value;
      }
      hidden = next;
      out.set(hidden, at * units);
    }
    lastHidden.set(hidden, row * units);
    lastCell?.set(cell, row * units);
  }
}

/** NaN stays NaN. */
const reluOf = (x: number): number => Math.max(x, 0);

function backward(args: OpArgs<'recurrentBackward'>): void {
  const { rows, units, gates, relu } = args;
  const [grad, weightHh, out, previous] = [args.grad, args.weightHh, args.out, args.previous].map(readFloats) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [gradLastHidden, gradLastCell, saved] = [args.gradLastHidden, args.gradLastCell, args.saved].map(
    (each) => each && readFloats(each),
  );
  const lengths = args.lengths && readInts(args.lengths);
  const gradGates = writeFloats(args.gradGates).fill(0);
  const gradHiddenGates = args.gradHiddenGates && writeFloats(args.gradHiddenGates).fill(0);
  const gradHidden = writeFloats(args.gradHidden);
  const gradCell = args.gradCell && writeFloats(args.gradCell);
  const lines = savedLines(gates);
  const width = gates * units;

  for (let row = 0; row < rows; row++) {
    const from = (array: FloatArray | null | undefined, u: number) => array?.[row * units + u] ?? 0;
    let dh = Float64Array.from({ length: units }, (_, u) => from(gradLastHidden, u));
    const dc = Float64Array.from({ length: units }, (_, u) => from(gradLastCell, u));
    for (const t of stepsOf(args, lengths?.[row]).reverse()) {
      const at = t * rows + row;
      const before = new Float64Array(units);
      const toHidden = new Float64Array(width);
      for (let u = 0; u < units; u++) {
        const d = dh[u]! + grad[at * units + u]!;
        const kept = (s: number) => saved![(at * lines + s) * units + u]!;
        const give = (g: number, value: number, forHidden = value) => {
          gradGates[at * width + g * units + u] = value;
          toHidden[g * units + u] = forHidden;
        };
        if (gates === 4) {
          const [i, f, g, o, c, old] = [kept(0), kept(1), kept(2), kept(3), kept(4), kept(5)] as const;
          const e = dc[u]! + d * o * (1 - c * c);
          give(0, e * g * i * (1 - i));
          give(1, e * old * f * (1 - f));
          give(2, e * i * (1 - g * g));
          give(3, d * c * o * (1 - o));
          dc[u] = e * f;
        } else if (gates === 3) {
          const [r, z, n, a] = [kept(0), kept(1), kept(2), kept(3)] as const;
          const toN = d * (1 - z) * (1 - n * n);
          give(0, toN * a * r * (1 - r));
          give(1, d * (previous[at * units + u]! - n) * z * (1 - z));
          give(2, toN, toN * r);
          before[u] = d * z;
        } else {
          const h = out[at * units + u]!;
          give(0, relu ? (h <= 0 ? 0 : d) : d * (1 - h * h));
        }
      }
      gradHiddenGates?.set(toHidden, at * width);
      for (let line = 0; line < width; line++)
        for (let u = 0; u < units; u++) before[u] = before[u]! + toHidden[line]! * weightHh[line * units + u]!;
      dh = before;
    }
    gradHidden.set(dh, row * units);
    gradCell?.set(dc, row * units);
  }
}

export const recurrentOps: Pick<Ops, 'recurrent' | 'recurrentBackward'> = {
  recurrent: forward,
  recurrentBackward: backward,
};
