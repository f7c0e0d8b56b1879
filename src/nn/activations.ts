/** Activations, as layers. */
import { checkOptions } from '../check.js';
import { relu, sigmoid, tanh } from '../functional/activations.js';
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
