import { checkOptions, checkSize, readList, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler } from './epoch-scheduler.js';
import { LRScheduler, type SchedulerStateDict } from './scheduler.js';
import { readNumbers, readSaved } from './state.js';

/** Options of {@link SequentialLR}. */
export interface SequentialLROptions {
  /** Schedulers of the same optimizer, in the order of their turns. Required. */
  schedulers: readonly LRScheduler[];
  /** The epochs at which the second, the third, ... begins: one less than schedulers, ascending. Required. */
  milestones: readonly number[];
}

type Member = EpochScheduler<object>;

function readMember(caller: string, member: unknown, index: number, optimizer: Optimizer): Member {
  if (!(member instanceof LRScheduler))
    throw new ArgumentError(`${caller}: schedulers must be schedulers, got ${show(member)} at index ${index}`);
  if (!(member instanceof EpochScheduler))
    throw new ArgumentError(
      `${caller} does not support \`${member.constructor.name}\` scheduler as it is not stepped by epochs alone, but got one ` +
        `at index ${index}`,
    );
  if (member.optimizer !== optimizer)
    throw new ArgumentError(
      `${caller} expects all schedulers to belong to the same optimizer, but got scheduler ${member.constructor.name} at ` +
        `index ${index} has another`,
    );
  return member;
}

/**
 * Several schedulers, one after the other; each begins at its milestone with the initial rate. Only schedulers that go by epochs:
 * neither ReduceLROnPlateau nor another SequentialLR.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html | SequentialLR}
 */
export class SequentialLR extends LRScheduler {
  readonly #members: readonly Member[];
  #milestones: readonly number[];

  /** @throws ArgumentError when schedulers and milestones do not belong together. */
  constructor(optimizer: Optimizer, options: SequentialLROptions) {
    super('SequentialLR', optimizer);
    const { schedulers, milestones } = checkOptions(this.caller, options, ['schedulers', 'milestones']);
    if (!isArray(schedulers) || schedulers.length === 0)
      throw new ArgumentError(`${this.caller} expects at least one scheduler, but got no scheduler.`);
    const check = (member: unknown, i: number) => readMember(this.caller, member, i, optimizer);
    const members = readList(this.caller, 'schedulers', schedulers, check);
    if (new Set(members).size < members.length)
      throw new ArgumentError(`${this.caller}: a scheduler must not stand twice among the schedulers`);
    this.#members = members;
    this.#milestones = this.#readMilestones(this.caller, milestones);
    const initial = this.initialRates();
    this.setRates(initial);
    for (const member of members) member.undo();
    const first = members[this.#turn(0)]!;
    first.begin();
    this.noteRates(first.getLastLr());
  }

  override step(): void {
    const epoch = this.epoch + 1;
    const turn = this.#turn(epoch);
    const member = this.#members[turn]!;
    if (turn > 0 && this.#milestones[turn - 1] === epoch) member.restart();
    else member.step();
    this.epoch = epoch;
    this.noteRates(member.getLastLr());
  }

  override stateDict(): SchedulerStateDict {
    return {
      _milestones: [...this.#milestones],
      last_epoch: this.epoch,
      _last_lr: this.getLastLr(),
      _schedulers: this.#members.map((member) => member.stateDict()),
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const caller = `${this.caller}.loadStateDict`;
    const entries = readSaved(caller, state, ['_milestones', 'last_epoch', '_last_lr', '_schedulers']);
    const milestones = this.#readMilestones(caller, entries.get('_milestones'));
    const epoch = checkSize(caller, 'last_epoch', entries.get('last_epoch'));
    const lastLr = readNumbers(caller, '_last_lr', entries.get('_last_lr'), this.optimizer.paramGroups.length);
    const states = entries.get('_schedulers');
    if (!isArray(states) || states.length !== this.#members.length)
      throw new ArgumentError(`${caller}: expected the states of ${this.#members.length} schedulers`);
    const before = this.#members.map((member) => member.stateDict());
    try {
      for (const [i, member] of this.#members.entries()) member.loadStateDict(states[i]);
    } catch (error) {
      for (const [i, member] of this.#members.entries()) member.loadStateDict(before[i]!);
      throw error;
    }
    this.#milestones = milestones;
    this.epoch = epoch;
    this.noteRates(lastLr);
  }

  /** Whose turn it is. */
  #turn(epoch: number): number {
    return this.#milestones.filter((milestone) => milestone <= epoch).length;
  }

  #readMilestones(caller: string, milestones: unknown): number[] {
    const members = this.#members.length;
    if (!isArray(milestones) || milestones.length !== members - 1)
      throw new ArgumentError(
        `${caller}: Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone ` +
          `points, but got number of schedulers ${members} and the milestones ${show(milestones)}`,
      );
    const read = Array.from(milestones, (milestone) => checkSize(caller, 'a milestone', milestone));
    if (read.some((milestone, i) => i > 0 && milestone < read[i - 1]!))
      throw new ArgumentError(`${caller}: milestones must be ascending, got ${show(read)}`);
    return read;
  }
}
