/** Dropout of elements. The mask is drawn at each call from the generator. */
import { checkBoolean } from '../check.js';
import { defaultGenerator, drawnFrom, type Generator } from '../random/generator.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul } from './arithmetic.js';
import { checkGenerator, checkProbability, masksFor, scaledBernoulli } from './dropout-noise.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkTensor } from './support.js';

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
  if (source.masks === 'mt19937') return mul(input, scaledBernoulli(input.shape, input, p, source));
  return dropoutFunction.apply('dropout', [input], [p], masksFor(input.shape, source, input.shape.at(-1) ?? 1));
}

const dropoutFunction = new PointwiseFunction({
  gradName: 'NativeDropoutBackward0',
  inputs: 1,
  scalars: 1,
  build: ([x], [p], graph) => x!.mul(graph.mask(0, p!)),
});
