import { checkBoolean } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface SparseAdamOptions extends BaseOptions {
  /** Decay of the averages of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

type NumberName = 'lr' | 'beta1' | 'beta2' | 'eps';

/** @internal */
export const sparseAdamKind: OptimizerKind<SparseAdamOptions, NumberName, 'exp_avg' | 'exp_avg_sq'> = {
  name: 'SparseAdam',
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, maximize: false },
  check(caller, { lr, betas, eps, maximize }) {
    checkAtLeastZero(caller, 'learning rate', lr);
    checkAtLeastZero(caller, 'epsilon value', eps);
    checkBetas(caller, betas);
    checkBoolean(caller, 'maximize', maximize);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    eps: ({ eps }) => eps,
  },
  form: ({ maximize }) => ({ maximize }),
  state: { required: ['exp_avg', 'exp_avg_sq'], optional: [], countsSteps: true },
  sparse: {
    onlyRows: () => true,
    refusesDense: 'SparseAdam does not support dense gradients, please consider Adam instead',
  },
  update({ param, grad, exp_avg: m, exp_avg_sq: v, step }, { lr, beta1, beta2, eps }, form) {
    const g = form.maximize ? grad.neg() : grad;
    const first = beta1.neg().add(1).fma(g.sub(m), m);
    const second = beta2.fma(v, beta2.neg().add(1).mul(g).mul(g));
    const stepSize = lr.mul(beta2.pow(step).neg().add(1).sqrt()).div(beta1.pow(step).neg().add(1));
    // As Adam's, for which there is a kernel.
    const root = second.sqrt().add(eps);
    return { param: param.sub(stepSize.mul(first).div(root)), exp_avg: first, exp_avg_sq: second };
  },
};

/**
 * Adam for tables: of each row that was looked up, for step t, m = beta1·m + (1-beta1)·g; v = beta2·v + (1-beta2)·g²;
 * param -= lr·√(1-beta2ᵗ)/(1-beta1ᵗ) · m/(√v + eps). All other rows and their averages stay as they are, where {@link Adam} would shrink the averages and
 * move the rows by them. t counts the steps, not those of a row. For parameters of layers with `sparse: true` alone.
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html | torch.optim.SparseAdam}.
 */
export class SparseAdam extends Optimizer<SparseAdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<SparseAdamOptions>, options?: Partial<SparseAdamOptions>) {
    super(sparseAdamKind, params, options);
    // A group may have a rate of 0 later on: a schedule ends with it.
    if (options?.lr === 0) throw new ArgumentError('SparseAdam: Invalid learning rate: 0');
    if (options?.eps === 0) throw new ArgumentError('SparseAdam: Invalid epsilon value: 0');
  }
}
