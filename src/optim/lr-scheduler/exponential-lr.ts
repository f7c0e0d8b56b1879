import { checkOptions } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions {
  /** What the rate is multiplied with at each epoch. Required. */
  gamma: number;
}

const schedule: Schedule<ExponentialLROptions> = {
  name: 'ExponentialLR',
  read: (caller, options) => ({ gamma: finite(caller, 'gamma', checkOptions(caller, options, ['gamma']).gamma) }),
  rate: ({ isFirst, lr, options: { gamma } }) => (isFirst ? lr : lr * gamma),
  restart: ({ base }) => base,
  saved: { gamma: 'gamma' },
};

/**
 * The rate times `gamma` at every epoch.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html | ExponentialLR}
 */
export class ExponentialLR extends EpochScheduler<ExponentialLROptions> {
  /** @throws ArgumentError unless gamma is a number. */
  constructor(optimizer: Optimizer, options: ExponentialLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
