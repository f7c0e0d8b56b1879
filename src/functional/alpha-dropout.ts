/** Dropout for self-normalizing networks: what is dropped takes the value that SELU gives far below 0. */
import { checkBoolean } from '../check.js';
import { ShapeError } from '../errors.js';
import type { Expression } from '../pointwise/expression.js';
import { defaultGenerator, drawnFrom, type Generator } from '../random/generator.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul } from './arithmetic.js';
import { bernoulli, checkGenerator, checkProbability, effectiveP, masksFor, plainNoise } from './dropout-noise.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkTensor } from './support.js';

/**
 * In training sets each element to -α' with probability p, and scales and shifts all so that mean 0 and variance 1 stay:
 * a·(x·k - α'·(1-k)) + a·α'·p with k = 1 where kept, α' = 1.7580993408473766 (SELU's scale times its alpha) and
 * a = 1/√((α'²·p + 1)(1-p)). Otherwise, and for p = 0, returns `input` itself. Masks, their p, NaN and infinity as in {@link dropout}.
 * Gradient: a·k·grad.
 *
 * Klambauer et al., Self-Normalizing Neural Networks (NeurIPS 2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html | torch.nn.functional.alpha_dropout}.
 * @param training default false, as in PyTorch.
 * @throws ArgumentError for p outside [0, 1] or NaN, and for an int32 tensor where elements are dropped.
 */
export function alphaDropout(
  input: Tensor,
  p = 0.5,
  training = false,
  generator: Generator = defaultGenerator,
): Tensor {
  const caller = 'alphaDropout';
  if (!check(caller, input, p, training, generator)) return input;
  const source = drawnFrom(generator);
  const scalars = scalarsOf(effectiveP(p, source));
  if (scalars === null) return mul(input, 0);
  checkFloat(caller, input);
  if (source.masks === 'mt19937')
    return withNoise.apply(caller, [input, bernoulli(input.shape, input, p, source)], scalars);
  const masks = masksFor(input.shape, source, input.shape.at(-1) ?? 1);
  return withMask.apply(caller, [input], [...scalars, p], masks);
}

/**
 * {@link alphaDropout} of whole channels: one draw for each of the first two dimensions [N, C], whatever follows.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html | torch.nn.functional.feature_alpha_dropout}.
 * @param training default false, as in PyTorch.
 * @throws as {@link alphaDropout}; ShapeError for fewer than two dimensions where channels are dropped.
 */
export function featureAlphaDropout(
  input: Tensor,
  p = 0.5,
  training = false,
  generator: Generator = defaultGenerator,
): Tensor {
  const caller = 'featureAlphaDropout';
  if (!check(caller, input, p, training, generator)) return input;
  const source = drawnFrom(generator);
  const scalars = scalarsOf(effectiveP(p, source));
  if (scalars === null) return mul(input, 0);
  if (input.ndim < 2)
    throw new ShapeError(
      `${caller}: Feature dropout requires at least 2 dimensions in the input, got shape ${formatShape(input.shape)}`,
    );
  checkFloat(caller, input);
  const shape = input.shape.map((size, dim) => (dim < 2 ? size : 1));
  return withNoise.apply(caller, [input, plainNoise(shape, input, p, source)], scalars);
}

const alpha = 1.7580993408473766;

/** a, α'·a and α'·a·p; null when everything is dropped. */
function scalarsOf(p: number): [number, number, number] | null {
  if (p === 1) return null;
  const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
  return [a, alpha * a, alpha * a * p];
}

/** x·(k·a) + ((k - 1)·α'a + α'ap), each step rounded as in PyTorch. */
const formula = (
  x: Expression,
  keep: Expression,
  [a, shift, mean]: readonly [Expression, Expression, Expression],
): Expression => x.mul(keep.mul(a)).add(keep.sub(1).mul(shift).add(mean));

const withNoise = new PointwiseFunction({
  gradName: 'AlphaDropoutBackward0',
  inputs: 2,
  scalars: 3,
  build: ([x, keep], [a, shift, mean]) => formula(x!, keep!, [a!, shift!, mean!]),
});

const withMask = new PointwiseFunction({
  gradName: 'AlphaDropoutBackward0',
  inputs: 1,
  scalars: 4,
  build: ([x], [a, shift, mean, p], graph) => formula(x!, graph.mask(0, p!).gt(0), [a!, shift!, mean!]),
});

/** Whether anything is to be dropped. */
function check(caller: string, input: Tensor, p: number, training: boolean, generator: Generator): boolean {
  checkTensor(caller, input);
  checkProbability(caller, p);
  checkGenerator(caller, generator);
  return checkBoolean(caller, 'training', training) && p !== 0 && input.numel > 0;
}
