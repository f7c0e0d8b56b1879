import { checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions {
  /** The epochs at which the rate is cut; one that stands twice cuts twice. Required. */
  milestones: readonly number[];
  /** What the rate is multiplied with. Default 0.1. */
  gamma?: number;
}

const schedule: Schedule<Required<MultiStepLROptions>> = {
  name: 'MultiStepLR',
  read(place, options) {
    const { milestones, gamma = 0.1 } = checkOptions(place, options, ['milestones', 'gamma']);
    if (!Array.isArray(milestones))
      throw new ArgumentError(`${place}: milestones must be a list of epochs, got ${show(milestones)}`);
    return {
      milestones: Array.from(milestones, (milestone) => checkSize(place, 'a milestone', milestone)),
      gamma: finite(place, 'gamma', gamma),
    };
  },
  rate({ epoch, lr, options: { milestones, gamma } }) {
    const cuts = milestones.filter((milestone) => milestone === epoch).length;
    return cuts === 0 ? lr : lr * gamma ** cuts;
  },
  restart: ({ base, options: { milestones, gamma } }) =>
    base * gamma ** milestones.filter((milestone) => milestone === 0).length,
  saved: { milestones: 'milestones', gamma: 'gamma' },
};

/**
 * The rate times `gamma` at each milestone.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html | MultiStepLR}
 */
export class MultiStepLR extends EpochScheduler<Required<MultiStepLROptions>> {
  /** @throws ArgumentError unless milestones are integers of at least 0. */
  constructor(optimizer: Optimizer, options: MultiStepLROptions) {
    super(schedule, optimizer, options);
  }
}
