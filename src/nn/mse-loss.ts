import { checkOptions } from '../check.js';
import { checkReduction } from '../functional/cross-entropy.js';
import { type MSELossOptions, mseLoss } from '../functional/mse-loss.js';
import { recording } from '../ops/recording.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * (input - target)², reduced: see {@link mseLoss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html | torch.nn.MSELoss}.
 */
export class MSELoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** How the squares become one number. */
  readonly reduction: 'mean' | 'sum' | 'none';

  constructor(options?: MSELossOptions) {
    super();
    const { reduction = 'mean' } = checkOptions('MSELoss', options, ['reduction']);
    this.reduction = checkReduction('MSELoss', reduction);
  }

  /** @param input and target have the same shape. @throws ShapeError if not. */
  override forward(input: Tensor, target: Tensor): Tensor {
    recording()?.observe(this, 'reduction', () => this.reduction);
    return mseLoss(input, target, { reduction: this.reduction });
  }
}
