import {
  checkMoments,
  type MomentNumber,
  type MomentOptions,
  momentDefaults,
  momentForm,
  momentNumbers,
  moments,
} from './adam-family.js';
import type { OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './params.js';

/** Options of {@link RAdam}. */
export type RAdamOptions = MomentOptions;

const kind: OptimizerKind<RAdamOptions, MomentNumber, 'exp_avg' | 'exp_avg_sq'> = {
  name: 'RAdam',
  defaults: { lr: 1e-3, ...momentDefaults },
  check: checkMoments,
  numbers: momentNumbers,
  form: momentForm,
  state: { required: ['exp_avg', 'exp_avg_sq'], optional: [], countsSteps: true },
  update(values, numbers, form) {
    const { lr, beta1, beta2, eps } = numbers;
    const { step } = values;
    const { p, first, second } = moments(values, numbers, form);
    const power = beta2.pow(step);
    const correction = power.neg().add(1);
    const longest = beta2.neg().add(1).reciprocal().mul(2).sub(1);
    const length = longest.sub(step.mul(2).mul(power).div(correction));
    const rectification = length
      .sub(4)
      .mul(length.sub(2))
      .mul(longest)
      .div(longest.sub(4).mul(longest.sub(2)).mul(length))
      .sqrt();
    const rate = lr.div(beta1.pow(step).neg().add(1));
    const adaptive = rate.mul(correction.sqrt()).mul(rectification).div(second.sqrt().add(eps));
    return { param: p.sub(first.mul(length.gt(5).where(adaptive, rate))), exp_avg: first, exp_avg_sq: second };
  },
};

/**
 * Adam with a rectified rate, for step t: m and v as Adam's; with ρ∞ = 2/(1-beta2) - 1 and ρ = ρ∞ - 2t·beta2ᵗ/(1-beta2ᵗ), where ρ > 5
 * param -= lr·m̂·√(1-beta2ᵗ)/(√v + eps) · √((ρ-4)(ρ-2)ρ∞/((ρ∞-4)(ρ∞-2)ρ)), else param -= lr·m̂; m̂ = m/(1-beta1ᵗ).
 *
 * Liu et al., On the Variance of the Adaptive Learning Rate and Beyond (ICLR 2020);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html | torch.optim.RAdam}.
 */
export class RAdam extends Optimizer<RAdamOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super(kind, params, options);
  }
}
