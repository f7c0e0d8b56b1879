/** What an instruction costs: arithmetic and memory traffic, from its sizes alone. */
import type { Instruction, MemorySpec } from '../ops/listing.js';
import type { OpName } from '../ops/ops.js';
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
/** Multiplications and additions of one element's update, as ops.ts writes them. */
const sgdElement = 8;
const adamElement = 16;
const weights: Count = (size) => size('inFeatures') * size('outFeatures');
const given = (args: Instruction['args'], name: string): number => (args[name] === null ? 0 : 1);

const counts: Readonly<Record<OpName, Count>> = {
  fill: none,
  copy: none,
  cast: none,
  indexSelect: none,
  indexAdd: (size) => size('count') * size('width'),
  add: broadcast,
  sub: broadcast,
  mul: broadcast,
  div: broadcast,
  pow: broadcast,
  neg: elements(1),
  exp: elements(1),
  log: elements(1),
  sqrt: elements(1),
  abs: elements(1),
  sign: elements(1),
  relu: elements(1),
  sigmoid: elements(3),
  tanh: elements(1),
  clamp: elements(2),
  reluBackward: elements(1),
  sigmoidBackward: elements(3),
  tanhBackward: elements(3),
  clampBackward: elements(2),
  sum: overDim(1),
  max: overDim(1),
  min: overDim(1),
  gather: none,
  scatter: none,
  scatterAdd: (size) => size('outer') * size('count') * size('inner'),
  argsort: none,
  cumsum: overDim(1),
  softmax: overDim(5),
  logSoftmax: overDim(5),
  softmaxBackward: overDim(4),
  logSoftmaxBackward: overDim(4),
  addInt: broadcast,
  subInt: broadcast,
  mulInt: broadcast,
  powInt: broadcast,
  maximumInt: broadcast,
  minimumInt: broadcast,
  sumInt: overDim(1),
  maxInt: overDim(1),
  minInt: overDim(1),
  matmul: (size) => 2 * size('batch') * size('m') * size('n') * size('k'),
  linear: (size, args) => product(size, args) + given(args, 'bias') * size('rows') * size('outFeatures'),
  drawKey: none,
  draw: none,
  checkIndex: none,
  checkTarget: none,
  dropout: (size) => size('rows') * size('columns'),
  crossEntropy: perLogit(5),
  crossEntropyBackward: perLogit(4),
  sgd: elements(sgdElement),
  adam: elements(adamElement),
  gatherRows: none,
  checkFinite: elements(1),
  linearActivation: (size, args) =>
    product(size, args) +
    (given(args, 'bias') + Number(args.relu) + given(args, 'key')) * size('rows') * size('outFeatures'),
  linearInputGradient: (size, args) =>
    product(size, args) + (2 * given(args, 'y') + given(args, 'biasGrad')) * size('rows') * size('inFeatures'),
  crossEntropyTrain: (size, args) => (9 + given(args, 'biasGrad')) * size('rows') * size('classes'),
  linearWeightSgd: (size, args) => product(size, args) + sgdElement * weights(size, args),
  linearWeightAdam: (size, args) => product(size, args) + adamElement * weights(size, args),
};

/** The cost of one call. Memory is counted once for each argument that names it, as far as the op touches it. */
export function costOf(each: Instruction, memories: readonly MemorySpec[]): Cost {
  const size: Size = (name) => Number(each.args[name]);
  let bytesRead = 0;
  let bytesWritten = 0;
  for (const access of accessesOf(each)) {
    const { reads, writes } = directions(each, access);
    const bytes = touched(each, access, memories[access.memory]!) * bytesOf(memories[access.memory]!);
    if (reads) bytesRead += bytes;
    if (writes) bytesWritten += bytes;
  }
  return { flops: counts[each.op](size, each.args), bytesRead, bytesWritten };
}

/** These are `anyInout` since they leave the rest of their output alone, but they do not read it. */
function directions({ op }: Instruction, { arg, reads, writes }: Access) {
  return { reads: reads && !((op === 'copy' || op === 'scatter') && arg === 'out'), writes };
}

function touched({ op, args }: Instruction, { arg }: Access, { length }: MemorySpec): number {
  if (op === 'copy') return layoutElements(args.layout);
  if ((op === 'indexSelect' || op === 'gatherRows') && arg !== 'out')
    return arg === 'x' ? Number(args.count) * Number(args.width) : Number(args.count);
  // As many numbers as there are indices, on the side that the indices point into.
  if ((op === 'gather' && arg === 'x') || (op.startsWith('scatter') && arg === 'out'))
    return Number(args.outer) * Number(args.count) * Number(args.inner);
  return length;
}

function layoutElements(layout: Instruction['args'][string] | undefined): number {
  if (!isFloat64Array(layout)) return 0;
  return layout.subarray(0, layout.length / 3).reduce((total, size) => total * size, 1);
}

function bytesOf({ dtype }: MemorySpec): number {
  return dtype === 'float64' ? 8 : 4;
}
