/** Activation functions. To add one: its definition and its function here, then its layer in `nn` and its name in the exports. */
import { checkNumber } from '../check.js';
import type { Expression } from '../pointwise/expression.js';
import type { Tensor } from '../tensor/tensor.js';
import { asFloat } from './cast.js';
import { integersWith } from './integers.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkTensor } from './support.js';

function activation(gradName: string, build: (x: Expression) => Expression): PointwiseFunction {
  return new PointwiseFunction({ gradName, inputs: 1, build: ([x]) => build(x!) });
}

const relus = activation('ReluBackward0', (x) => x.relu());
const sigmoids = activation('SigmoidBackward0', (x) => x.sigmoid());
const tanhs = activation('TanhBackward0', (x) => x.tanh());

const leakyRelus = new PointwiseFunction({
  gradName: 'LeakyReluBackward0',
  inputs: 1,
  scalars: 1,
  build: ([x], [slope]) => x!.gt(0).where(x!, x!.mul(slope!)),
});

/**
 * max(input, 0), elementwise; NaN stays NaN; int32 stays int32. Gradient: grad where the output is not 0, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html | torch.nn.functional.relu}.
 */
export function relu(input: Tensor): Tensor {
  if (checkTensor('relu', input).dtype === 'int32') return integersWith('relu', 'maximum', input, 0);
  return relus.apply('relu', [input]);
}

/** 1 / (1 + e^-input), elementwise. Gradient: grad·output·(1 - output). */
export function sigmoid(input: Tensor): Tensor {
  return sigmoids.apply('sigmoid', [asFloat('sigmoid', input)]);
}

/** Hyperbolic tangent, elementwise. Gradient: grad·(1 - output²). */
export function tanh(input: Tensor): Tensor {
  return tanhs.apply('tanh', [asFloat('tanh', input)]);
}

/**
 * input where it is positive, else input·negativeSlope. Gradient: grad, times negativeSlope where input is not positive.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html | torch.nn.functional.leaky_relu}.
 * @param negativeSlope default 0.01.
 */
export function leakyRelu(input: Tensor, negativeSlope = 0.01): Tensor {
  return leakyRelus.apply(
    'leakyRelu',
    [checkFloat('leakyRelu', input)],
    [checkNumber('leakyRelu', 'negativeSlope', negativeSlope)],
  );
}
