/**
 * Runs pointwise programs in float64, a block of elements at a time. Of float32 memory, values that are the same for all elements are
 * rounded to it, and results that it could not hold are infinite or 0, as they are where each node's result is a float32.
 */
import { maskDraw, maskRowStart, maskScale, maskThreshold } from '../mask.js';
import { nodes } from '../nodes.js';
import type { FloatArray, Layout, Memory, OpArgs, Ops } from '../ops.js';
import { type PointwiseInstruction, type PointwiseProgram, resultOf } from '../pointwise-program.js';
import { numberOf } from '../roles.js';
import { rangeOf, readFloats, readInts, roundTo, writeFloats, writeInts } from './memory.js';

const blockSize = 256;

type Compute = (...operands: number[]) => number;

/** A value of a program: the same for all elements, or a block of elements. */
type Value = number | Float64Array;

/** Fills `block` with `count` elements of an operand, from the `begin`th of the layout on. */
type Load = (block: Float64Array, begin: number, count: number) => void;

function loader(source: FloatArray, layout: Layout, rank: number, operand: number): Load {
  const sizes = layout.subarray(0, rank);
  const strides = layout.subarray(rank * (1 + operand), rank * (2 + operand));
  if (rank === 1 && strides[0] === 1) return (block, begin, count) => block.set(source.subarray(begin, begin + count));
  if (strides.every((stride) => stride === 0)) return (block) => block.fill(source[0]!);
  return (block, begin, count) => {
    for (let i = 0; i < count; i++) {
      let rest = begin + i;
      let at = 0;
      for (let dim = rank - 1; dim >= 0; dim--) {
        const size = sizes[dim]!;
        at += (rest % size) * strides[dim]!;
        rest = Math.floor(rest / size);
      }
      block[i] = source[at]!;
    }
  };
}

/** One instruction over a block. Every operand is a block by then. */
function apply(compute: Compute, operands: readonly Float64Array[], out: Float64Array, count: number): void {
  const [a, b, c, d] = operands as [Float64Array, Float64Array, Float64Array, Float64Array];
  if (operands.length === 1) for (let i = 0; i < count; i++) out[i] = compute(a[i]!);
  else if (operands.length === 2) for (let i = 0; i < count; i++) out[i] = compute(a[i]!, b[i]!);
  else if (operands.length === 3) for (let i = 0; i < count; i++) out[i] = compute(a[i]!, b[i]!, c[i]!);
  else for (let i = 0; i < count; i++) out[i] = compute(a[i]!, b[i]!, c[i]!, d[i]!);
}

/** Values that are the same for all elements, each computed once. */
function uniformValues(program: PointwiseProgram, scalars: readonly number[]): (number | null)[] {
  const values: (number | null)[] = [...new Array<null>(program.inputs).fill(null), ...scalars, ...program.constants];
  for (const each of program.instructions) {
    const operands = each.node === 'mask' ? [null] : each.operands.map((id) => values[id]!);
    const isUniform = each.node !== 'mask' && operands.every((value) => value !== null);
    values.push(isUniform ? (nodes[each.node] as Compute)(...(operands as number[])) : null);
  }
  return values;
}

class Masks {
  readonly #keys: readonly Int32Array[];
  readonly #columns: number;
  readonly #rowOffset: number;

  constructor({ keys, columns, rowOffset }: OpArgs<'pointwise'>) {
    this.#keys = keys.map(readInts);
    this.#columns = columns;
    this.#rowOffset = rowOffset;
  }

  fill(block: Float64Array, begin: number, count: number, key: number, p: number): void {
    const own = this.#keys[key]!;
    const [k0, k1] = [own[0]!, own[1]!];
    const limit = maskThreshold(p) - 32768;
    const scale = maskScale(p);
    const columns = this.#columns;
    for (let i = 0; i < count; i++) {
      const row = Math.floor((begin + i) / columns) + this.#rowOffset;
      const isKept = maskDraw(k0, k1, maskRowStart(row, columns), (begin + i) % columns) < limit;
      block[i] = isKept ? scale : 0;
    }
  }
}

export const pointwiseOps: Pick<Ops, 'pointwise'> = {
  pointwise(args) {
    const { program, inputs, outputs, layout } = args;
    const step = args.step === null ? null : writeInts(args.step);
    const scalars = args.scalars.map(numberOf);
    if (step !== null) scalars.push(step[0]! + 1);
    const uniform = uniformValues(program, scalars);
    const rank = layout.length / (1 + inputs.length);
    const total = layout.subarray(0, rank).reduce((product, size) => product * size, 1);
    const loads = inputs.map((input, i) => loader(readFloats(input), layout, rank, i));
    const targets = outputs.map(writeFloats);
    const masks = new Masks(args);
    const run = evaluator(program, uniform, outputs[0], masks);
    const blocks = inputs.map(() => new Float64Array(blockSize));
    for (let begin = 0; begin < total; begin += blockSize) {
      const count = Math.min(blockSize, total - begin);
      for (const [i, load] of loads.entries()) load(blocks[i]!, begin, count);
      const values = run(blocks, begin, count);
      for (const [i, target] of targets.entries()) {
        const result = values[program.outputs[i]!]!;
        if (typeof result === 'number') target.fill(result, begin, begin + count);
        else target.set(result.length === count ? result : result.subarray(0, count), begin);
      }
    }
    if (step !== null) step[0]! += 1;
  },
};

/** Computes all values of a program for a block. */
function evaluator(
  program: PointwiseProgram,
  uniform: readonly (number | null)[],
  like: Memory | undefined,
  masks: Masks,
): (inputs: readonly Float64Array[], begin: number, count: number) => readonly Value[] {
  const round = (value: number) => (like === undefined ? value : roundTo(like, value));
  const within = like?.dtype === 'float32' ? rangeOf(like) : null;
  // Blocks that hold one number are made once.
  const values: Value[] = uniform.map((value) => new Float64Array(blockSize).fill(value === null ? 0 : round(value)));
  const runInstruction = (each: PointwiseInstruction, index: number, begin: number, count: number): void => {
    const id = resultOf(program, index);
    const out = values[id] as Float64Array;
    if (each.node === 'mask') {
      masks.fill(out, begin, count, each.key, uniform[each.p]!);
      return;
    }
    const operands = each.operands.map((operand) => values[operand] as Float64Array);
    apply(nodes[each.node] as Compute, operands, out, count);
    if (within !== null) for (let i = 0; i < count; i++) out[i] = within(out[i]!);
  };
  return (inputs, begin, count) => {
    for (const [i, input] of inputs.entries()) values[i] = input;
    for (const [index, each] of program.instructions.entries())
      if (uniform[resultOf(program, index)] === null) runInstruction(each, index, begin, count);
    return values;
  };
}
