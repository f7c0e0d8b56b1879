import { checkBoolean } from '../check.js';
import { currentOps } from '../ops/backend.js';
import type { Cell } from '../ops/ops.js';
import { recording } from '../ops/recording.js';
import type { Tensor } from '../tensor/tensor.js';
import { cell } from './cell.js';
import { type BaseOptions, Optimizer, type OptimizerKind } from './optimizer.js';
import { checkAtLeastZero, checkBetas } from './options.js';
import type { Params } from './params.js';

export interface AdamOptions extends BaseOptions {
  /** Decay of the averages of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Default 0 for Adam, where it is an L2 penalty added to the gradient, and 0.01 for AdamW, where it shrinks the weights. */
  weightDecay: number;
  /** Divide by the largest average of squares so far. Default false. */
  amsgrad: boolean;
}

type AdamCells = Readonly<Record<'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay', Cell>>;

/** What Adam and AdamW share: all but the name and the default of weightDecay. */
export function adamKind(name: string, weightDecay: number): OptimizerKind<AdamOptions, AdamCells> {
  return {
    name,
    defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false },
    check(place, options) {
      checkAtLeastZero(place, 'learning rate', options.lr);
      checkAtLeastZero(place, 'epsilon value', options.eps);
      checkBetas(place, options.betas);
      checkAtLeastZero(place, 'weight_decay value', options.weightDecay);
      checkBoolean(place, 'amsgrad', options.amsgrad);
    },
    cells: (group) => ({
      lr: cell(() => group.lr),
      beta1: cell(() => group.betas[0]),
      beta2: cell(() => group.betas[1]),
      eps: cell(() => group.eps),
      weightDecay: cell(() => group.weightDecay),
    }),
    state: { required: ['exp_avg', 'exp_avg_sq'], optional: ['max_exp_avg_sq'], countsSteps: true },
  };
}

/** The step of Adam and AdamW. */
export abstract class AdamBase extends Optimizer<AdamOptions, AdamCells> {
  /** Whether weightDecay shrinks the weights instead of adding to the gradient. */
  protected abstract readonly decoupled: boolean;

  protected override prepare(param: Tensor, grad: Tensor, group: AdamOptions, cells: AdamCells) {
    recording()?.observe(group, 'amsgrad', () => group.amsgrad);
    const state = this.stateOf(param);
    const args = {
      param: param.storage,
      grad: grad.storage,
      m: state.buffer('exp_avg').storage,
      v: state.buffer('exp_avg_sq').storage,
      maxV: group.amsgrad ? state.buffer('max_exp_avg_sq').storage : null,
      step: state.step.storage,
      n: param.numel,
      ...cells,
      decoupled: this.decoupled,
    };
    return () => currentOps().adam(args);
  }
}

const kind = adamKind('Adam', 0);

/**
 * Adam, for step t: g = grad + weightDecay·param; m = beta1·m + (1-beta1)·g; v = beta2·v + (1-beta2)·g²;
 * param -= lr/(1-beta1ᵗ) · m / (√v/√(1-beta2ᵗ) + eps); with amsgrad the largest v so far in the place of v.
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015); Reddi et al., On the Convergence of Adam and Beyond
 * (ICLR 2018); {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html | torch.optim.Adam}.
 */
export class Adam extends AdamBase {
  protected override readonly decoupled = false;

  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(kind, params, options);
  }
}
