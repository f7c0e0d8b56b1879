/** Losses of each element, as modules. */
import { checkNumber, checkOptions } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type HuberLossOptions, huberLoss, type LossOptions, mseLoss } from '../functional/losses.js';
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

/**
 * A square near 0, a line from `delta` on: see {@link huberLoss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html | torch.nn.HuberLoss}.
 */
export class HuberLoss extends ElementwiseLoss {
  /** Where the square goes over into a line. */
  readonly delta: number;

  /** @throws ArgumentError for a `delta` that is not greater than 0: PyTorch says so at the first call. */
  constructor(options?: HuberLossOptions) {
    const { delta = 1, ...rest } = checkOptions('HuberLoss', options, ['reduction', 'delta']);
    super('HuberLoss', rest);
    this.delta = checkNumber('HuberLoss', 'delta', delta);
    if (!(this.delta > 0))
      throw new ArgumentError('HuberLoss: huber_loss does not support non-positive values for delta.');
  }

  override reduced(input: Tensor, target: Tensor, reduction: Reduction): Tensor {
    return huberLoss(input, target, { reduction, delta: this.delta });
  }
}
