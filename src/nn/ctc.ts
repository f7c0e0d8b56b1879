import { type CTCLossOptions, ctcLoss, readCtcOptions, type SequenceLengths } from '../functional/losses/ctc.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Labels of sequences whose places in time are not known: see {@link ctcLoss}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html | torch.nn.CTCLoss}.
 */
export class CTCLoss extends Module<
  readonly [logProbs: Tensor, targets: Tensor, inputLengths: SequenceLengths, targetLengths: SequenceLengths]
> {
  /** The class that stands for no label. */
  readonly blank: number;
  /** How the losses become one. */
  readonly reduction: Reduction;
  /** Whether a loss that is infinite counts as 0. */
  readonly zeroInfinity: boolean;

  constructor(options?: CTCLossOptions) {
    const { blank, reduction, zeroInfinity } = readCtcOptions('CTCLoss', options);
    super();
    this.blank = blank;
    this.reduction = reduction;
    this.zeroInfinity = zeroInfinity;
  }

  /**
   * The loss: a scalar, or [N] with reduction `'none'`.
   * @param logProbs [T, N, C] or [T, C]. @param targets int32, [N, S] or [Σ lengths].
   */
  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: SequenceLengths,
    targetLengths: SequenceLengths,
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
