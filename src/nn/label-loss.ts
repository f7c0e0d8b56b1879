import type { CrossEntropyParts } from '../functional/cross-entropy.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** A loss of labels, which may have weights by class, and some of which may be ignored: its mean is over the weights of the labels. */
export abstract class LabelLoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** A weight for each class, [C], or null. */
  declare weight: Tensor | null;
  /** Rows with this label count for nothing. */
  readonly ignoreIndex: number;
  /** How the losses of the rows become one. */
  readonly reduction: Reduction;

  constructor(settings: { weight: Tensor | null; ignoreIndex: number; reduction: Reduction }) {
    super();
    this.registerBuffer('weight', settings.weight);
    this.ignoreIndex = settings.ignoreIndex;
    this.reduction = settings.reduction;
  }

  /**
   * The loss: a scalar, or one a row with reduction `'none'`.
   * @param input of shape [C], [N, C] or [N, C, d1, ...]. @param target labels with the shape of input less C.
   */
  override forward(input: Tensor, target: Tensor): Tensor {
    return this.compute(input, target);
  }

  /** What `forward` gives. @internal */
  abstract compute(input: Tensor, target: Tensor): Tensor;

  /** What `forward` gives with another reduction, and what it is the quotient of. @internal */
  abstract parts(input: Tensor, target: Tensor, reduction: Reduction): CrossEntropyParts;
}
