import { checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { EpochScheduler } from './epoch-scheduler.js';
import { LinearLR } from './linear-lr.js';
import { SequentialLR } from './sequential-lr.js';

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** Steps until the rate is its own. Required. */
  totalIters: number;
  /** Share of the rate at the first step, above 0. Default 0.01. */
  startFactor?: number;
}

/**
 * Has a schedule begin after a rise of the rate in a straight line: a SequentialLR of LinearLR and the schedule, which is given as it would be without.
 * `warmup(new CosineAnnealingLR(optimizer, { tMax: 1000 }), { totalIters: 100 })` ends after 1,100 steps.
 *
 * Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.
 * @throws ArgumentError unless `schedule` goes by epochs alone and `totalIters` is a positive integer.
 */
export function warmup<Options extends object, Given extends object>(
  schedule: EpochScheduler<Options, Given>,
  options: WarmupOptions,
): SequentialLR {
  const caller = 'warmup';
  if (!(schedule instanceof EpochScheduler))
    throw new ArgumentError(`${caller}: expected a scheduler that goes by epochs alone, got ${show(schedule)}`);
  const { totalIters, startFactor = 0.01 } = checkOptions(caller, options, ['totalIters', 'startFactor']);
  const iters = checkSize(caller, 'totalIters', totalIters, 1);
  const { optimizer } = schedule;
  const rise = new LinearLR(optimizer, { startFactor, totalIters: iters });
  return new SequentialLR(optimizer, { schedulers: [rise, schedule], milestones: [iters] });
}
