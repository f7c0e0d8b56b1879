import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkShare } from './options.js';
import type { Params } from './params.js';

export interface AdadeltaOptions extends BaseOptions {
  /** Decay of the averages of squares, in [0, 1]. Default 0.9. */
  rho: number;
  /** Added under both roots. Default 1e-6. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient. Default 0. */
  weightDecay: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<AdadeltaOptions, 'lr' | 'rho' | 'eps' | 'weightDecay', 'square_avg' | 'acc_delta'> = {
  name: 'Adadelta',
  defaults: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkShare(caller, 'rho value', options.rho);
    checkAtLeastZero(caller, 'epsilon value', options.eps);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    rho: ({ rho }) => rho,
    eps: ({ eps }) => eps,
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize }) => ({ decays: weightDecay !== 0, maximize }),
  state: { required: ['square_avg', 'acc_delta'], optional: [], countsSteps: true },
  update({ param, grad, square_avg: squares, acc_delta: deltas }, { lr, rho, eps, weightDecay }, form) {
    const g = gradientOf(param, grad, weightDecay, form);
    const share = rho.neg().add(1);
    const square = rho.fma(squares, share.mul(g).mul(g));
    const delta = deltas.add(eps).sqrt().div(square.add(eps).sqrt()).mul(g);
    return {
      param: lr.neg().fma(delta, param),
      square_avg: square,
      acc_delta: rho.fma(deltas, share.mul(delta).mul(delta)),
    };
  },
};

/**
 * Adadelta: v = rho·v + (1-rho)·g² with g = grad + weightDecay·param; d = √(u + eps)/√(v + eps) · g; u = rho·u + (1-rho)·d²; param -= lr·d.
 *
 * Zeiler, ADADELTA: An Adaptive Learning Rate Method (2012);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html | torch.optim.Adadelta}.
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdadeltaOptions>, options?: Partial<AdadeltaOptions>) {
    super(kind, params, options);
  }
}
