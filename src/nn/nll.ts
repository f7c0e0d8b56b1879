import { computeNll, type NLLLossOptions, nllLoss, readNllOptions } from '../functional/losses/nll.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { LabelLoss } from './label-loss.js';

/**
 * The negative logarithm of the likelihood of labels: see {@link nllLoss}. A weight is a buffer, as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html | torch.nn.NLLLoss}.
 */
export class NLLLoss extends LabelLoss {
  constructor(options?: NLLLossOptions) {
    super(readNllOptions('NLLLoss', options));
  }

  /** @internal */
  override compute(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }

  /** @internal */
  override parts(input: Tensor, target: Tensor, reduction: Reduction) {
    const { weight, ignoreIndex } = this;
    return computeNll(input, target, { weight, ignoreIndex, reduction });
  }
}
