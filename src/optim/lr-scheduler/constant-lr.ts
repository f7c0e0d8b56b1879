import { checkOptions, checkSize } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions {
  /** What the rate is multiplied with at first, in [0, 1]. Default 1/3. */
  factor?: number;
  /** The epoch at which the rate is its own again. Default 5. */
  totalIters?: number;
}

const schedule: Schedule<Required<ConstantLROptions>> = {
  name: 'ConstantLR',
  read(caller, options) {
    const { factor = 1 / 3, totalIters = 5 } = checkOptions(caller, options, ['factor', 'totalIters']);
    if (!(finite(caller, 'factor', factor) >= 0 && factor <= 1))
      throw new ArgumentError(
        `${caller}: Constant multiplicative factor expected to be between 0 and 1, but got ${factor}`,
      );
    return { factor, totalIters: checkSize(caller, 'totalIters', totalIters) };
  },
  rate({ epoch, lr, options: { factor, totalIters } }) {
    if (epoch === 0) return lr * factor;
    return epoch === totalIters ? lr * (1 / factor) : lr;
  },
  restart: ({ base, options: { factor, totalIters } }) => base * (factor + (totalIters === 0 ? 1 - factor : 0)),
  saved: { factor: 'factor', total_iters: 'totalIters' },
};

/**
 * The rate times `factor` until epoch `totalIters`.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html | ConstantLR}
 */
export class ConstantLR extends EpochScheduler<Required<ConstantLROptions>> {
  /** @throws ArgumentError unless factor lies in [0, 1]. */
  constructor(optimizer: Optimizer, options?: ConstantLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
