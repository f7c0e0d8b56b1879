import { checkOptions, checkSize } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link StepLR}. */
export interface StepLROptions {
  /** Epochs between two cuts. Required. */
  stepSize: number;
  /** What the rate is multiplied with. Default 0.1. */
  gamma?: number;
}

const schedule: Schedule<Required<StepLROptions>> = {
  name: 'StepLR',
  read(caller, options) {
    const { stepSize, gamma = 0.1 } = checkOptions(caller, options, ['stepSize', 'gamma']);
    return { stepSize: checkSize(caller, 'stepSize', stepSize, 1), gamma: finite(caller, 'gamma', gamma) };
  },
  rate: ({ epoch, lr, options: { stepSize, gamma } }) => (epoch === 0 || epoch % stepSize !== 0 ? lr : lr * gamma),
  restart: ({ base }) => base,
  saved: { step_size: 'stepSize', gamma: 'gamma' },
};

/**
 * The rate times `gamma` every `stepSize` epochs.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html | StepLR}
 */
export class StepLR extends EpochScheduler<Required<StepLROptions>> {
  /** @throws ArgumentError unless stepSize is a positive integer. */
  constructor(optimizer: Optimizer, options: StepLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
