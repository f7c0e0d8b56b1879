import type { Expression } from '../pointwise/expression.js';
import type { Form } from './form.js';

/**
 * What an update follows: the gradient, or its negative where `form.maximize`, and the L2 penalty where `form.decays`.
 * @param weightDecay null where weight decay is decoupled from the gradient
 */
export function gradientOf(
  param: Expression,
  grad: Expression,
  weightDecay: Expression | null,
  form: Form,
): Expression {
  const g = form.maximize ? grad.neg() : grad;
  return form.decays && weightDecay !== null ? weightDecay.fma(param, g) : g;
}

/** The parameter, shrunk by lr·weightDecay where weight decay is decoupled. */
export function shrunk(param: Expression, lr: Expression, weightDecay: Expression, isDecoupled: boolean): Expression {
  return isDecoupled ? param.mul(lr.mul(weightDecay).neg().add(1)) : param;
}
