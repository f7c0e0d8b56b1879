/** Activations without a kink. */

import { checkOptions } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Expression } from '../../pointwise/expression.js';
import type { Tensor } from '../../tensor/tensor.js';
import { asFloat } from '../cast.js';
import { checkFloat } from '../support.js';
import { activation } from './activation.js';

/**
 * 1 / (1 + e^-input), elementwise. Gradient: grad·output·(1 - output).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.sigmoid.html | torch.sigmoid}.
 */
export const sigmoid = activation({
  name: 'sigmoid',
  gradName: 'SigmoidBackward0',
  settings: [],
  build: (x) => x.sigmoid(),
  integers: (input): Tensor => sigmoid(asFloat('sigmoid', input)),
});

/**
 * Hyperbolic tangent, elementwise. Gradient: grad·(1 - output²).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.tanh.html | torch.tanh}.
 */
export const tanh = activation({
  name: 'tanh',
  gradName: 'TanhBackward0',
  settings: [],
  build: (x) => x.tanh(),
  integers: (input): Tensor => tanh(asFloat('tanh', input)),
});

/**
 * input·sigmoid(input). Gradient: grad·s·(1 + input·(1 - s)), s = sigmoid(input).
 * Elfwing et al., Sigmoid-Weighted Linear Units for Neural Network Function Approximation in Reinforcement Learning (2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html | torch.nn.functional.silu}.
 */
export const silu = activation({
  name: 'silu',
  gradName: 'SiluBackward0',
  settings: [],
  build: (x) => x.mul(x.sigmoid()),
  gradient(grad, _y, x) {
    const s = x.sigmoid();
    return grad.mul(s).mul(x.fma(s.neg().add(1), 1));
  },
});

/** Above it tanh(softplus(x)) is 1 in float64 too. */
const mishLinear = 20;

/**
 * input·tanh(log(1 + e^input)). Gradient: grad·(t + input·s·(1 - t²)), t = tanh(log(1 + e^input)), s = sigmoid(input).
 * Misra, Mish: A Self Regularized Non-Monotonic Activation Function (BMVC 2020);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html | torch.nn.functional.mish}.
 */
export const mish = activation({
  name: 'mish',
  gradName: 'MishBackward0',
  settings: [],
  // With e = e^x: t = n/(n + 2), n = e·(e + 2). One exponential in place of three functions.
  build(x) {
    const e = x.exp();
    const n = e.mul(e.add(2));
    return x.gt(mishLinear).where(x, x.mul(n.div(n.add(2))));
  },
  gradient(grad, _y, x) {
    const e = x.exp();
    const n = e.mul(e.add(2));
    const d = n.add(2);
    // s·(1 - t²) = 4·e·(e + 1)/(n + 2)².
    const inner = n.fma(d, x.mul(e.mul(e.add(1))).mul(4)).div(d.mul(d));
    return x.gt(mishLinear).where(grad, grad.mul(inner));
  },
});

/**
 * log(1 + e^(beta·input))/beta, and input itself where beta·input > threshold. Gradient: grad·sigmoid(beta·input), and grad there.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html | torch.nn.functional.softplus}.
 * Settings: `beta`, default 1; `threshold`, default 20.
 */
export const softplus = activation({
  name: 'softplus',
  gradName: 'SoftplusBackward0',
  settings: [
    ['beta', 1],
    ['threshold', 20],
  ],
  build: (x, { beta, threshold }) => x.mul(beta).gt(threshold).where(x, x.mul(beta).exp().log1p().div(beta)),
  gradient: (grad, _y, x, { beta, threshold }) =>
    x
      .mul(beta)
      .gt(threshold)
      .where(grad, grad.mul(x.mul(beta).sigmoid())),
});

/**
 * input / (1 + |input|). Gradient: grad/(1 + |input|)².
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html | torch.nn.functional.softsign}.
 */
export const softsign = activation({
  name: 'softsign',
  gradName: 'DivBackward0',
  settings: [],
  build: (x) => x.div(x.abs().add(1)),
});

/** log(1 / (1 + e^-x)), for x of any size. */
export const logSigmoidOf = (x: Expression): Expression => x.minimum(0).sub(x.abs().neg().exp().log1p());

/**
 * log(sigmoid(input)). Gradient: grad·sigmoid(-input).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html | torch.nn.functional.logsigmoid}.
 */
export const logsigmoid = activation({
  name: 'logsigmoid',
  gradName: 'LogSigmoidBackward0',
  settings: [],
  build: logSigmoidOf,
  gradient: (grad, _y, x) => grad.mul(x.neg().sigmoid()),
});

/**
 * input - tanh(input). Gradient: grad·tanh²(input).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html | torch.nn.functional.tanhshrink}.
 */
export const tanhshrink = activation({
  name: 'tanhshrink',
  gradName: 'SubBackward0',
  settings: [],
  build: (x) => x.sub(x.tanh()),
  gradient(grad, _y, x) {
    const t = x.tanh();
    return grad.mul(t).mul(t);
  },
});

/** Options of {@link gelu} and `nn.GELU`. */
export interface GELUOptions {
  /** `'none'` (the default): by the error function; `'tanh'`: Hendrycks and Gimpel's approximation. */
  approximate?: 'none' | 'tanh';
}

/** x·Φ(x): the gradient Φ(x) + x·φ(x) is given, since the rules would compute the error function twice. */
const exactGelu = activation({
  name: 'gelu',
  gradName: 'GeluBackward0',
  settings: [],
  build: (x) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1)),
  gradient(grad, _y, x) {
    const cdf = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    const density = x
      .mul(x)
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return grad.mul(x.fma(density, cdf));
  },
});

const root2ByPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

const tanhGelu = activation({
  name: 'gelu',
  gradName: 'GeluBackward0',
  settings: [],
  build: (x) => x.mul(0.5).mul(x.mul(root2ByPi).mul(x.mul(x).fma(cubic, 1)).tanh().add(1)),
  gradient(grad, _y, x) {
    const square = x.mul(x);
    const t = x.mul(root2ByPi).mul(square.fma(cubic, 1)).tanh();
    // Φ(x) ≈ (1 + t)/2, whose derivative is (1 - t²)/2 times that of what tanh is of.
    const slope = t
      .neg()
      .fma(t, 1)
      .mul(square.fma(3 * cubic * root2ByPi, root2ByPi));
    return grad.mul(0.5).mul(x.fma(slope, t.add(1)));
  },
});

/**
 * input·Φ(input), Φ being the distribution function of the standard normal distribution; with approximate `'tanh'`
 * 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * Hendrycks and Gimpel, Gaussian Error Linear Units (2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html | torch.nn.functional.gelu}.
 */
export function gelu(input: Tensor, options?: GELUOptions): Tensor {
  checkFloat('gelu', input);
  const { approximate = 'none' } = checkOptions('gelu', options, ['approximate']);
  return checkApproximate('gelu', approximate) === 'tanh' ? tanhGelu(input) : exactGelu(input);
}

/** Checks how GELU is computed, with PyTorch's sentence. @internal */
export function checkApproximate(caller: string, approximate: unknown): 'none' | 'tanh' {
  if (approximate !== 'none' && approximate !== 'tanh')
    throw new ArgumentError(`${caller}: approximate argument must be either none or tanh.`);
  return approximate;
}
