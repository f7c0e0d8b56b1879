/** Losses of each element, as modules. */
import { checkOptions } from '../check.js';
import { checkReduction } from '../functional/cross-entropy.js';
import { type LossOptions, mseLoss } from '../functional/losses.js';
import { recording } from '../ops/recording.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** A loss of an input and a target of the same shape, with a reduction. */
abstract class ElementwiseLoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** How the losses of the elements become one. */
  readonly reduction: 'mean' | 'sum' | 'none';

  constructor(place: string, { reduction = 'mean' }: LossOptions) {
    super();
    this.reduction = checkReduction(place, reduction);
  }
}

/**
 * (input - target)², reduced: see {@link mseLoss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html | torch.nn.MSELoss}.
 */
export class MSELoss extends ElementwiseLoss {
  constructor(options?: LossOptions) {
    super('MSELoss', checkOptions('MSELoss', options, ['reduction']));
  }

  /** @param input and target have the same shape. @throws ShapeError if not. */
  override forward(input: Tensor, target: Tensor): Tensor {
    recording()?.observe(this, 'reduction', () => this.reduction);
    return mseLoss(input, target, { reduction: this.reduction });
  }
}
