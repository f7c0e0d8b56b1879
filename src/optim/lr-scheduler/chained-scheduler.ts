import { readList, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import { ReduceLROnPlateau } from './reduce-lr-on-plateau.js';
import { LRScheduler, type SchedulerStateDict } from './scheduler.js';
import { readNumbers, readSaved } from './state.js';

function readMembers(caller: string, schedulers: unknown): LRScheduler[] {
  if (!isArray(schedulers) || schedulers.length === 0)
    throw new ArgumentError(`${caller} expects at least one scheduler to be chained, but got no scheduler.`);
  const { optimizer } = (schedulers[0] ?? {}) as Partial<LRScheduler>;
  const members = readList(caller, 'schedulers', schedulers, (member, i): LRScheduler => {
    if (!(member instanceof LRScheduler))
      throw new ArgumentError(`${caller}: schedulers must be schedulers, got ${show(member)} at index ${i}`);
    if (member instanceof ReduceLROnPlateau)
      throw new ArgumentError(
        `${caller} does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified when calling ` +
          `\`step\`, but got one at index ${i} in the given schedulers sequence.`,
      );
    if (member.optimizer !== optimizer)
      throw new ArgumentError(
        `${caller} expects all schedulers to belong to the same optimizer, but got scheduler ${member.constructor.name} at ` +
          `index ${i}, which has another`,
      );
    return member;
  });
  if (new Set(members).size < members.length)
    throw new ArgumentError(`${caller}: a scheduler must not stand twice among the schedulers`);
  return members;
}

/**
 * Several schedulers that act on the same rates one behind the other, at every step. It suits those that compute a rate from the one before
 * (ExponentialLR, MultiplicativeLR, StepLR, ConstantLR, LinearLR, CosineAnnealingLR). As in PyTorch LambdaLR, CyclicLR, OneCycleLR and
 * CosineAnnealingWarmRestarts set rates from their base, and so undo what stands before them.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html | ChainedScheduler}
 */
export class ChainedScheduler extends LRScheduler {
  readonly #members: readonly LRScheduler[];

  /** @throws ArgumentError unless they are schedulers of one optimizer, stepped by epochs alone. */
  constructor(schedulers: readonly LRScheduler[]) {
    const caller = 'ChainedScheduler';
    const members = readMembers(caller, schedulers);
    super(caller, members[0]!.optimizer);
    this.#members = members;
    this.noteRates(this.rates());
  }

  /** Steps all of them; when one throws, none has been. */
  override step(): void {
    const before = this.#members.map((member) => member.stateDict());
    const groups = this.optimizer.paramGroups.map(({ params: _, ...options }) => options);
    try {
      for (const member of this.#members) member.step();
    } catch (error) {
      for (const [i, member] of this.#members.entries()) member.loadStateDict(before[i]!);
      for (const [i, group] of this.optimizer.paramGroups.entries()) Object.assign(group, groups[i]);
      throw error;
    }
    this.epoch += 1;
    this.noteRates(this.rates());
  }

  override stateDict(): SchedulerStateDict {
    return { _last_lr: this.getLastLr(), _schedulers: this.#members.map((member) => member.stateDict()) };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const caller = `${this.caller}.loadStateDict`;
    const entries = readSaved(caller, state, ['_last_lr', '_schedulers']);
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
    this.epoch = this.#members[0]!.lastEpoch;
    this.noteRates(lastLr);
  }
}
