/** Activations that leave positive numbers as they are, or nearly so. */
import { ArgumentError } from '../../errors.js';
import type { Expression } from '../../pointwise/expression.js';
import { integersWith } from '../integers.js';
import { activation } from './activation.js';

/**
 * max(input, 0), elementwise; NaN stays NaN; int32 stays int32. Gradient: grad where the output is not 0, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html | torch.nn.functional.relu}.
 */
export const relu = activation({
  name: 'relu',
  gradName: 'ReluBackward0',
  settings: [],
  build: (x) => x.relu(),
  integers: (input) => integersWith('relu', 'maximum', input, 0),
});

/**
 * min(max(input, 0), 6); int32 stays int32. Gradient: grad where 0 < input < 6, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html | torch.nn.functional.relu6}.
 */
export const relu6 = activation({
  name: 'relu6',
  gradName: 'HardtanhBackward0',
  settings: [],
  build: (x) => x.maximum(0).minimum(6),
  gradient: (grad, y) => within(y, 0, 6, grad),
  integers: (input) => integersWith('relu6', 'minimum', integersWith('relu6', 'maximum', input, 0), 6),
});

/** `inside` where low < x < high, else 0. */
export function within(
  x: Expression,
  low: Expression | number,
  high: Expression | number,
  inside: Expression,
): Expression {
  return x.graph.apply('selectLess', low, x, x.lt(high).where(inside, 0), 0);
}

/**
 * input where it is positive, else input·negativeSlope. Gradient: grad, times negativeSlope where input is not positive.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html | torch.nn.functional.leaky_relu}.
 * Settings: `negativeSlope`, default 0.01.
 */
export const leakyRelu = activation({
  name: 'leakyRelu',
  gradName: 'LeakyReluBackward0',
  settings: [['negativeSlope', 0.01]],
  build: (x, { negativeSlope }) => x.gt(0).where(x, x.mul(negativeSlope)),
});

/** slope·input for input > 0, else factor·(e^(rate·input) - 1); the gradient at 0 is that from the left. */
const exponential = (x: Expression, factor: Expression | number, slope: number, rate: Expression | number) =>
  x.gt(0).where(x.mul(slope), x.mul(rate).expm1().mul(factor));
const exponentialGradient = (
  grad: Expression,
  x: Expression,
  factor: Expression | number,
  slope: number,
  rate: Expression | number,
) => x.gt(0).where(grad.mul(slope), grad.mul(factor).mul(rate).mul(x.mul(rate).exp()));

/**
 * input where it is positive, else alpha·(e^input - 1). Gradient: grad, times alpha·e^input where input is not positive.
 * Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units (ICLR 2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html | torch.nn.functional.elu}.
 * Settings: `alpha`, default 1.
 */
export const elu = activation({
  name: 'elu',
  gradName: 'EluBackward0',
  settings: [['alpha', 1]],
  build: (x, { alpha }) => exponential(x, alpha, 1, 1),
  gradient: (grad, _y, x, { alpha }) => exponentialGradient(grad, x, alpha, 1, 1),
});

const seluScale = 1.0507009873554805;
const seluFactor = 1.6732632423543772 * seluScale;

/**
 * 1.0507009873554805·(input where it is positive, else 1.6732632423543772·(e^input - 1)).
 * Klambauer et al., Self-Normalizing Neural Networks (NeurIPS 2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html | torch.nn.functional.selu}.
 */
export const selu = activation({
  name: 'selu',
  gradName: 'EluBackward0',
  settings: [],
  build: (x) => exponential(x, seluFactor, seluScale, 1),
  gradient: (grad, _y, x) => exponentialGradient(grad, x, seluFactor, seluScale, 1),
});

/**
 * max(0, input) + min(0, alpha·(e^(input/alpha) - 1)). Gradient: grad, times e^(input/alpha) where input is not positive.
 * Barron, Continuously Differentiable Exponential Linear Units (2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html | torch.nn.functional.celu}.
 * Settings: `alpha`, default 1; not 0.
 */
export const celu = activation({
  name: 'celu',
  gradName: 'CeluBackward0',
  settings: [['alpha', 1]],
  build: (x, { alpha }) => exponential(x, alpha, 1, alpha.reciprocal()),
  gradient: (grad, _y, x, { alpha }) => exponentialGradient(grad, x, alpha, 1, alpha.reciprocal()),
  check: refuseZero,
});

/**
 * input where it is greater than the threshold, else value. Gradient: grad where input > threshold, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html | torch.nn.functional.threshold}.
 * Settings: `threshold` and `value`, both to be given.
 */
export const threshold = activation({
  name: 'threshold',
  gradName: 'ThresholdBackward0',
  settings: [
    ['threshold', null],
    ['value', null],
  ],
  // NaN stays NaN: the comparison is the other way round.
  build: (x, { threshold, value }) => x.le(threshold).where(value, x),
  gradient: (grad, _y, x, { threshold }) => x.le(threshold).where(0, grad),
});

function refuseZero(caller: string, { alpha }: { alpha: number }): void {
  if (alpha === 0) throw new ArgumentError(`${caller}: alpha cannot be 0 for CELU`);
}
