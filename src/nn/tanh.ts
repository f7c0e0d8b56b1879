import { tanh } from '../functional/activations.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';

/**
 * Hyperbolic tangent, elementwise.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html | torch.nn.Tanh}.
 */
export class Tanh extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;

  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}
