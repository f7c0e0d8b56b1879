import { checkBoolean } from '../check.js';
import { gradientOf, shrunk } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface RAdamOptions extends BaseOptions {
  /** Decay of the averages of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient, or of the shrinking of the weights. Default 0. */
  weightDecay: number;
  /** Whether weightDecay shrinks the weights, as in AdamW, instead of adding to the gradient. Default false. */
  decoupledWeightDecay: boolean;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<RAdamOptions, 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay', 'exp_avg' | 'exp_avg_sq'> = {
  name: 'RAdam',
  defaults: {
    ...{ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
    ...{ decoupledWeightDecay: false, maximize: false },
  },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkBetas(caller, options.betas);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkBoolean(caller, 'decoupledWeightDecay', options.decoupledWeightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize, decoupledWeightDecay }) => ({
    decays: weightDecay !== 0,
    maximize,
    decoupled: weightDecay !== 0 && decoupledWeightDecay,
  }),
  state: { required: ['exp_avg', 'exp_avg_sq'], optional: [], countsSteps: true },
  update({ param, grad, exp_avg: m, exp_avg_sq: v, step }, { lr, beta1, beta2, eps, weightDecay }, form) {
    const g = gradientOf(param, grad, form.decoupled ? null : weightDecay, form);
    const p = shrunk(param, lr, weightDecay, form.decoupled === true);
    const first = beta1.neg().add(1).fma(g.sub(m), m);
    const second = beta2.fma(v, beta2.neg().add(1).mul(g).mul(g));
    const power = beta2.pow(step);
    const correction = power.neg().add(1);
    const longest = beta2.neg().add(1).reciprocal().mul(2).sub(1);
    const length = longest.sub(step.mul(2).mul(power).div(correction));
    const rectification = length
      .sub(4)
      .mul(length.sub(2))
      .mul(longest)
      .div(longest.sub(4).mul(longest.sub(2)).mul(length))
      .sqrt();
    const rate = lr.div(beta1.pow(step).neg().add(1));
    const adaptive = rate.mul(correction.sqrt()).mul(rectification).div(second.sqrt().add(eps));
    return { param: p.sub(first.mul(length.gt(5).where(adaptive, rate))), exp_avg: first, exp_avg_sq: second };
  },
};

/**
 * Adam with a rectified rate, for step t: m and v as Adam's; with ρ∞ = 2/(1-beta2) - 1 and ρ = ρ∞ - 2t·beta2ᵗ/(1-beta2ᵗ), where ρ > 5
 * param -= lr·m̂·√(1-beta2ᵗ)/(√v + eps) · √((ρ-4)(ρ-2)ρ∞/((ρ∞-4)(ρ∞-2)ρ)), else param -= lr·m̂; m̂ = m/(1-beta1ᵗ).
 *
 * Liu et al., On the Variance of the Adaptive Learning Rate and Beyond (ICLR 2020);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html | torch.optim.RAdam}.
 */
export class RAdam extends Optimizer<RAdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super(kind, params, options);
  }
}
