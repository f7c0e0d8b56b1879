import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';

/**
 * Returns its input itself.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html | torch.nn.Identity}.
 */
export class Identity extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;

  override forward(input: Tensor): Tensor {
    return input;
  }
}
