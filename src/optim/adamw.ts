import { type AdamOptions, adamKind } from './adam.js';
import { momentForm } from './adam-family.js';
import type { OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './params.js';

/** Options of {@link AdamW}: those of Adam, but that weight decay is decoupled in any case. Default of weightDecay: 0.01. */
export type AdamWOptions = Omit<AdamOptions, 'decoupledWeightDecay'>;

const decoupled = <Options extends AdamWOptions>(options: Options) => ({ ...options, decoupledWeightDecay: true });
const { decoupledWeightDecay: _, ...defaults } = adamKind.defaults;

const kind: OptimizerKind<AdamWOptions> = {
  ...adamKind,
  name: 'AdamW',
  defaults: { ...defaults, weightDecay: 0.01 },
  check: (caller, options) => adamKind.check(caller, decoupled(options)),
  form: (group) => ({ ...momentForm(decoupled(group)), amsgrad: group.amsgrad }),
} as OptimizerKind<AdamWOptions>;

/**
 * Adam with decoupled weight decay: first param *= 1 - lr·weightDecay, then Adam's step with g = grad. Default weightDecay
 * 0.01.
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html | torch.optim.AdamW}.
 */
export class AdamW extends Optimizer<AdamWOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdamWOptions>, options?: Partial<AdamWOptions>) {
    super(kind, params, options);
  }
}
