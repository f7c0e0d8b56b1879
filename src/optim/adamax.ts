import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface AdamaxOptions extends BaseOptions {
  /** Decay of the average gradient and of the largest one, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the size of the gradient. Default 1e-8. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<AdamaxOptions, 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay', 'exp_avg' | 'exp_inf'> = {
  name: 'Adamax',
  defaults: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkBetas(caller, options.betas);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize }) => ({ decays: weightDecay !== 0, maximize }),
  state: { required: ['exp_avg', 'exp_inf'], optional: [], countsSteps: true },
  update({ param, grad, exp_avg: m, exp_inf: u, step }, { lr, beta1, beta2, eps, weightDecay }, form) {
    const g = gradientOf(param, grad, weightDecay, form);
    const first = beta1.neg().add(1).fma(g.sub(m), m);
    const largest = beta2.mul(u).maximum(g.abs().add(eps));
    const rate = lr.div(beta1.pow(step).neg().add(1));
    return { param: param.sub(rate.mul(first).div(largest)), exp_avg: first, exp_inf: largest };
  },
};

/**
 * Adamax, for step t: m = beta1·m + (1-beta1)·g with g = grad + weightDecay·param; u = max(beta2·u, |g| + eps);
 * param -= lr/(1-beta1ᵗ) · m/u.
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015), section 7.1;
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html | torch.optim.Adamax}.
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdamaxOptions>, options?: Partial<AdamaxOptions>) {
    super(kind, params, options);
  }
}
