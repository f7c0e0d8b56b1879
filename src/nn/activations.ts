/** Activations, as layers. */
import { checkNumber, checkOptions } from '../check.js';
import { leakyRelu, relu, sigmoid, tanh } from '../functional/activations.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';

/** A layer that keeps the shape. */
abstract class Activation extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
}

/**
 * max(x, 0), elementwise; NaN stays NaN.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html | torch.nn.ReLU}, without its in-place form.
 */
export class ReLU extends Activation {
  /** Takes no options: there is no `inplace`. */
  constructor(options?: Readonly<Record<string, never>>) {
    super();
    checkOptions('ReLU', options, []);
  }

  override forward(input: Tensor): Tensor {
    return relu(input);
  }
}

/**
 * 1 / (1 + e^-x), elementwise.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html | torch.nn.Sigmoid}.
 */
export class Sigmoid extends Activation {
  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/**
 * Hyperbolic tangent, elementwise.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html | torch.nn.Tanh}.
 */
export class Tanh extends Activation {
  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions {
  /** What inputs that are not positive are multiplied by. Default 0.01. */
  negativeSlope?: number;
}

/**
 * x where it is positive, else x·negativeSlope.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html | torch.nn.LeakyReLU}, without its in-place form.
 */
export class LeakyReLU extends Activation {
  /** What inputs that are not positive are multiplied by. */
  negativeSlope: number;

  constructor(options?: LeakyReLUOptions) {
    super();
    const { negativeSlope = 0.01 } = checkOptions('LeakyReLU', options, ['negativeSlope']);
    this.negativeSlope = checkNumber('LeakyReLU', 'negativeSlope', negativeSlope);
  }

  override forward(input: Tensor): Tensor {
    return leakyRelu(input, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negative_slope=${this.negativeSlope}`;
  }
}
