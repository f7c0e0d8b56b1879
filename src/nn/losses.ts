/** Losses of each element, as modules. */
import { checkOptions } from '../check.js';
import { type LossOptions, mseLoss } from '../functional/losses.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { ElementwiseLoss } from './elementwise-loss.js';

/**
 * (input - target)², reduced: see {@link mseLoss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html | torch.nn.MSELoss}.
 */
export class MSELoss extends ElementwiseLoss {
  constructor(options?: LossOptions) {
    super('MSELoss', checkOptions('MSELoss', options, ['reduction']));
  }

  override reduced(input: Tensor, target: Tensor, reduction: Reduction): Tensor {
    return mseLoss(input, target, { reduction });
  }
}
