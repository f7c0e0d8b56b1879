import { checkBoolean } from '../check.js';
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

export interface AdamOptions extends MomentOptions {
  /** Divide by the largest average of squares so far. Default false. */
  amsgrad: boolean;
}

type StateName = 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';

const kind: OptimizerKind<AdamOptions, MomentNumber, StateName> = {
  name: 'Adam',
  defaults: { lr: 1e-3, ...momentDefaults, amsgrad: false },
  check(caller, options) {
    checkMoments(caller, options);
    checkBoolean(caller, 'amsgrad', options.amsgrad);
  },
  numbers: momentNumbers,
  form: (group) => ({ ...momentForm(group), amsgrad: group.amsgrad }),
  state: {
    required: ['exp_avg', 'exp_avg_sq'],
    optional: ['max_exp_avg_sq'],
    countsSteps: true,
    uses: ({ amsgrad }) => (amsgrad ? ['max_exp_avg_sq'] : []),
  },
  sparse: {
    onlyRows: () => false,
    refusal: () => 'Adam does not support sparse gradients, please consider SparseAdam instead',
  },
  update(values, numbers, form) {
    const { lr, beta1, beta2, eps } = numbers;
    const { max_exp_avg_sq: maxV, step } = values;
    const { p, first, second } = moments(values, numbers, form);
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

/**
 * Adam, for step t: g = grad + weightDecay·param; m = beta1·m + (1-beta1)·g; v = beta2·v + (1-beta2)·g²;
 * param -= lr/(1-beta1ᵗ) · m / (√v/√(1-beta2ᵗ) + eps); with amsgrad the largest v so far instead of v.
 * With decoupledWeightDecay first param *= 1 - lr·weightDecay, and g = grad: {@link AdamW}.
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

/** What AdamW is made of: Adam's, its weight decay always decoupled. @internal */
export const adamKind = kind;
