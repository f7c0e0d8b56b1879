import { checkReduction } from '../functional/cross-entropy.js';
import type { LossOptions } from '../functional/losses.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** A loss of an input and a target of the same shape, with a reduction. */
export abstract class ElementwiseLoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** How the losses of the elements become one. */
  readonly reduction: Reduction;

  constructor(caller: string, { reduction = 'mean' }: LossOptions) {
    super();
    this.reduction = checkReduction(caller, reduction);
  }

  /** @param input and target have the same shape. @throws ShapeError if not. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return this.reduced(input, target, this.reduction);
  }

  /** The loss with any reduction. @internal */
  abstract reduced(input: Tensor, target: Tensor, reduction: Reduction): Tensor;
}
