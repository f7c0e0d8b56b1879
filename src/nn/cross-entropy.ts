import {
  type CrossEntropyOptions,
  type CrossEntropyParts,
  computeCrossEntropy,
  crossEntropy,
  crossEntropyOptions,
} from '../functional/cross-entropy.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { LabelLoss } from './label-loss.js';

/**
 * Cross-entropy between logits and labels, or probabilities of the shape of the logits: see {@link crossEntropy}. A weight is a buffer, as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html | torch.nn.CrossEntropyLoss}.
 */
export class CrossEntropyLoss extends LabelLoss {
  /** Share of the target spread evenly over all classes. */
  readonly labelSmoothing: number;

  constructor(options?: CrossEntropyOptions) {
    const { labelSmoothing, ...settings } = crossEntropyOptions('CrossEntropyLoss', options);
    super(settings);
    this.labelSmoothing = labelSmoothing;
  }

  /** @internal */
  override compute(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, settingsOf(this));
  }

  /** @internal */
  override parts(input: Tensor, target: Tensor, reduction: Reduction): CrossEntropyParts {
    return computeCrossEntropy(input, target, { ...settingsOf(this), reduction });
  }
}

function settingsOf(loss: CrossEntropyLoss): CrossEntropyOptions {
  const { weight, ignoreIndex, labelSmoothing, reduction } = loss;
  return { weight, ignoreIndex, labelSmoothing, reduction };
}
