import { checkOptions } from '../check.js';
import { relu } from '../functional/activations.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';

/**
 * max(x, 0), elementwise; NaN stays NaN.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html | torch.nn.ReLU}, without its in-place form.
 */
export class ReLU extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;

  /** Takes no options: there is no `inplace`. */
  constructor(options?: Readonly<Record<string, never>>) {
    super();
    checkOptions('ReLU', options, []);
  }

  override forward(input: Tensor): Tensor {
    return relu(input);
  }
}
