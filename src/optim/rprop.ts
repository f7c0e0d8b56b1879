import { checkBoolean, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';
import { gradientOf } from './gradient.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkAtLeastZero } from './options.js';
import type { Params } from './params.js';

export interface RpropOptions extends BaseOptions {
  /** What a step size is multiplied with when the gradient has changed its sign, and when not: 0 < first < 1 < second. Default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** The smallest and the largest step size. Default [1e-6, 50]. */
  stepSizes: readonly [number, number];
  /** Step towards larger values of what the gradients are of. Default false. */
  maximize: boolean;
}

function checkPair(caller: string, name: string, value: unknown): readonly [number, number] {
  const isPair = isArray(value) && value.length === 2 && Array.from(value).every((each) => Number.isFinite(each));
  if (!isPair) throw new ArgumentError(`${caller}: ${name} must be two numbers, got ${show(value)}`);
  return value as [number, number];
}

const kind: OptimizerKind<RpropOptions, 'lr' | 'etaMinus' | 'etaPlus' | 'smallest' | 'largest', 'prev' | 'step_size'> =
  {
    name: 'Rprop',
    defaults: { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false },
    check(caller, options) {
      checkAtLeastZero(caller, 'learning rate', options.lr);
      const [minus, plus] = checkPair(caller, 'etas', options.etas);
      if (!(minus > 0 && minus < 1 && plus > 1))
        throw new ArgumentError(`${caller}: Invalid eta values: ${minus}, ${plus}`);
      checkPair(caller, 'stepSizes', options.stepSizes);
      checkBoolean(caller, 'maximize', options.maximize);
    },
    numbers: {
      lr: ({ lr }) => lr,
      etaMinus: ({ etas }) => etas[0],
      etaPlus: ({ etas }) => etas[1],
      smallest: ({ stepSizes }) => stepSizes[0],
      largest: ({ stepSizes }) => stepSizes[1],
    },
    form: ({ maximize }) => ({ maximize }),
    state: { required: ['prev', 'step_size'], optional: [], countsSteps: true },
    update({ param, grad, prev, step_size: size, step }, { lr, etaMinus, etaPlus, smallest, largest }, form) {
      const g = gradientOf(param, grad, null, form);
      const agreement = g.mul(prev);
      const factor = agreement.gt(0).where(etaPlus, agreement.lt(0).where(etaMinus, 1));
      const next = step.eq(1).where(lr, size).mul(factor).maximum(smallest).minimum(largest);
      const followed = agreement.lt(0).where(0, g);
      return { param: param.sub(followed.sign().mul(next)), prev: followed, step_size: next };
    },
  };

/**
 * Resilient backpropagation: every element has its own step size, lr at first. Where the gradient has the sign of the step before, it grows by
 * etas[1]; where the sign has changed, it shrinks by etas[0], and the element stays where it is. param -= sign(grad)·size. For whole data
 * sets rather than batches.
 *
 * Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm (1993);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html | torch.optim.Rprop}.
 */
export class Rprop extends Optimizer<RpropOptions> {
  /** @throws ArgumentError for parameters or options that are not valid, in PyTorch's words. */
  constructor(params: Params<RpropOptions>, options?: Partial<RpropOptions>) {
    super(kind, params, options);
  }
}
