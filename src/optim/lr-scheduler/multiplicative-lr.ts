import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { type LambdaLROptions, readLambdas } from './lambda-lr.js';

/** Options of {@link MultiplicativeLR}. */
export type MultiplicativeLROptions = LambdaLROptions;

const schedule: Schedule<MultiplicativeLROptions> = {
  name: 'MultiplicativeLR',
  read: readLambdas,
  rate: ({ epoch, isFirst, lr, group, options }) =>
    isFirst ? lr : lr * (options.lrLambda as ((epoch: number) => number)[])[group]!(epoch),
  saved: {},
};

/**
 * The rate times a function of the epoch, at every epoch from the first step on.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html | MultiplicativeLR}
 */
export class MultiplicativeLR extends EpochScheduler<MultiplicativeLROptions> {
  /** @throws ArgumentError unless `lrLambda` is a function, or one for each group, that gives finite numbers. */
  constructor(optimizer: Optimizer, options: MultiplicativeLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
