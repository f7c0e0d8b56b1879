/** Activations of each element, as layers: what each computes stands with its function. */

import { checkOptions } from '../check.js';
import { ArgumentError } from '../errors.js';
import * as functions from '../functional/activations/index.js';
import { checkApproximate, type GELUOptions } from '../functional/activations/smooth.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import { ActivationLayer, inplaceLayerOf, layerOf } from './activation-layer.js';

/**
 * max(x, 0), elementwise; NaN stays NaN. See {@link functions.relu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html | torch.nn.ReLU}.
 */
export class ReLU extends inplaceLayerOf(functions.relu) {}

/**
 * min(max(x, 0), 6). See {@link functions.relu6}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html | torch.nn.ReLU6}.
 */
export class ReLU6 extends inplaceLayerOf(functions.relu6) {}

/**
 * x where it is positive, else negativeSlope·x. Setting: `negativeSlope`, default 0.01. See {@link functions.leakyRelu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html | torch.nn.LeakyReLU}.
 */
export class LeakyReLU extends inplaceLayerOf(functions.leakyRelu) {}

/**
 * x where it is positive, else alpha·(e^x - 1). Setting: `alpha`, default 1. See {@link functions.elu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html | torch.nn.ELU}.
 */
export class ELU extends inplaceLayerOf(functions.elu) {}

/**
 * A scaled {@link ELU} that keeps mean 0 and variance 1. See {@link functions.selu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html | torch.nn.SELU}.
 */
export class SELU extends inplaceLayerOf(functions.selu) {}

/**
 * max(0, x) + min(0, alpha·(e^(x/alpha) - 1)). Setting: `alpha`, default 1; not 0. See {@link functions.celu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html | torch.nn.CELU}.
 */
export class CELU extends inplaceLayerOf(functions.celu) {}

/**
 * x·sigmoid(x). See {@link functions.silu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html | torch.nn.SiLU}.
 */
export class SiLU extends inplaceLayerOf(functions.silu) {}

/**
 * x·tanh(log(1 + e^x)). See {@link functions.mish}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html | torch.nn.Mish}.
 */
export class Mish extends inplaceLayerOf(functions.mish) {}

/**
 * min(max(x, minVal), maxVal). Settings: `minVal`, default -1; `maxVal`, default 1. See {@link functions.hardtanh}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html | torch.nn.Hardtanh}.
 */
export class Hardtanh extends inplaceLayerOf(functions.hardtanh, {
  check(caller, { minVal, maxVal }) {
    if (!(maxVal > minVal))
      throw new ArgumentError(`${caller}: max_val (${maxVal}) must be greater than min_val (${minVal})`);
  },
}) {}

/**
 * x·min(max(x + 3, 0), 6)/6. See {@link functions.hardswish}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html | torch.nn.Hardswish}.
 */
export class Hardswish extends inplaceLayerOf(functions.hardswish, { inplace: false }) {}

/**
 * min(max(x + 3, 0), 6)/6. See {@link functions.hardsigmoid}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html | torch.nn.Hardsigmoid}.
 */
export class Hardsigmoid extends inplaceLayerOf(functions.hardsigmoid, { inplace: false }) {}

/**
 * x where it is greater than `threshold`, else `value`; both have to be given. See {@link functions.threshold}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html | torch.nn.Threshold}.
 */
export class Threshold extends inplaceLayerOf(functions.threshold) {}

/**
 * 1 / (1 + e^-x), elementwise. See {@link functions.sigmoid}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html | torch.nn.Sigmoid}.
 */
export class Sigmoid extends layerOf(functions.sigmoid) {}

/**
 * Hyperbolic tangent, elementwise. See {@link functions.tanh}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html | torch.nn.Tanh}.
 */
export class Tanh extends layerOf(functions.tanh) {}

/**
 * log(1 + e^(beta·x))/beta, and x where beta·x > threshold. Settings: `beta`, default 1; `threshold`, default 20. See {@link functions.softplus}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html | torch.nn.Softplus}.
 */
export class Softplus extends layerOf(functions.softplus) {}

/**
 * x / (1 + |x|). See {@link functions.softsign}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html | torch.nn.Softsign}.
 */
export class Softsign extends layerOf(functions.softsign) {}

/**
 * log(sigmoid(x)). See {@link functions.logsigmoid}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html | torch.nn.LogSigmoid}.
 */
export class LogSigmoid extends layerOf(functions.logsigmoid) {}

/**
 * x - tanh(x). See {@link functions.tanhshrink}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html | torch.nn.Tanhshrink}.
 */
export class Tanhshrink extends layerOf(functions.tanhshrink) {}

/**
 * 0 where -lambd <= x <= lambd, else x. Setting: `lambd`, default 0.5. See {@link functions.hardshrink}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html | torch.nn.Hardshrink}.
 */
export class Hardshrink extends layerOf(functions.hardshrink, { names: false }) {}

/**
 * x moved towards 0 by lambd, and 0 where it is no further from 0. Setting: `lambd`, default 0.5; at least 0. See {@link functions.softshrink}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html | torch.nn.Softshrink}.
 */
export class Softshrink extends layerOf(functions.softshrink, { names: false }) {}

/**
 * x·Φ(x), Φ being the distribution function of the standard normal distribution. See {@link functions.gelu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html | torch.nn.GELU}.
 */
export class GELU extends ActivationLayer {
  /** `'none'`, or `'tanh'` for the approximation. */
  approximate: 'none' | 'tanh';

  /** @throws ArgumentError for another `approximate`: PyTorch says so at the first call. */
  constructor(options?: GELUOptions) {
    super();
    const { approximate = 'none' } = checkOptions('GELU', options, ['approximate']);
    this.approximate = checkApproximate('GELU', approximate);
  }

  override forward(input: Tensor): Tensor {
    return functions.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${pythonRepr(this.approximate)}`;
  }
}
