import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero } from './options.js';
import type { Params } from './params.js';

export interface AdagradOptions extends BaseOptions {
  /** The rate of step t is lr/(1 + (t-1)·lrDecay). Default 0. */
  lrDecay: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** What the sums of squares start at. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the denominator. Default 1e-10. */
  eps: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<AdagradOptions, 'lr' | 'lrDecay' | 'eps' | 'weightDecay', 'sum'> = {
  name: 'Adagrad',
  defaults: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkAtLeastZero(caller, 'lr_decay value', options.lrDecay);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkAtLeastZero(caller, 'initial_accumulator_value value', options.initialAccumulatorValue);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    lrDecay: ({ lrDecay }) => lrDecay,
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize }) => ({ decays: weightDecay !== 0, maximize }),
  state: {
    required: ['sum'],
    optional: [],
    countsSteps: true,
    initial: ({ initialAccumulatorValue }) => ({ sum: initialAccumulatorValue }),
    isMadeAtOnce: true,
  },
  sparse: {
    onlyRows: () => true,
    refusal: ({ weightDecay }) =>
      weightDecay === 0 ? null : 'weight_decay option is not compatible with sparse gradients',
  },
  update({ param, grad, sum, step }, { lr, lrDecay, eps, weightDecay }, form) {
    const g = gradientOf(param, grad, weightDecay, form);
    const rate = lr.div(step.sub(1).mul(lrDecay).add(1));
    const next = g.fma(g, sum);
    return { param: param.sub(rate.mul(g).div(next.sqrt().add(eps))), sum: next };
  },
};

/**
 * Adagrad, for step t: sum = sum + g² with g = grad + weightDecay·param; param -= lr/(1 + (t-1)·lrDecay) · g/(√sum + eps). The state is made with
 * the optimizer, as in PyTorch.
 *
 * Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization (JMLR 2011);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html | torch.optim.Adagrad}.
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdagradOptions>, options?: Partial<AdagradOptions>) {
    super(kind, params, options);
  }
}
