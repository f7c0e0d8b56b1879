/** What dropout multiplies with, and checks that its variants share. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { maskThreshold } from '../ops/mask.js';
import type { FloatArray, HostArray } from '../ops/ops.js';
import { Generator } from '../random/generator.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { assertWholeBatch, rowOffsetOf, sharedKey } from './batch-part.js';
import { quotient } from './plain.js';
import { type MaskArguments, PointwiseFunction } from './pointwise.js';
import { empty, filled } from './support.js';

/** Checks a dropout probability, with PyTorch's sentence. @internal */
export function checkProbability(caller: string, p: unknown): number {
  if (typeof p !== 'number') throw new ArgumentError(`${caller}: p must be a number, got ${show(p)}`);
  // Negated, so that NaN, which PyTorch lets through, is refused too.
  if (!(p >= 0 && p <= 1))
    throw new ArgumentError(`${caller}: dropout probability has to be between 0 and 1, but got ${p}`);
  return p;
}

export function checkGenerator(caller: string, generator: unknown): void {
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
}

/** The key of one mask. */
export function drawKey(generator: Generator): Tensor {
  return sharedKey(generator, () => newKey(generator));
}

function newKey(generator: Generator): Tensor {
  const key = empty([2], 'int32');
  currentOps().drawKey({ source: generator, key: key.storage });
  return key;
}

/** The masks of one key for a tensor, seen as a matrix with that number of columns: those of its rows in the batch of all ranks. */
export function masksFor(shape: Shape, generator: Generator, columns: number): MaskArguments {
  return { keys: [drawKey(generator)], columns, rowOffset: rowOffsetOf(shape, columns) };
}

/** 1 with probability 1-p, else 0, drawn in PyTorch's order. */
export function bernoulli(shape: Shape, like: Tensor, p: number, generator: Generator): Tensor {
  assertWholeBatch();
  const noise = empty(shape, like.dtype);
  const q = 1 - p;
  const draw = { source: generator, fill: (array: HostArray) => generator.bernoulliFill(array as FloatArray, q) };
  currentOps().draw({ draw, out: noise.storage });
  return noise;
}

/** 1/(1-p) where kept, else 0, drawn in PyTorch's order; the division rounds as PyTorch's does. */
export const scaledBernoulli = (shape: Shape, like: Tensor, p: number, generator: Generator): Tensor =>
  quotient(bernoulli(shape, like, p, generator), 1 - p);

const scaledMask = new PointwiseFunction({
  inputs: 1,
  scalars: 1,
  build: ([x], [p], graph) => x!.mul(graph.mask(0, p!)),
});
const plainMask = new PointwiseFunction({
  inputs: 1,
  scalars: 1,
  build: ([x], [p], graph) => x!.mul(graph.mask(0, p!).gt(0)),
});

/** The same from a mask of the generator's kind: a small tensor that broadcasts to what it is a factor of. */
export function scaledNoise(shape: Shape, like: Tensor, p: number, generator: Generator): Tensor {
  return generator.masks === 'mt19937'
    ? scaledBernoulli(shape, like, p, generator)
    : masked(scaledMask, shape, like, p, generator);
}

/** 1 where kept, else 0. */
export function plainNoise(shape: Shape, like: Tensor, p: number, generator: Generator): Tensor {
  return generator.masks === 'mt19937'
    ? bernoulli(shape, like, p, generator)
    : masked(plainMask, shape, like, p, generator);
}

/** The probability that elements are dropped with: that of counter masks is rounded to 16 bits. */
export const effectiveP = (p: number, generator: Generator): number =>
  generator.masks === 'mt19937' ? p : 1 - maskThreshold(p) / 65536;

function masked(mask: PointwiseFunction, shape: Shape, like: Tensor, p: number, generator: Generator): Tensor {
  const masks = masksFor(shape, generator, 1);
  return mask.apply('dropout', [filled(shape, 1, like.dtype)], [p], masks);
}
