import { checkOptions, checkSize } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link LinearLR}. */
export interface LinearLROptions {
  /** What the rate is multiplied with at first, in (0, 1]. Default 1/3. */
  startFactor?: number;
  /** What it is multiplied with from `totalIters` on, in [0, 1]. Default 1. */
  endFactor?: number;
  /** Epochs that the way from one to the other takes. Default 5. */
  totalIters?: number;
}

const schedule: Schedule<Required<LinearLROptions>> = {
  name: 'LinearLR',
  endsAtZero: true,
  read(caller, options) {
    const given = checkOptions(caller, options, ['startFactor', 'endFactor', 'totalIters']);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = given;
    if (!(finite(caller, 'startFactor', startFactor) > 0 && startFactor <= 1))
      throw new ArgumentError(
        `${caller}: Starting multiplicative factor expected to be greater than 0 and less or equal to 1, but got ${startFactor}`,
      );
    if (!(finite(caller, 'endFactor', endFactor) >= 0 && endFactor <= 1))
      throw new ArgumentError(
        `${caller}: Ending multiplicative factor expected to be between 0 and 1, but got ${endFactor}`,
      );
    return { startFactor, endFactor, totalIters: checkSize(caller, 'totalIters', totalIters) };
  },
  rate({ epoch, isFirst, lr, options: { startFactor, endFactor, totalIters } }) {
    if (epoch === 0) return lr * startFactor;
    if (isFirst || epoch > totalIters) return lr;
    const rise = endFactor - startFactor;
    return lr * (1 + rise / (totalIters * startFactor + (epoch - 1) * rise));
  },
  restart: ({ base, options: { startFactor } }) => base * startFactor,
  saved: { start_factor: 'startFactor', end_factor: 'endFactor', total_iters: 'totalIters' },
};

/**
 * From the rate times `startFactor` to the rate times `endFactor` in `totalIters` equal steps.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html | LinearLR}
 */
export class LinearLR extends EpochScheduler<Required<LinearLROptions>> {
  /** @throws ArgumentError for factors out of range. */
  constructor(optimizer: Optimizer, options?: LinearLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
