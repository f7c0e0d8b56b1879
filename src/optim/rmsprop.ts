import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero } from './options.js';
import type { Params } from './params.js';

export interface RMSpropOptions extends BaseOptions {
  /** Decay of the average of squares. Default 0.99. */
  alpha: number;
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Default 0: none. */
  momentum: number;
  /** Take the square of the average gradient off the average of squares. Default false. */
  centered: boolean;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<
  RMSpropOptions,
  'lr' | 'alpha' | 'eps' | 'weightDecay' | 'momentum',
  'square_avg' | 'momentum_buffer' | 'grad_avg'
> = {
  name: 'RMSprop',
  defaults: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkAtLeastZero(caller, 'momentum value', options.momentum);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkAtLeastZero(caller, 'alpha value', options.alpha);
    checkBoolean(caller, 'centered', options.centered);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    alpha: ({ alpha }) => alpha,
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
    momentum: ({ momentum }) => momentum,
  },
  form: (group) => ({
    decays: group.weightDecay !== 0,
    momentum: group.momentum !== 0,
    centered: group.centered,
    maximize: group.maximize,
  }),
  state: {
    required: ['square_avg'],
    optional: ['momentum_buffer', 'grad_avg'],
    countsSteps: true,
    uses: ({ momentum, centered }) => [
      ...(momentum ? (['momentum_buffer'] as const) : []),
      ...(centered ? (['grad_avg'] as const) : []),
    ],
  },
  update(values, { lr, alpha, eps, weightDecay, momentum }, form) {
    const { param, grad, square_avg: squares, momentum_buffer: buffer, grad_avg: average } = values;
    const g = gradientOf(param, grad, weightDecay, form);
    const share = alpha.neg().add(1);
    const square = alpha.fma(squares, share.mul(g).mul(g));
    const mean = form.centered ? share.fma(g.sub(average), average) : null;
    const spread = mean === null ? square : mean.neg().fma(mean, square);
    const root = spread.sqrt().add(eps);
    const state = { square_avg: square, ...(mean === null ? {} : { grad_avg: mean }) };
    if (!form.momentum) return { param: param.sub(lr.mul(g).div(root)), ...state };
    const next = momentum.fma(buffer, g.div(root));
    return { param: lr.neg().fma(next, param), momentum_buffer: next, ...state };
  },
};

/**
 * RMSprop: v = alpha·v + (1-alpha)·g² with g = grad + weightDecay·param; param -= lr·g/(√v + eps). `centered` takes the square of the
 * average gradient off v; with momentum buffer = momentum·buffer + g/(√v + eps), param -= lr·buffer.
 *
 * Hinton, Neural Networks for Machine Learning, lecture 6e (2012); Graves, Generating Sequences With Recurrent Neural Networks (2013);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html | torch.optim.RMSprop}.
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<RMSpropOptions>, options?: Partial<RMSpropOptions>) {
    super(kind, params, options);
  }
}
