/** What all learning rate schedulers have in common: an optimizer, the rates they last gave it, a state to save. */
import { show } from '../../check.js';
import { markAsOwn } from '../../copies.js';
import { ArgumentError, StateError } from '../../errors.js';
import { currentTrace } from '../../ops/trace.js';
import { isArray } from '../../realm.js';
import { pythonRepr } from '../../tensor/python-repr.js';
import { Optimizer } from '../optimizer.js';

/**
 * The state of a scheduler, with PyTorch's names: plain numbers and lists, so that it can be written as JSON. What a function
 * decides is not in it.
 */
export type SchedulerStateDict = Record<string, unknown>;

/** Rates that the groups had when their first scheduler came: PyTorch's `initial_lr`. */
const initialRates = new WeakMap<object, number>();

/**
 * The base of schedulers, as `torch.optim.lr_scheduler.LRScheduler`. A scheduler sets `lr` of the groups of its optimizer when it is
 * made, and again at each {@link step}; the optimizer is never called through it.
 */
export abstract class LRScheduler {
  /** Whose rates it sets. */
  readonly optimizer: Optimizer;
  /** @internal */
  protected readonly caller: string;
  /** @internal */
  protected epoch = 0;
  #lastLr: readonly number[] = [];

  protected constructor(caller: string, optimizer: unknown) {
    if (!(optimizer instanceof Optimizer)) throw new ArgumentError(`${caller}: ${show(optimizer)} is not an Optimizer`);
    this.caller = caller;
    this.optimizer = optimizer;
  }

  /** How many steps it has taken. */
  get lastEpoch(): number {
    return this.epoch;
  }

  /**
   * Goes one epoch on (or whatever it counts) and sets the rates.
   * @param metric what {@link ReduceLROnPlateau} watches; the others take none.
   */
  abstract step(metric?: number): void;

  /** The rates it last set, one for each group. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** What it was made with and where it stands, by PyTorch's names: `StepLR(step_size=30, gamma=0.1, ..., lr=(0.1,))`. */
  toString(): string {
    // What begins with a line is bookkeeping.
    const entries = Object.entries(this.stateDict()).filter(([key]) => !key.startsWith('_'));
    const shown = [...entries, ['lr', this.getLastLr()] as const];
    return `${this.caller}(${shown.map(([key, value]) => `${key}=${pythonRepr(value)}`).join(', ')})`;
  }

  /** What `console.log` shows: the same as {@link toString}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What {@link loadStateDict} takes. */
  abstract stateDict(): SchedulerStateDict;

  /** What `JSON.stringify` writes: the {@link stateDict}. */
  toJSON(): SchedulerStateDict {
    return this.stateDict();
  }

  /**
   * Takes over a saved state: what counts and what was configured, but for functions. The rates themselves are part of
   * the optimizer's state, which is loaded apart. Nothing is changed when anything does not fit.
   * @throws ArgumentError for a state that is not one of such a scheduler.
   */
  abstract loadStateDict(state: SchedulerStateDict): void;

  /** The rates of the groups when the first of their schedulers was made. @internal */
  protected initialRates(): number[] {
    return this.optimizer.paramGroups.map((group) => {
      const known = knownRate(group);
      if (known === undefined) initialRates.set(group, group.lr);
      return known ?? group.lr;
    });
  }

  /** @throws ArgumentError unless the initial rate of each group is known. @internal */
  protected requireInitialRates(): void {
    const missing = this.optimizer.paramGroups.findIndex((group) => knownRate(group) === undefined);
    if (missing >= 0)
      throw new ArgumentError(
        `${this.caller}: param 'initial_lr' is not specified in param_groups[${missing}] when resuming scheduler with last_epoch >= 0`,
      );
  }

  /** Says what the initial rate of a group is to be. @internal */
  protected setInitialRates(rates: readonly number[]): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) initialRates.set(group, rates[i]!);
  }

  /** Gives each group its rate. @internal */
  protected setRates(rates: readonly number[]): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) group.lr = rates[i]!;
    this.#lastLr = [...rates];
  }

  /** The rates that the groups have. @internal */
  protected rates(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Only notes the rates: for those whose rates another has set. @internal */
  protected noteRates(rates: readonly number[]): void {
    this.#lastLr = [...rates];
  }

  /** @throws StateError when groups have come since the scheduler was made. @internal */
  protected checkGroups(expected: number): void {
    const now = currentTrace();
    if (now !== null) throw now.refuse(`${this.caller}.step`, 'call it outside of the function, after each call');
    const { length } = this.optimizer.paramGroups;
    if (length !== expected)
      throw new StateError(
        `${this.caller}: the optimizer has ${length} parameter groups, and had ${expected} when the scheduler was made; make a new one`,
      );
  }
}

markAsOwn(LRScheduler);

/** What a scheduler has noted, or PyTorch's key in a group that the caller or a saved state has given. */
function knownRate(group: Readonly<Record<string, unknown>>): number | undefined {
  const known = initialRates.get(group) ?? group.initial_lr;
  return typeof known === 'number' && Number.isFinite(known) ? known : undefined;
}

/** A number for each group, from one for all or a list. */
export function perGroup(caller: string, what: string, value: unknown, groups: number): number[] {
  if (!isArray(value)) return Array.from({ length: groups }, () => finite(caller, what, value));
  if (value.length !== groups)
    throw new ArgumentError(`${caller}: expected ${groups} values for ${what}, got ${value.length}`);
  return Array.from(value, (each) => finite(caller, what, each));
}

/** A finite number. */
export function finite(caller: string, what: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new ArgumentError(`${caller}: ${what} must be a finite number, got ${show(value)}`);
  return value;
}
