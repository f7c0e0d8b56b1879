/** Losses of more than an input and a target. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import { checkReduction } from '../functional/cross-entropy.js';
import * as functions from '../functional/losses/index.js';
import { checkTripletMargin } from '../functional/losses/similarity.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { className } from './repr.js';

abstract class LossOfThree<In extends readonly unknown[]> extends Module<In> {
  /** How the losses become one. */
  readonly reduction: Reduction;

  constructor(reduction: Reduction = 'mean') {
    super();
    this.reduction = checkReduction(className(this), reduction);
  }
}

/**
 * The negative log likelihood of normal distributions: see {@link functions.gaussianNllLoss}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html | torch.nn.GaussianNLLLoss}.
 */
export class GaussianNLLLoss extends LossOfThree<readonly [input: Tensor, target: Tensor, variance: Tensor | number]> {
  /** Whether log(2π)/2 is added. */
  readonly full: boolean;
  /** The least variance that counts. */
  readonly eps: number;

  constructor(options?: functions.GaussianNLLLossOptions) {
    const caller = 'GaussianNLLLoss';
    const { reduction, full = false, eps = 1e-6 } = checkOptions(caller, options, ['reduction', 'full', 'eps']);
    super(reduction);
    this.full = checkBoolean(caller, 'full', full);
    this.eps = checkNumber(caller, 'eps', eps);
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { reduction, full, eps } = this;
    return functions.gaussianNllLoss(input, target, variance, { reduction, full, eps });
  }
}

abstract class LossWithMargin<In extends readonly unknown[]> extends LossOfThree<In> {
  /** How far the right side has to be reached. */
  readonly margin: number;

  constructor(caller: string, options: functions.MarginLossOptions | undefined, standard: number) {
    const { reduction, margin = standard } = checkOptions(caller, options, ['reduction', 'margin']);
    super(reduction);
    this.margin = checkNumber(caller, 'margin', margin);
  }
}

/**
 * Of vectors that are to be alike, or not: see {@link functions.cosineEmbeddingLoss}. `margin`: default 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html | torch.nn.CosineEmbeddingLoss}.
 */
export class CosineEmbeddingLoss extends LossWithMargin<readonly [input1: Tensor, input2: Tensor, target: Tensor]> {
  constructor(options?: functions.MarginLossOptions) {
    super('CosineEmbeddingLoss', options, 0);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { reduction, margin } = this;
    return functions.cosineEmbeddingLoss(input1, input2, target, { reduction, margin });
  }
}

/**
 * Of pairs of which one is to be larger: see {@link functions.marginRankingLoss}. `margin`: default 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html | torch.nn.MarginRankingLoss}.
 */
export class MarginRankingLoss extends LossWithMargin<readonly [input1: Tensor, input2: Tensor, target: Tensor]> {
  constructor(options?: functions.MarginLossOptions) {
    super('MarginRankingLoss', options, 0);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { reduction, margin } = this;
    return functions.marginRankingLoss(input1, input2, target, { reduction, margin });
  }
}

/**
 * Of vectors nearer to one than to another: see {@link functions.tripletMarginLoss}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html | torch.nn.TripletMarginLoss}.
 */
export class TripletMarginLoss extends LossOfThree<readonly [anchor: Tensor, positive: Tensor, negative: Tensor]> {
  /** How much nearer the positive has to be. */
  readonly margin: number;
  /** The exponent of the norm. */
  readonly p: number;
  /** Added to each difference. */
  readonly eps: number;
  /** Whether the distance between positive and negative counts where it is the smaller one. */
  readonly swap: boolean;

  constructor(options?: functions.TripletMarginLossOptions) {
    const caller = 'TripletMarginLoss';
    const given = checkOptions(caller, options, ['reduction', 'margin', 'p', 'eps', 'swap']);
    const { reduction, margin = 1, p = 2, eps = 1e-6, swap = false } = given;
    checkTripletMargin(caller, margin, 'expected margin to be greater than 0, got ', ' instead');
    super(reduction);
    this.margin = margin;
    this.p = checkNumber(caller, 'p', p);
    this.eps = checkNumber(caller, 'eps', eps);
    this.swap = checkBoolean(caller, 'swap', swap);
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { reduction, margin, p, eps, swap } = this;
    return functions.tripletMarginLoss(anchor, positive, negative, { reduction, margin, p, eps, swap });
  }
}
