/** What an instruction costs: arithmetic and memory traffic, from its sizes alone. */
import type { Instruction, ValueSpec } from '../ops/graph.js';
import type { OpName } from '../ops/ops.js';
import type { PointwiseProgram } from '../ops/pointwise-program.js';
import { isFloat64Array } from '../realm.js';
import { type Access, accessesOf } from './passes/instruction.js';

export interface Cost {
  /** Additions, multiplications, divisions, comparisons, roots and elementary functions; a multiply-add counts as two. */
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Reads a size of the instruction by its name. */
type Size = (name: string) => number;
type Count = (size: Size, args: Instruction['args']) => number;

const none: Count = () => 0;
/** This many for each element. */
const elements =
  (each: number): Count =>
  (size) =>
    each * size('n');
const overDim =
  (each: number): Count =>
  (size) =>
    each * size('outer') * size('size') * size('inner');
const broadcast: Count = (_, { layout }) => layoutElements(layout);
const product: Count = (size) => 2 * size('rows') * size('inFeatures') * size('outFeatures');
const perLogit =
  (each: number): Count =>
  (size) =>
    each * size('rows') * size('classes');
const weights: Count = (size) => size('inFeatures') * size('outFeatures');
/** The instructions of the program of an op, each counted once for an element. */
const programLength = ({ program }: Instruction['args']): number =>
  (program as PointwiseProgram | null)?.instructions.length ?? 0;
const given = (args: Instruction['args'], name: string): number => (args[name] === null ? 0 : 1);

const counts: Readonly<Record<OpName, Count>> = {
  fill: none,
  copy: none,
  cast: none,
  indexSelect: none,
  indexAdd: (size) => size('count') * size('width'),
  // One for each instruction, as many as an elementary function is counted with.
  pointwise: (_, { program, layout, inputs }) =>
    (program as PointwiseProgram).instructions.length *
    layoutElements(layout, 1 + (inputs as readonly number[]).length),
  sum: overDim(1),
  reduce: (size, args) => (programLength(args) + 1) * overDim(1)(size, args),
  extreme: overDim(1),
  gather: none,
  scatter: none,
  scatterAdd: (size) => size('outer') * size('count') * size('inner'),
  argsort: none,
  cumsum: overDim(1),
  softmax: overDim(5),
  softmaxBackward: overDim(4),
  integers: broadcast,
  matmul: (size) => 2 * size('batch') * size('m') * size('n') * size('k'),
  linear: (size, args) =>
    product(size, args) + (programLength(args) + given(args, 'bias')) * size('rows') * size('outFeatures'),
  drawKey: none,
  draw: none,
  checkIndex: none,
  checkTarget: none,
  crossEntropy: perLogit(5),
  crossEntropyBackward: perLogit(4),
  gatherRows: none,
  checkFinite: elements(1),
  linearInputGradient: (size, args) =>
    product(size, args) + (programLength(args) + given(args, 'biasGrad')) * size('rows') * size('inFeatures'),
  crossEntropyTrain: (size, args) => (9 + given(args, 'biasGrad')) * size('rows') * size('classes'),
  linearWeightUpdate: (size, args) => product(size, args) + programLength(args) * weights(size, args),
};

/** The cost of one call. Memory is counted once for each argument that names it, as far as the op touches it. */
export function costOf(each: Instruction, values: readonly ValueSpec[]): Cost {
  const size: Size = (name) => Number(each.args[name]);
  let bytesRead = 0;
  let bytesWritten = 0;
  for (const access of accessesOf(each)) {
    const { reads, writes } = directions(each, access);
    const bytes = touched(each, access, values[access.value]!) * bytesOf(values[access.value]!);
    if (reads) bytesRead += bytes;
    if (writes) bytesWritten += bytes;
  }
  return { flops: counts[each.op](size, each.args), bytesRead, bytesWritten };
}

/** These are `anyInout` since they leave the rest of their output alone, but they do not read it. */
function directions({ op }: Instruction, { arg, reads, writes }: Access) {
  return { reads: reads && !((op === 'copy' || op === 'scatter') && arg === 'out'), writes };
}

function touched({ op, args }: Instruction, { arg }: Access, { length }: ValueSpec): number {
  if (op === 'copy') return layoutElements(args.layout);
  if ((op === 'indexSelect' || op === 'gatherRows') && arg !== 'out')
    return arg === 'x' ? Number(args.count) * Number(args.width) : Number(args.count);
  // As many numbers as there are indices, on the side that the indices point into.
  if ((op === 'gather' && arg === 'x') || (op.startsWith('scatter') && arg === 'out'))
    return Number(args.outer) * Number(args.count) * Number(args.inner);
  return length;
}

function layoutElements(layout: Instruction['args'][string] | undefined, parts = 3): number {
  if (!isFloat64Array(layout)) return 0;
  return layout.subarray(0, layout.length / parts).reduce((total, size) => total * size, 1);
}

function bytesOf({ dtype }: ValueSpec): number {
  return dtype === 'float64' ? 8 : 4;
}
