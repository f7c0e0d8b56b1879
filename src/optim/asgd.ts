import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkFinite } from './options.js';
import type { Params } from './params.js';

export interface ASGDOptions extends BaseOptions {
  /** Decay of the parameters, and of the rate. Default 1e-4. */
  lambd: number;
  /** Power by which the rate falls. Default 0.75. */
  alpha: number;
  /** The step at which averaging begins. Default 1e6. */
  t0: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

type NumberName = 'lr' | 'lambd' | 'alpha' | 't0' | 'weightDecay';
type Coefficient = 'rate' | 'shrink' | 'share';

const kind: OptimizerKind<ASGDOptions, NumberName, 'ax', Coefficient> = {
  name: 'ASGD',
  defaults: { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkFinite(caller, 'lambd value', options.lambd);
    checkFinite(caller, 'alpha value', options.alpha);
    checkFinite(caller, 't0 value', options.t0);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    lambd: ({ lambd }) => lambd,
    alpha: ({ alpha }) => alpha,
    t0: ({ t0 }) => t0,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize }) => ({ decays: weightDecay !== 0, maximize }),
  state: { required: ['ax'], optional: [], countsSteps: true },
  scalars: {
    names: ['eta', 'mu'],
    initial: ({ lr }) => ({ eta: lr, mu: 1 }),
    advancesFirst: false,
    advance: ({ step }, { lr, lambd, alpha, t0 }) => ({
      eta: lr.div(lambd.mul(lr).mul(step!).add(1).pow(alpha)),
      mu: step!.sub(t0).maximum(1).reciprocal(),
    }),
    coefficientNames: ['rate', 'shrink', 'share'] satisfies Coefficient[],
    coefficients: ({ eta, mu }, { lambd }) => ({
      rate: eta!,
      shrink: lambd.mul(eta!).neg().add(1),
      share: mu!,
    }),
  },
  update({ param, grad, ax: average, rate, shrink, share }, { weightDecay }, form) {
    const g = gradientOf(param, grad, weightDecay, form);
    const next = rate.neg().fma(g, param.mul(shrink));
    return { param: next, ax: share.eq(1).where(next, next.sub(average).fma(share, average)) };
  },
};

/**
 * Averaged stochastic gradient descent, for step t: param = param·(1 - lambd·eta) - eta·g with g = grad + weightDecay·param; the average
 * ax = param as long as mu = 1, then ax += mu·(param - ax); then eta = lr/(1 + lambd·lr·t)^alpha and mu = 1/max(1, t - t0). At first eta = lr
 * and mu = 1; both are kept as float32, as in PyTorch. The average stands in the state only.
 *
 * Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging (1992);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html | torch.optim.ASGD}.
 */
export class ASGD extends Optimizer<ASGDOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<ASGDOptions>, options?: Partial<ASGDOptions>) {
    super(kind, params, options);
  }
}
