import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';

/** Options of {@link LambdaLR}. */
export interface LambdaLROptions {
  /** The factor at an epoch, or a list of such functions, one for each group. Required. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
}

/** Checks the functions: one for each group. @internal */
export function readLambdas(
  caller: string,
  options: Partial<LambdaLROptions> | undefined,
  optimizer: Optimizer,
): LambdaLROptions {
  const { lrLambda } = checkOptions(caller, options, ['lrLambda']);
  const list = isArray(lrLambda) ? lrLambda : optimizer.paramGroups.map(() => lrLambda);
  if (list.length !== optimizer.paramGroups.length)
    throw new ArgumentError(`${caller}: Expected ${optimizer.paramGroups.length} lr_lambdas, but got ${list.length}`);
  for (const each of list)
    if (typeof each !== 'function')
      throw new ArgumentError(`${caller}: lrLambda must be a function or a list of them, got ${show(each)}`);
  return { lrLambda: [...list] as ((epoch: number) => number)[] };
}

const schedule: Schedule<LambdaLROptions> = {
  name: 'LambdaLR',
  read: readLambdas,
  rate: ({ base, epoch, group, options }) => base * (options.lrLambda as ((epoch: number) => number)[])[group]!(epoch),
  saved: {},
};

/**
 * Initial rate times a function of the epoch.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html | LambdaLR}
 */
export class LambdaLR extends EpochScheduler<LambdaLROptions> {
  /** @throws ArgumentError unless `lrLambda` is a function, or one for each group, that gives finite numbers. */
  constructor(optimizer: Optimizer, options: LambdaLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
