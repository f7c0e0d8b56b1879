import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { perGroup } from './scheduler.js';

/** Options of {@link SWALR}. */
export interface SWALROptions {
  /** The rate that it goes to, or one for each group. Required. */
  swaLr: number | readonly number[];
  /** Epochs in which it goes there. Default 10. */
  annealEpochs?: number;
  /** Along a cosine, or a straight line. Default `'cos'`. */
  annealStrategy?: 'cos' | 'linear';
}

interface Annealing {
  swaLr: readonly number[];
  annealEpochs: number;
  annealStrategy: 'cos' | 'linear';
}

const schedule: Schedule<Annealing, SWALROptions> = {
  name: 'SWALR',
  read(caller, options, optimizer) {
    const given = checkOptions(caller, options, ['swaLr', 'annealEpochs', 'annealStrategy']);
    const { annealEpochs = 10, annealStrategy = 'cos' } = given;
    const swaLr = perGroup(caller, 'swaLr', given.swaLr, optimizer.paramGroups.length);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear')
      throw new ArgumentError(
        `${caller}: anneal_strategy must be one of 'cos' or 'linear', instead got ${show(annealStrategy)}`,
      );
    if (!Number.isSafeInteger(annealEpochs) || annealEpochs < 0)
      throw new ArgumentError(`${caller}: anneal_epochs must be equal or greater than 0, got ${show(annealEpochs)}`);
    return { swaLr, annealEpochs, annealStrategy };
  },
  rate({ steps, lr, group, options: { swaLr, annealEpochs, annealStrategy } }) {
    const target = swaLr[group]!;
    const step = annealEpochs === 0 ? Math.max(1, steps) : steps;
    const shareAt = (at: number) => {
      const t = Math.max(0, Math.min(1, at / Math.max(1, annealEpochs)));
      return annealStrategy === 'linear' ? t : (1 - Math.cos(Math.PI * t)) / 2;
    };
    const before = shareAt(step - 1);
    const from = before === 1 ? target : (lr - before * target) / (1 - before);
    const share = shareAt(step);
    return target * share + from * (1 - share);
  },
  saved: { _anneal_strategy: 'annealStrategy', anneal_epochs: 'annealEpochs' },
};

/**
 * Goes from the rate that a group has to a fixed one, and stays there: for averages of weights. Computed from one epoch to the next, so rates that
 * another scheduler sets in between count.
 *
 * Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization (UAI 2018);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html | SWALR}.
 */
export class SWALR extends EpochScheduler<Annealing, SWALROptions> {
  /** @throws ArgumentError for options that are not valid, in PyTorch's words. */
  constructor(optimizer: Optimizer, options: SWALROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
