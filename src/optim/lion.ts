import { checkBoolean } from '../check.js';
import { gradientOf, shrunk } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface LionOptions extends BaseOptions {
  /** Share of the average in the direction, and decay of the average, each in [0, 1). Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** What shrinks the weights. Default 0. */
  weightDecay: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

const kind: OptimizerKind<LionOptions, 'lr' | 'beta1' | 'beta2' | 'weightDecay', 'exp_avg'> = {
  name: 'Lion',
  defaults: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkBetas(caller, options.betas);
    checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
    checkBoolean(caller, 'maximize', options.maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  form: ({ weightDecay, maximize }) => ({ decays: weightDecay !== 0, maximize }),
  state: { required: ['exp_avg'], optional: [], countsSteps: false },
  update({ param, grad, exp_avg: m }, { lr, beta1, beta2, weightDecay }, form) {
    const g = gradientOf(param, grad, null, form);
    const p = shrunk(param, lr, weightDecay, form.decays === true);
    const direction = beta1.neg().add(1).fma(g.sub(m), m);
    return { param: p.sub(lr.mul(direction.sign())), exp_avg: beta2.neg().add(1).fma(g.sub(m), m) };
  },
};

/**
 * Lion: param *= 1 - lr·weightDecay; param -= lr·sign(beta1·m + (1-beta1)·grad); m = beta2·m + (1-beta2)·grad. Half of Adam's state. A good rate is
 * 3 to 10 times smaller than Adam's, and the weight decay as much larger. Not in PyTorch.
 *
 * Chen et al., Symbolic Discovery of Optimization Algorithms (NeurIPS 2023), algorithm 2.
 */
export class Lion extends Optimizer<LionOptions> {
  /** @throws ArgumentError for parameters or options that are not valid. */
  constructor(params: Params<LionOptions>, options?: Partial<LionOptions>) {
    super(kind, params, options);
  }
}
