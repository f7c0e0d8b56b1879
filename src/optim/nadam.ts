import type { Expression } from '../pointwise/expression.js';
import {
  checkMoments,
  type MomentNumber,
  type MomentOptions,
  momentDefaults,
  momentForm,
  momentNumbers,
  moments,
} from './adam-family.js';
import type { OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero } from './options.js';
import type { Params } from './params.js';

export interface NAdamOptions extends MomentOptions {
  /** How fast the momentum comes near beta1. Default 4e-3. */
  momentumDecay: number;
}

type NumberName = MomentNumber | 'momentumDecay';
type Coefficient = 'gradRate' | 'momentumRate' | 'rootScale';

/** The momentum of step t. */
const momentumAt = (step: Expression, { beta1, momentumDecay }: Readonly<Record<NumberName, Expression>>): Expression =>
  beta1.mul(step.graph.apply('pow', 0.96, step.mul(momentumDecay)).mul(0.5).neg().add(1));

const kind: OptimizerKind<NAdamOptions, NumberName, 'exp_avg' | 'exp_avg_sq', Coefficient> = {
  name: 'NAdam',
  defaults: { lr: 2e-3, ...momentDefaults, momentumDecay: 4e-3 },
  check(caller, options) {
    checkMoments(caller, options);
    checkAtLeastZero(caller, 'momentum_decay value', options.momentumDecay);
  },
  numbers: { ...momentNumbers, momentumDecay: ({ momentumDecay }) => momentumDecay },
  form: momentForm,
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
  update(values, numbers, form) {
    const { gradRate, momentumRate, rootScale } = values;
    const { g, p, first, second } = moments(values, numbers, form);
    const root = second.sqrt().fma(rootScale, numbers.eps);
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
