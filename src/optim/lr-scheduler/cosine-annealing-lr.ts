import { checkOptions, checkSize } from '../../check.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** Epochs from the initial rate down to the lowest: PyTorch's `T_max`. Required. */
  tMax: number;
  /** The lowest rate. Default 0. */
  etaMin?: number;
}

const schedule: Schedule<Required<CosineAnnealingLROptions>> = {
  name: 'CosineAnnealingLR',
  endsAtZero: true,
  read(caller, options) {
    const { tMax, etaMin = 0 } = checkOptions(caller, options, ['tMax', 'etaMin']);
    return { tMax: checkSize(caller, 'tMax', tMax, 1), etaMin: finite(caller, 'etaMin', etaMin) };
  },
  rate({ epoch, isFirst, base, lr, options: { tMax, etaMin } }) {
    if (isFirst) return lr;
    // Just past the lowest point the recursion would divide by zero.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    const share = (1 + Math.cos((Math.PI * epoch) / tMax)) / (1 + Math.cos((Math.PI * (epoch - 1)) / tMax));
    return share * (lr - etaMin) + etaMin;
  },
  restart: ({ base, options: { etaMin } }) => etaMin + ((base - etaMin) * 2) / 2,
  saved: { T_max: 'tMax', eta_min: 'etaMin' },
};

/**
 * etaMin + (base - etaMin)·(1 + cos(π·epoch/tMax))/2, computed from one epoch to the next as PyTorch does. It does not stop at
 * `tMax`: the rate rises again.
 *
 * Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (ICLR 2017), without the restarts;
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html | CosineAnnealingLR}.
 */
export class CosineAnnealingLR extends EpochScheduler<Required<CosineAnnealingLROptions>> {
  /** @throws ArgumentError unless tMax is a positive integer. */
  constructor(optimizer: Optimizer, options: CosineAnnealingLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
