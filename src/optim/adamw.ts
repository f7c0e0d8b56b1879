import { type AdamOptions, adamKind } from './adam.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './params.js';

const kind = adamKind('AdamW', 0.01, true);

/**
 * Adam with decoupled weight decay: first param *= 1 - lr·weightDecay, then Adam's step with g = grad. Default weightDecay
 * 0.01.
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html | torch.optim.AdamW}.
 */
export class AdamW extends Optimizer<AdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(kind, params, options);
  }
}
