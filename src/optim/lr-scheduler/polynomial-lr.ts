import { checkOptions, checkSize } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions {
  /** The epoch at which the rate reaches 0. Default 5. */
  totalIters?: number;
  /** Default 1. */
  power?: number;
}

const schedule: Schedule<Required<PolynomialLROptions>> = {
  name: 'PolynomialLR',
  endsAtZero: true,
  read(caller, options) {
    const { totalIters = 5, power = 1 } = checkOptions(caller, options, ['totalIters', 'power']);
    return { totalIters: checkSize(caller, 'totalIters', totalIters, 1), power: finite(caller, 'power', power) };
  },
  rate({ epoch, isFirst, lr, options: { totalIters, power } }) {
    if (isFirst || epoch > totalIters) return lr;
    return lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  },
  restart: ({ base }) => base,
  saved: { total_iters: 'totalIters', power: 'power' },
};

/**
 * The rate times (1 - epoch/totalIters)^power, 0 from `totalIters` on.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html | PolynomialLR}
 */
export class PolynomialLR extends EpochScheduler<Required<PolynomialLROptions>> {
  /** @throws ArgumentError unless totalIters is a positive integer. */
  constructor(optimizer: Optimizer, options?: PolynomialLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
