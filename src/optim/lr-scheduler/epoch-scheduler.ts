/** Schedulers whose rate is a function of the epoch: all but ReduceLROnPlateau and SequentialLR. */
import { checkSize } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import type { Optimizer } from '../optimizer.js';
import { LRScheduler, type SchedulerStateDict } from './scheduler.js';
import { readNumbers, readSaved } from './state.js';

/** Where a schedule stands when it says the rate of one group. */
export interface Moment<Options> {
  /** 0 when the scheduler is made, then counted up by each step. */
  readonly epoch: number;
  /** How many steps it has taken before: as many as the epoch, unless it was taken up at a later one. */
  readonly steps: number;
  /** Whether the scheduler is being made. */
  readonly isFirst: boolean;
  /** What the scheduler was made with, defaults put in. */
  readonly options: Options;
  /** The initial rate of the group. */
  readonly base: number;
  /** The rate that it has. */
  readonly lr: number;
  /** Its number. */
  readonly group: number;
}

/** What tells one schedule from another. */
export interface Schedule<Options extends object, Given extends object = Partial<Options>> {
  /** For messages. */
  readonly name: string;
  /** Reads and checks options, and puts in those that are not given. */
  read(caller: string, options: Given | undefined, optimizer: Optimizer): Options;
  /** The next rate of a group: PyTorch's `get_lr`. */
  rate(moment: Moment<Options>): number;
  /** Whether a rate below 0, which PyTorch's formula gives at the end by rounding or one step too far, is 0. */
  readonly endsAtZero?: boolean;
  /** The rate with which it begins in a SequentialLR when its turn comes: PyTorch's closed form. {@link rate} if absent. */
  restart?(moment: Moment<Options>): number;
  /** What it counts itself, in the options, when it goes on from epoch `last` to an epoch, which is the next one when undefined. */
  advance?(options: Options, epoch: number | undefined, last: number): Options;
  /** Initial rates other than those that the groups have. */
  initialRates?(options: Options): number[];
  /** What else it sets in the groups. */
  apply?(optimizer: Optimizer, epoch: number, options: Options): void;
  /** Brings what PyTorch saves in another form into that of the options. */
  readSaved?(caller: string, entries: Map<string, unknown>): void;
  /** Options in a state dict, by PyTorch's names. */
  readonly saved: Readonly<Record<string, keyof Options & string>>;
}

/** An option that every scheduler of epochs takes. */
export interface ResumeOptions {
  /**
   * The epoch that a training which is taken up has ended with, as PyTorch's `last_epoch`: the scheduler begins with the one behind it. The initial rates
   * have to be known: from another scheduler of the optimizer, or as `initial_lr` in its groups. Default -1: from the start.
   */
  lastEpoch?: number;
}

/** A scheduler that follows a {@link Schedule}. */
export abstract class EpochScheduler<
  Options extends object,
  Given extends object = Partial<Options>,
