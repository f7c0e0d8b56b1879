import { checkBoolean } from '../check.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
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
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

type NumberName = 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay';
type StateName = 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';

/** What Adam and AdamW share. `decoupled`: weightDecay shrinks the weights instead of adding to the gradient. */
export function adamKind(
  name: string,
  weightDecay: number,
  decoupled: boolean,
): OptimizerKind<AdamOptions, NumberName, StateName> {
  return {
    name,
    defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false, maximize: false },
    check(caller, options) {
      checkAtLeastZero(caller, 'learning rate', options.lr);
      checkAtLeastZero(caller, 'epsilon value', options.eps);
      checkBetas(caller, options.betas);
      checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
      checkBoolean(caller, 'amsgrad', options.amsgrad);
      checkBoolean(caller, 'maximize', options.maximize);
    },
    numbers: {
      lr: ({ lr }) => lr,
      beta1: ({ betas }) => betas[0],
      beta2: ({ betas }) => betas[1],
      eps: ({ eps }) => eps,
      weightDecay: (group) => group.weightDecay,
    },
    form: ({ amsgrad, weightDecay, maximize }) => ({ amsgrad, decays: weightDecay !== 0, maximize }),
    state: {
      required: ['exp_avg', 'exp_avg_sq'],
      optional: ['max_exp_avg_sq'],
      countsSteps: true,
      uses: ({ amsgrad }) => (amsgrad ? ['max_exp_avg_sq'] : []),
    },
    update(values, { lr, beta1, beta2, eps, weightDecay: decay }, form) {
      const { param, grad, exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: maxV, step } = values;
      const g = gradientOf(param, grad, decoupled ? null : decay, form);
      const p = form.decays && decoupled ? param.mul(lr.mul(decay).neg().add(1)) : param;
      const first = beta1.neg().add(1).fma(g.sub(m), m);
      const second = beta2.fma(v, beta2.neg().add(1).mul(g).mul(g));
      const largest = form.amsgrad ? maxV.maximum(second) : second;
      const stepSize = lr.div(beta1.pow(step).neg().add(1));
      // Divided first: √v̂ times one number, plus eps, is rounded once.
      const scale = beta2.pow(step).neg().add(1).sqrt().reciprocal();
      const root = largest.sqrt().fma(scale, eps);
      return {
        // In PyTorch's order: where the product overflows, dividing it by an infinite root gives NaN.
        param: p.sub(stepSize.mul(first).div(root)),
        exp_avg: first,
        exp_avg_sq: second,
        ...(form.amsgrad ? { max_exp_avg_sq: largest } : {}),
      };
    },
  };
}

const kind = adamKind('Adam', 0, false);

/**
 * Adam, for step t: g = grad + weightDecay·param; m = beta1·m + (1-beta1)·g; v = beta2·v + (1-beta2)·g²;
 * param -= lr/(1-beta1ᵗ) · m / (√v/√(1-beta2ᵗ) + eps); with amsgrad the largest v so far instead of v.
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015); Reddi et al., On the Convergence of Adam and Beyond
 * (ICLR 2018); {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html | torch.optim.Adam}.
 */
export class Adam extends Optimizer<AdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(kind, params, options);
  }
}
