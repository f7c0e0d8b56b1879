import { sigmoid } from '../functional/activations.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';

/**
 * 1 / (1 + e^-x), elementwise.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html | torch.nn.Sigmoid}.
 */
export class Sigmoid extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;

  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}
