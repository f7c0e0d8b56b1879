/** Dropout of elements and of whole channels. The mask is drawn at each call from the generator. */
import { checkBoolean, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { FloatArray, HostArray } from '../ops/ops.js';
import { defaultGenerator, drawnFrom, Generator } from '../random/generator.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul } from './arithmetic.js';
import { quotient } from './plain.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkTensor, empty } from './support.js';

/**
 * In training zeroes each element with probability p and multiplies the others by 1/(1-p), so that the mean stays;
 * otherwise, and for p = 0, returns `input` itself. A dropped NaN or infinity becomes NaN, as in PyTorch.
 * With the generator's masks at `'counter'` (the default), p is rounded to a multiple of 2^-16 and the scale is exact for
 * the rounded p; with `'mt19937'` masks are those of PyTorch's CPU generator. Gradient: grad times the same mask and scale.
 *
 * Srivastava et al., Dropout (JMLR 2014);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html | torch.nn.functional.dropout}.
 * @param p probability of an element to be zeroed, in [0, 1]. Default 0.5.
 * @throws ArgumentError for p outside [0, 1] or NaN, and for an int32 tensor where elements are dropped.
 */
export function dropout(input: Tensor, p = 0.5, training = true, generator: Generator = defaultGenerator): Tensor {
  checkTensor('dropout', input);
  checkProbability('dropout', p);
  checkGenerator('dropout', generator);
  if (!checkBoolean('dropout', 'training', training) || p === 0 || input.numel === 0) return input;
  if (p === 1) return mul(input, 0);
  checkFloat('dropout', input);
  const source = drawnFrom(generator);
  if (source.masks === 'mt19937') return mul(input, noiseOf(input.shape, input, p, source));
  const key = drawKey(source);
  const columns = input.shape.at(-1) ?? 1;
  return dropoutFunction.apply('dropout', [input], [p], { keys: [key], columns });
}

const dropoutFunction = new PointwiseFunction({
  gradName: 'NativeDropoutBackward0',
  inputs: 1,
  scalars: 1,
  build: ([x], [p], graph) => x!.mul(graph.mask(0, p!)),
});

/**
 * Dropout of whole channels: one draw for each of the first two dimensions [N, C], shared by all that follow.
 * Input [N, C, H, W]; a 3-dimensional one is read as (N, C, L), as in PyTorch, with PyTorch's warning.
 *
 * Tompson et al., Efficient Object Localization Using Convolutional Networks (CVPR 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html | torch.nn.functional.dropout2d}.
 * @throws as {@link dropout}; ShapeError for fewer than two dimensions.
 */
export function dropout2d(input: Tensor, p = 0.5, training = true, generator: Generator = defaultGenerator): Tensor {
  checkTensor('dropout2d', input);
  checkProbability('dropout2d', p);
  checkGenerator('dropout2d', generator);
  checkBoolean('dropout2d', 'training', training);
  if (input.ndim < 2)
    throw new ShapeError(
      `dropout2d: Feature dropout requires at least 2 dimensions in the input, got shape ${formatShape(input.shape)}`,
    );
  warnOfRank(input.ndim);
  if (!training || p === 0 || input.numel === 0) return input;
  if (p === 1) return mul(input, 0);
  checkFloat('dropout2d', input);
  const shape = input.shape.map((size, dim) => (dim < 2 ? size : 1));
  const source = drawnFrom(generator);
  if (source.masks === 'mt19937') return mul(input, noiseOf(shape, input, p, source));
  const key = drawKey(source);
  const ones = empty(shape, input.dtype);
  currentOps().fill({ out: ones.storage, value: 1, n: ones.numel });
  return mul(input, dropoutFunction.apply('dropout2d', [ones], [p], { keys: [key], columns: 1 }));
}

/** Checks a dropout probability, with PyTorch's sentence. @internal */
export function checkProbability(caller: string, p: unknown): number {
  if (typeof p !== 'number') throw new ArgumentError(`${caller}: p must be a number, got ${show(p)}`);
  // Negated, so that NaN, which PyTorch lets through, is refused too.
  if (!(p >= 0 && p <= 1))
    throw new ArgumentError(`${caller}: dropout probability has to be between 0 and 1, but got ${p}`);
  return p;
}

function checkGenerator(caller: string, generator: unknown): void {
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
}

function drawKey(generator: Generator): Tensor {
  const key = empty([2], 'int32');
  currentOps().drawKey({ source: generator, key: key.storage });
  return key;
}

/** 1/(1-p) where kept, else 0, drawn in PyTorch's order; the division rounds as PyTorch's does. */
function noiseOf(shape: Shape, like: Tensor, p: number, generator: Generator): Tensor {
  const noise = empty(shape, like.dtype);
  const ops = currentOps();
  const q = 1 - p;
  const draw = { source: generator, fill: (array: HostArray) => generator.bernoulliFill(array as FloatArray, q) };
  ops.draw({ draw, out: noise.storage });
  return quotient(noise, q);
}

const deprecated =
  'which is deprecated and will result in an error in a future release. To retain the behavior and silence this ' +
  'warning, please use dropout instead. Note that dropout2d exists to provide channel-wise dropout on inputs with 2 ' +
  'spatial dimensions, a channel dimension, and an optional batch dimension (i.e. 3D or 4D inputs).';
const asChannels =
  'dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is ' +
  'interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to ' +
  'interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout ' +
  'behavior, please switch to using dropout1d instead.';
const warned = new Set<number>();

/** Says once a process what PyTorch says of inputs that are not 4-dimensional. */
function warnOfRank(rank: number): void {
  if (rank === 4 || warned.has(rank)) return;
  warned.add(rank);
  const message = rank === 3 ? asChannels : `dropout2d: Received a ${rank}-D input to dropout2d, ${deprecated}`;
  process.emitWarning(message, { code: 'LANEWISE_DROPOUT2D_RANK' });
}
