import { checkBoolean } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { Cell } from '../ops/ops.js';
import { recording } from '../ops/recording.js';
import type { Tensor } from '../tensor/tensor.js';
import { cell } from './cell.js';
import { type BaseOptions, Optimizer, type OptimizerKind } from './optimizer.js';
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
}

type SGDCells = Readonly<Record<'lr' | 'momentum' | 'dampening' | 'weightDecay', Cell>>;

const kind: OptimizerKind<SGDOptions, SGDCells> = {
  name: 'SGD',
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
  check(place, { lr, momentum, dampening, weightDecay, nesterov }) {
    checkAtLeastZero(place, 'learning rate', lr);
    checkAtLeastZero(place, 'momentum value', momentum);
    checkFinite(place, 'dampening value', dampening);
    checkAtLeastZero(place, 'weight_decay value', weightDecay);
    if (checkBoolean(place, 'nesterov', nesterov) && (momentum <= 0 || dampening !== 0))
      throw new ArgumentError(`${place}: Nesterov momentum requires a momentum and zero dampening`);
  },
  cells: (group) => ({
    lr: cell(() => group.lr),
    momentum: cell(() => group.momentum),
    dampening: cell(() => group.dampening),
    weightDecay: cell(() => group.weightDecay),
  }),
  state: { required: [], optional: ['momentum_buffer'], countsSteps: false },
};

/**
 * Stochastic gradient descent: g = grad + weightDecay·param; at the first step buffer = g, then
 * buffer = momentum·buffer + (1 - dampening)·g; param -= lr·(nesterov ? g + momentum·buffer : buffer).
 * Without momentum param -= lr·g, and nothing is kept. Default lr 1e-3.
 *
 * Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html | torch.optim.SGD}.
 */
export class SGD extends Optimizer<SGDOptions, SGDCells> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
    super(kind, params, options);
  }

  protected override prepare(param: Tensor, grad: Tensor, group: SGDOptions, cells: SGDCells) {
    const now = recording();
    now?.observe(group, 'momentum', () => group.momentum === 0);
    now?.observe(group, 'nesterov', () => group.nesterov);
    const { momentum, nesterov } = group;
    const state = momentum === 0 ? null : this.stateOf(param);
    const buffer = state?.buffer('momentum_buffer').storage ?? null;
    const step = state?.step.storage ?? null;
    const args = { param: param.storage, grad: grad.storage, buffer, step, n: param.numel, ...cells, nesterov };
    return () => currentOps().sgd(args);
  }
}
