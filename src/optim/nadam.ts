import { checkBoolean } from '../check.js';
import type { Expression } from '../pointwise/expression.js';
import { gradientOf, shrunk } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface NAdamOptions extends BaseOptions {
  /** Decay of the averages of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient, or of the shrinking of the weights. Default 0. */
  weightDecay: number;
  /** How fast the momentum comes near beta1. Default 4e-3. */
  momentumDecay: number;
  /** Whether weightDecay shrinks the weights, as in AdamW, instead of adding to the gradient. Default false. */
  decoupledWeightDecay: boolean;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

type NumberName = 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay' | 'momentumDecay';
type Coefficient = 'gradRate' | 'momentumRate' | 'rootScale';

/** The momentum of step t. */
const momentumAt = (step: Expression, { beta1, momentumDecay }: Readonly<Record<NumberName, Expression>>): Expression =>
  beta1.mul(step.graph.apply('pow', 0.96, step.mul(momentumDecay)).mul(0.5).neg().add(1));

const kind: OptimizerKind<NAdamOptions, NumberName, 'exp_avg' | 'exp_avg_sq', Coefficient> = {
  name: 'NAdam',
  defaults: {
    ...{ lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3 },
    ...{ decoupledWeightDecay: false, maximize: false },
  },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkBetas(caller, options.betas);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkAtLeastZero(caller, 'momentum_decay value', options.momentumDecay);
    checkBoolean(caller, 'decoupledWeightDecay', options.decoupledWeightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
    momentumDecay: ({ momentumDecay }) => momentumDecay,
  },
  form: ({ weightDecay, maximize, decoupledWeightDecay }) => ({
    decays: weightDecay !== 0,
    maximize,
    decoupled: weightDecay !== 0 && decoupledWeightDecay,
  }),
  state: { required: ['exp_avg', 'exp_avg_sq'], optional: [], countsSteps: true },
  scalars: {
    names: ['mu_product'],
    initial: () => ({ mu_product: 1 }),
    advancesFirst: true,
    advance: ({ mu_product: product, step }, numbers) => ({ mu_product: product!.mul(momentumAt(step!, numbers)) }),
    coefficientNames: ['gradRate', 'momentumRate', 'rootScale'] satisfies Coefficient[],
    coefficients({ mu_product: product, step }, numbers) {
      const { lr, beta2 } = numbers;
      const next = momentumAt(step!.add(1), numbers);
      return {
        gradRate: lr.mul(momentumAt(step!, numbers).neg().add(1)).div(product!.neg().add(1)),
        momentumRate: lr.mul(next).div(product!.mul(next).neg().add(1)),
        rootScale: beta2.pow(step!).neg().add(1).sqrt().reciprocal(),
      };
    },
  },
  update(values, { lr, beta1, beta2, eps, weightDecay }, form) {
    const { param, grad, exp_avg: m, exp_avg_sq: v, gradRate, momentumRate, rootScale } = values;
    const g = gradientOf(param, grad, form.decoupled ? null : weightDecay, form);
    const p = shrunk(param, lr, weightDecay, form.decoupled === true);
    const first = beta1.neg().add(1).fma(g.sub(m), m);
    const second = beta2.fma(v, beta2.neg().add(1).mul(g).mul(g));
    const root = second.sqrt().fma(rootScale, eps);
    const direction = gradRate.fma(g, momentumRate.mul(first));
    return { param: p.sub(direction.div(root)), exp_avg: first, exp_avg_sq: second };
  },
};

/**
 * Adam with Nesterov's momentum, for step t: m and v as Adam's; μₜ = beta1·(1 - 0.96^(t·momentumDecay)/2) and Π the product of all so far;
 * param -= (lr·(1-μₜ)/(1-Π)·g + lr·μₜ₊₁/(1-Π·μₜ₊₁)·m)/(√(v/(1-beta2ᵗ)) + eps). Π is kept as float32, as in PyTorch.
 *
 * Dozat, Incorporating Nesterov Momentum into Adam (2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html | torch.optim.NAdam}.
 */
export class NAdam extends Optimizer<NAdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<NAdamOptions>, options?: Partial<NAdamOptions>) {
    super(kind, params, options);
  }
}