> extends LRScheduler {
  readonly #schedule: Schedule<Options, Given>;
  #options: Options;
  #baseLrs: readonly number[];
  #steps = 0;

  protected constructor(
    schedule: Schedule<Options, Given>,
    optimizer: Optimizer,
    options: (Given & ResumeOptions) | undefined,
  ) {
    super(schedule.name, optimizer);
    this.#schedule = schedule;
    const { lastEpoch, rest } = splitLastEpoch(schedule.name, options);
    this.#options = schedule.read(schedule.name, rest as Given | undefined, optimizer);
    const own = schedule.initialRates?.(this.#options);
    const isNew = lastEpoch === -1;
    if (!isNew) this.requireInitialRates();
    this.#baseLrs = own ?? this.initialRates();
    const next = this.#next(undefined, lastEpoch);
    const rates = this.#ratesAt(next.epoch, true, schedule.rate, next.options);
    if (isNew && own !== undefined) this.setInitialRates(own);
    this.#take(next.epoch, rates, next.options);
  }

  /** The rates that the schedule starts from, one for each group. */
  get baseLrs(): number[] {
    return [...this.#baseLrs];
  }

  /** Goes one epoch on and sets the rates. */
  override step(): void {
    this.stepTo(undefined);
  }

  /** Goes to an epoch, or one on. @internal */
  protected stepTo(epoch: number | undefined): void {
    const next = this.#next(epoch, this.epoch);
    this.#take(next.epoch, this.#ratesAt(next.epoch, false, this.#schedule.rate, next.options), next.options);
  }

  override stateDict(): SchedulerStateDict {
    const options = Object.entries(this.#schedule.saved).map(([key, name]) => {
      const value: unknown = this.#options[name];
      return [key, isArray(value) ? [...value] : value] as const;
    });
    return {
      ...Object.fromEntries(options),
      base_lrs: this.baseLrs,
      last_epoch: this.epoch,
      _step_count: this.#steps,
      _last_lr: this.getLastLr(),
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const caller = `${this.caller}.loadStateDict`;
    const schedule = this.#schedule;
    const { saved } = schedule;
    const entries = readSaved(caller, state, [
      ...Object.keys(saved),
      'base_lrs',
      'last_epoch',
      '_step_count',
      '_last_lr',
    ]);
    schedule.readSaved?.(caller, entries);
    const options: Record<string, unknown> = Object.fromEntries(Object.entries(this.#options));
    for (const [key, name] of Object.entries(saved)) if (entries.has(key)) options[name] = entries.get(key);
    const read = schedule.read(caller, options as Given, this.optimizer);
    const groups = this.optimizer.paramGroups.length;
    const baseLrs = readNumbers(caller, 'base_lrs', entries.get('base_lrs'), groups);
    const lastLr = readNumbers(caller, '_last_lr', entries.get('_last_lr'), groups);
    // -1 in a SequentialLR, as long as its turn has not come.
    const epoch = entries.get('last_epoch') === -1 ? -1 : checkSize(caller, 'last_epoch', entries.get('last_epoch'));
    const steps = checkSize(caller, '_step_count', entries.get('_step_count') ?? epoch + 1);
    this.#options = read;
    this.#baseLrs = baseLrs;
    this.#steps = steps;
    this.epoch = epoch;
    this.noteRates(lastLr);
  }

  /** Takes back the step that was taken when it was made: its turn in a SequentialLR comes later. @internal */
  undo(): void {
    this.epoch -= 1;
  }

  /** Takes that step again, with the rates that the groups have now. @internal */
  begin(): void {
    this.#steps = 0;
    const next = this.#next(undefined, this.epoch);
    this.#take(next.epoch, this.#ratesAt(next.epoch, true, this.#schedule.rate, next.options), next.options);
  }

  /** Its turn in a SequentialLR. @internal */
  restart(): void {
    const { restart, rate } = this.#schedule;
    const { options } = this.#next(0, this.epoch);
    const rates = this.#ratesAt(0, false, restart ?? rate, options);
    this.#take(0, rates, options);
    this.#steps -= 1;
  }

  #next(epoch: number | undefined, last: number): { epoch: number; options: Options } {
    const { advance } = this.#schedule;
    const options = advance === undefined ? this.#options : advance(this.#options, epoch, last);
    return { epoch: Math.floor(epoch ?? last + 1), options };
  }

  #ratesAt(epoch: number, isFirst: boolean, rate: (moment: Moment<Options>) => number, options: Options): number[] {
    this.checkGroups(this.#baseLrs.length);
    const least = this.#schedule.endsAtZero === true ? 0 : Number.NEGATIVE_INFINITY;
    const next = this.rates().map((lr, group) => {
      const moment = { epoch, steps: this.#steps, isFirst, options, base: this.#baseLrs[group]!, lr, group };
      return Math.max(rate.call(this.#schedule, moment), least);
    });
    for (const lr of next)
      if (!Number.isFinite(lr)) throw new ArgumentError(`${this.caller}: the rate at epoch ${epoch} would be ${lr}`);
    return next;
  }

  #take(epoch: number, rates: readonly number[], options: Options): void {
    this.#options = options;
    this.epoch = epoch;
    this.#steps += 1;
    this.setRates(rates);
    this.#schedule.apply?.(this.optimizer, epoch, this.#options);
  }
}

function splitLastEpoch(caller: string, options: unknown): { lastEpoch: number; rest: unknown } {
  if (typeof options !== 'object' || options === null || !Object.hasOwn(options, 'lastEpoch'))
    return { lastEpoch: -1, rest: options };
  const { lastEpoch = -1, ...rest } = options as { lastEpoch?: unknown };
  return { lastEpoch: lastEpoch === -1 ? -1 : checkSize(caller, 'lastEpoch', lastEpoch), rest };
}
