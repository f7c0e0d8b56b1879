/** Recurrent layers and their gradients: the three kinds of cells, both directions, lengths, odd sizes. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';

interface Shape {
  readonly steps: number;
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
}

const shapes: readonly Shape[] = [
  { steps: 1, rows: 1, inputs: 1, units: 1 },
  { steps: 3, rows: 1, inputs: 5, units: 33 },
  { steps: 4, rows: 7, inputs: 3, units: 16 },
  { steps: 5, rows: 8, inputs: 17, units: 31 },
  { steps: 2, rows: 67, inputs: 9, units: 40 },
  { steps: 3, rows: 2, inputs: 0, units: 5 },
  { steps: 0, rows: 3, inputs: 2, units: 4 },
  { steps: 2, rows: 0, inputs: 2, units: 4 },
  { steps: 2, rows: 3, inputs: 2, units: 0 },
];

interface Kind {
  readonly name: string;
  readonly gates: number;
  readonly relu: boolean;
  readonly saved: number;
}

const kinds: readonly Kind[] = [
  { name: 'tanh', gates: 1, relu: false, saved: 0 },
  { name: 'relu', gates: 1, relu: true, saved: 0 },
  { name: 'GRU', gates: 3, relu: false, saved: 4 },
  { name: 'LSTM', gates: 4, relu: false, saved: 6 },
];

const lengthsOf = ({ steps, rows }: Shape): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => 1 + ((row * 7 + 2) % Math.max(1, steps)));

/** Weights small enough that states neither grow nor saturate: an error of a step is at most carried on. */
const weights = (length: number, seed: number, units: number) =>
  floats(length, seed).map((x) => x / (2 * Math.sqrt(units + 1)));

const zerosOf = ({ relu }: Kind): CaseOptions =>
  relu ? { provesLittle: 'relu gives zeros, and so do steps behind the lengths' } : {};

const constant = (length: number, value: number) => new Float64Array(length).fill(value);

function forwardCase(shape: Shape, kind: Kind, reverse: boolean, options: { lengths: boolean; kept: boolean }): Case {
  const { steps, rows, inputs, units } = shape;
  const { gates, relu, saved } = kind;
  const parts = [kind.name, `${steps}x${rows}`, `${inputs} to ${units}`];
  if (reverse) parts.push('reverse');
  if (options.lengths) parts.push('with lengths');
  if (!options.kept) parts.push('nothing kept, no biases');
  const name = parts.join(', ');
  const seed = seedOf(`recurrent ${name}`);
  const all = steps * rows * units;
  const args = (): CaseArgs<'recurrent'> => ({
    x: floats(steps * rows * inputs, seed),
    hidden: floats(rows * units, seed + 1),
    cell: gates === 4 ? floats(rows * units, seed + 2) : null,
    weightIh: weights(gates * units * inputs, seed + 3, inputs),
    weightHh: weights(gates * units * units, seed + 4, units),
    biasIh: options.kept ? floats(gates * units, seed + 5) : null,
    biasHh: options.kept ? floats(gates * units, seed + 6) : null,
    lengths: options.lengths ? lengthsOf(shape) : null,
    out: all,
    lastHidden: rows * units,
    lastCell: gates === 4 ? rows * units : null,
    previous: options.kept ? all : null,
    saved: options.kept && saved > 0 ? all * saved : null,
    ...shape,
    gates,
    relu,
    reverse,
  });
  const condition = () => {
    // The sizes of what is added up: states of about 2, sums of about 4.
    const size = 8;
    return {
      out: constant(all, size),
      lastHidden: constant(rows * units, size),
      lastCell: constant(rows * units, size),
      previous: constant(all, size),
      saved: constant(all * saved, size),
    };
  };
  const units24 = sumUnits(inputs + units + 2) * Math.max(1, steps);
  return opCase('recurrent', name, { ulp: 4, units: units24, condition }, args, zerosOf(kind));
}

function backwardCase(shape: Shape, kind: Kind, reverse: boolean, lengths: boolean): Case {
  const { steps, rows, units } = shape;
  const { gates, relu, saved } = kind;
  const parts = [kind.name, `${steps}x${rows}`, `${units} units`];
  if (reverse) parts.push('reverse');
  if (lengths) parts.push('with lengths');
  const name = parts.join(', ');
  const seed = seedOf(`recurrentBackward ${name}`);
  const all = steps * rows * units;
  const args = (): CaseArgs<'recurrentBackward'> => ({
    grad: floats(all, seed),
    gradLastHidden: lengths ? null : floats(rows * units, seed + 1),
    gradLastCell: lengths || gates !== 4 ? null : floats(rows * units, seed + 2),
    weightHh: weights(gates * units * units, seed + 3, units),
    lengths: lengths ? lengthsOf(shape) : null,
    out: floats(all, seed + 4),
    previous: floats(all, seed + 5),
    saved: saved > 0 ? floats(all * saved, seed + 6) : null,
    gradGates: all * gates,
    gradHiddenGates: gates === 3 ? all * gates : null,
    gradHidden: rows * units,
    gradCell: gates === 4 ? rows * units : null,
    steps,
    rows,
    units,
    gates,
    relu,
    reverse,
  });
  const condition = () => {
    // Gradients grow with the steps, since values here are those of no forward pass: slopes are up to 2 in size.
    const size = 8 * 4 ** steps;
    return {
      gradGates: constant(all * gates, size),
      gradHiddenGates: constant(all * gates, size),
      gradHidden: constant(rows * units, size),
      gradCell: constant(rows * units, size),
    };
  };
  const units24 = sumUnits(gates * units + 4);
  return opCase('recurrentBackward', name, { ulp: 4, units: units24, condition }, args, zerosOf(kind));
}

export const recurrentCases: readonly Case[] = shapes.flatMap((shape, s) =>
  kinds.flatMap((kind, k) => {
    const reverse = (s + k) % 2 === 1;
    const lengths = shape.steps > 0;
    return [
      forwardCase(shape, kind, reverse, { lengths: false, kept: true }),
      forwardCase(shape, kind, !reverse, { lengths, kept: s % 2 === 0 }),
      backwardCase(shape, kind, reverse, false),
      backwardCase(shape, kind, !reverse, lengths),
    ];
  }),
);
