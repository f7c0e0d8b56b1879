import {
  type CrossEntropyOptions,
  type CrossEntropyParts,
  computeCrossEntropy,
  crossEntropy,
  crossEntropyOptions,
} from '../functional/cross-entropy.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Cross-entropy between logits and labels or probabilities: see {@link crossEntropy}. A weight is a buffer, as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html | torch.nn.CrossEntropyLoss}.
 */
export class CrossEntropyLoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** A weight for each class, [C], or null. */
  declare weight: Tensor | null;
  /** Rows with this label count for nothing. */
  readonly ignoreIndex: number;
  /** Share of the target spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** How the losses of the rows become one. */
  readonly reduction: 'mean' | 'sum' | 'none';

  constructor(options?: CrossEntropyOptions) {
    super();
    const { weight, ignoreIndex, labelSmoothing, reduction } = crossEntropyOptions('CrossEntropyLoss', options);
    this.registerBuffer('weight', weight);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.reduction = reduction;
  }

  /**
   * The loss: a scalar, or one a row with reduction `'none'`.
   * @param input logits [C], [N, C] or [N, C, d1, ...].
   * @param target int32 labels with the shape of input less C; or probabilities with the shape of input.
   */
  override forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, settingsOf(this));
  }
}

/** What `loss.forward` gives with another reduction, and what it is the quotient of. @internal */
export function crossEntropyParts(
  loss: CrossEntropyLoss,
  input: Tensor,
  target: Tensor,
  reduction: CrossEntropyLoss['reduction'],
): CrossEntropyParts {
  return computeCrossEntropy(input, target, { ...settingsOf(loss), reduction });
}

function settingsOf(loss: CrossEntropyLoss): CrossEntropyOptions {
  const { weight, ignoreIndex, labelSmoothing, reduction } = loss;
  return { weight, ignoreIndex, labelSmoothing, reduction };
}
