import { checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray, isMap, isPlainObject } from '../../realm.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions {
  /** The epochs at which the rate is cut; one that stands twice cuts twice. Required. */
  milestones: readonly number[];
  /** What the rate is multiplied with. Default 0.1. */
  gamma?: number;
}

const schedule: Schedule<Required<MultiStepLROptions>> = {
  name: 'MultiStepLR',
  read(caller, options) {
    const { milestones, gamma = 0.1 } = checkOptions(caller, options, ['milestones', 'gamma']);
    if (!isArray(milestones))
      throw new ArgumentError(`${caller}: milestones must be a list of epochs, got ${show(milestones)}`);
    return {
      milestones: Array.from(milestones, (milestone) => checkSize(caller, 'a milestone', milestone)),
      gamma: finite(caller, 'gamma', gamma),
    };
  },
  rate({ epoch, lr, options: { milestones, gamma } }) {
    const cuts = milestones.filter((milestone) => milestone === epoch).length;
    return cuts === 0 ? lr : lr * gamma ** cuts;
  },
  restart: ({ base, options: { milestones, gamma } }) =>
    base * gamma ** milestones.filter((milestone) => milestone === 0).length,
  // PyTorch saves a Counter: how often each milestone stands in the list.
  readSaved: (caller, entries) => {
    const saved = entries.get('milestones');
    if (saved !== undefined && !isArray(saved)) entries.set('milestones', fromCounter(caller, saved));
  },
  saved: { milestones: 'milestones', gamma: 'gamma' },
};

function fromCounter(caller: string, saved: unknown): number[] {
  const counts = isMap(saved) ? [...saved] : isPlainObject(saved) ? Object.entries(saved) : null;
  if (counts === null)
    throw new ArgumentError(
      `${caller}: milestones must be a list of epochs or how often each occurs, got ${show(saved)}`,
    );
  const milestones = counts.map(([key, count]): [number, number] => [
    // JSON has made texts of the keys.
    checkSize(caller, 'a milestone', typeof key === 'string' && key !== '' ? Number(key) : key),
    checkSize(caller, 'the number of a milestone', count),
  ]);
  const total = milestones.reduce((sum, [, count]) => sum + count, 0);
  if (total > mostMilestones) throw new ArgumentError(`${caller}: at most ${mostMilestones} milestones, got ${total}`);
  return milestones.flatMap(([milestone, count]) => new Array<number>(count).fill(milestone));
}

/** More than a training has epochs; a count read from a file must not take all memory. */
const mostMilestones = 1e6;

/**
 * The rate times `gamma` at each milestone.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html | MultiStepLR}
 */
export class MultiStepLR extends EpochScheduler<Required<MultiStepLROptions>> {
  /** @throws ArgumentError unless milestones are integers of at least 0. */
  constructor(optimizer: Optimizer, options: MultiStepLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
