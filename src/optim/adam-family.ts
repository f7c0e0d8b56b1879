/** What Adam, NAdam and RAdam share: options, numbers, and the averages that they keep. */
import { checkBoolean } from '../check.js';
import type { Expression } from '../pointwise/expression.js';
import type { Form } from './form.js';
import { gradientOf, shrunk } from './gradient.js';
import type { BaseOptions } from './kind.js';
import { checkAtLeastZero, checkBetas } from './options.js';

export interface MomentOptions extends BaseOptions {
  /** Decay of the averages of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Strength of the L2 penalty, added to the gradient, or of the shrinking of the weights. Default 0. */
  weightDecay: number;
  /** Whether weightDecay shrinks the weights, as in AdamW, instead of adding to the gradient. Default false. */
  decoupledWeightDecay: boolean;
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

export type MomentNumber = 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay';

export const momentDefaults: Readonly<Omit<MomentOptions, 'lr'>> = {
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  maximize: false,
};

export function checkMoments(caller: string, options: Readonly<MomentOptions>): void {
  checkAtLeastZero(caller, 'learning rate', options.lr);
  checkAtLeastZero(caller, 'epsilon value', options.eps);
  checkBetas(caller, options.betas);
  checkAtLeastZero(caller, 'weight_decay value', options.weightDecay);
  checkBoolean(caller, 'decoupledWeightDecay', options.decoupledWeightDecay);
  checkBoolean(caller, 'maximize', options.maximize);
}

export const momentNumbers = {
  lr: ({ lr }: Readonly<MomentOptions>) => lr,
  beta1: ({ betas }: Readonly<MomentOptions>) => betas[0],
  beta2: ({ betas }: Readonly<MomentOptions>) => betas[1],
  eps: ({ eps }: Readonly<MomentOptions>) => eps,
  weightDecay: ({ weightDecay }: Readonly<MomentOptions>) => weightDecay,
};

export const momentForm = ({ weightDecay, maximize, decoupledWeightDecay }: Readonly<MomentOptions>) => ({
  decays: weightDecay !== 0,
  maximize,
  decoupled: weightDecay !== 0 && decoupledWeightDecay,
});

/** The gradient that is followed, the parameter once it has been shrunk, and both averages with this gradient in them. */
export function moments(
  values: Readonly<Record<'param' | 'grad' | 'exp_avg' | 'exp_avg_sq', Expression>>,
  { lr, beta1, beta2, weightDecay }: Readonly<Record<MomentNumber, Expression>>,
  form: Form,
): { readonly g: Expression; readonly p: Expression; readonly first: Expression; readonly second: Expression } {
  const { param, grad, exp_avg: m, exp_avg_sq: v } = values;
  const g = gradientOf(param, grad, form.decoupled ? null : weightDecay, form);
  const p = shrunk(param, lr, weightDecay, form.decoupled === true);
  const first = beta1.neg().add(1).fma(g.sub(m), m);
  const second = beta2.fma(v, beta2.neg().add(1).mul(g).mul(g));
  return { g, p, first, second };
}
