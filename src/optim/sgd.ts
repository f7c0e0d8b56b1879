import { checkBoolean } from '../check.js';
import { ArgumentError } from '../errors.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkFinite } from './options.js';
import type { Params } from './params.js';

export interface SGDOptions extends BaseOptions {
  /** Default 0: none. */
  momentum: number;
  /** Share of the gradient that the momentum buffer leaves out, from the second step on. Default 0. */
  dampening: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Nesterov's momentum. Default false. */
  nesterov: boolean;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

/** @internal */
export const sgdKind: OptimizerKind<SGDOptions, 'lr' | 'momentum' | 'dampening' | 'weightDecay', 'momentum_buffer'> = {
  name: 'SGD',
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
  check(caller, { lr, momentum, dampening, weightDecay, nesterov, maximize }) {
    checkAtLeastZero(caller, 'learning rate', lr);
    checkAtLeastZero(caller, 'momentum value', momentum);
    checkFinite(caller, 'dampening value', dampening);
    checkAtLeastZero(caller, 'weight_decay value', weightDecay);
    checkBoolean(caller, 'maximize', maximize);
    if (checkBoolean(caller, 'nesterov', nesterov) && (momentum <= 0 || dampening !== 0))
      throw new ArgumentError(`${caller}: Nesterov momentum requires a momentum and zero dampening`);
  },
  numbers: {
    lr: ({ lr }) => lr,
    momentum: ({ momentum }) => momentum,
    dampening: ({ dampening }) => dampening,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ momentum, nesterov, weightDecay, maximize }) => ({
    momentum: momentum !== 0,
    nesterov,
    decays: weightDecay !== 0,
    maximize,
  }),
  state: {
    required: [],
    optional: ['momentum_buffer'],
    countsSteps: false,
    uses: ({ momentum }) => (momentum ? ['momentum_buffer'] : []),
  },
  sparse: {
    onlyRows: ({ momentum }) => !momentum,
    refusal: ({ weightDecay }) =>
      weightDecay === 0 ? null : 'add(sparse, dense) is not supported. Use add(dense, sparse) instead.',
  },
  update({ param, grad, momentum_buffer: buffer, step }, { lr, momentum, dampening, weightDecay }, form) {
    const g = gradientOf(param, grad, weightDecay, form);
    if (!form.momentum) return { param: lr.neg().fma(g, param) };
    // The first step must not read the buffer: 0·NaN would stay.
    const next = step.eq(1).where(g, momentum.fma(buffer, dampening.neg().add(1).mul(g)));
    const direction = form.nesterov ? momentum.fma(next, g) : next;
    return { param: lr.neg().fma(direction, param), momentum_buffer: next };
  },
};

/**
 * Stochastic gradient descent: g = grad + weightDecay·param; at the first step buffer = g, then
 * buffer = momentum·buffer + (1 - dampening)·g; param -= lr·(nesterov ? g + momentum·buffer : buffer).
 * Without momentum param -= lr·g, and nothing is kept. Default lr 1e-3.
 *
 * Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html | torch.optim.SGD}.
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
    super(sgdKind, params, options);
  }
}
