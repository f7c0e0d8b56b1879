/** Learning rate schedulers that a training steps. */
import { checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { ReduceLROnPlateau } from '../optim/lr-scheduler/reduce-lr-on-plateau.js';
import { LRScheduler } from '../optim/lr-scheduler/scheduler.js';
import type { Optimizer } from '../optim/optimizer.js';
import { isArray } from '../realm.js';
import type { EpochResult } from './history.js';
import { checkScoreName, directionOf, noDirection, scoreOf } from './monitor.js';

/** A scheduler, and when it is stepped. */
export interface ScheduledLR {
  /** Of the optimizer that trains. */
  scheduler: LRScheduler;
  /** After each epoch (the default), or after each step. */
  interval?: 'epoch' | 'step';
  /**
   * What ReduceLROnPlateau watches: `'loss'`, `'validation.accuracy'`, ... Default: `'validation.loss'` where there is validation,
   * else `'loss'`. One that was made without `mode` wants an accuracy to rise and a loss to fall.
   */
  monitor?: string;
}

/** Schedulers of the optimizer; one by itself is stepped after each epoch. */
export type Schedulers = readonly (LRScheduler | ScheduledLR)[];

/** A {@link ScheduledLR}, read. */
export interface ReadScheduler {
  readonly scheduler: LRScheduler;
  readonly interval: 'epoch' | 'step';
  readonly monitor: string | undefined;
}

/** @param scores what can be monitored. */
export function readSchedulers(
  caller: string,
  given: unknown,
  optimizer: Optimizer,
  scores: readonly string[],
): ReadScheduler[] {
  if (given === undefined) return [];
  if (!isArray(given))
    throw new ArgumentError(`${caller}: schedulers must be a list of schedulers, got ${show(given)}`);
  const schedulers = Array.from(given, (each: unknown) => readOne(caller, each, optimizer));
  for (const { monitor } of schedulers) checkScoreName(caller, monitor, scores);
  return schedulers;
}

function readOne(caller: string, given: unknown, optimizer: Optimizer): ReadScheduler {
  const options = given instanceof LRScheduler ? { scheduler: given } : (given as ScheduledLR);
  const read = checkOptions(`${caller}: schedulers`, options, ['scheduler', 'interval', 'monitor']);
  const { scheduler, interval = 'epoch', monitor } = read;
  if (!(scheduler instanceof LRScheduler))
    throw new ArgumentError(`${caller}: schedulers must hold schedulers, got ${show(scheduler)}`);
  if (scheduler.optimizer !== optimizer)
    throw new ArgumentError(`${caller}: the scheduler ${scheduler.constructor.name} belongs to another optimizer`);
  checkOneOf(caller, 'interval of a scheduler', interval, ['epoch', 'step']);
  const watches = scheduler instanceof ReduceLROnPlateau;
  if (watches && interval === 'step')
    throw new ArgumentError(`${caller}: ReduceLROnPlateau goes by the scores of epochs: its interval must be 'epoch'`);
  if (monitor !== undefined && (!watches || typeof monitor !== 'string'))
    throw new ArgumentError(
      `${caller}: monitor is the name of a score, for ReduceLROnPlateau, got ${show(monitor)} for ${scheduler.constructor.name}`,
    );
  if (watches && !scheduler.hasMode && directionOf(monitor) === null)
    throw noDirection(`${caller}: ReduceLROnPlateau`, monitor!);
  return { scheduler, interval, monitor };
}

/** Tells those that watch a score which way it is to go, unless they have been told. */
export function beginSchedulers(schedulers: readonly ReadScheduler[]): void {
  for (const { scheduler, monitor } of schedulers) {
    const direction = directionOf(monitor);
    if (scheduler instanceof ReduceLROnPlateau && direction !== null) scheduler.assumeMode(direction);
  }
}

/** Steps those that go by epochs. */
export function stepEpochSchedulers(caller: string, schedulers: readonly ReadScheduler[], result: EpochResult): void {
  for (const { scheduler, interval, monitor } of schedulers) {
    if (interval !== 'epoch') continue;
    if (scheduler instanceof ReduceLROnPlateau) scheduler.step(scoreOf(caller, result, monitor));
    else scheduler.step();
  }
}

/** Those that go by steps, which are stepped when a step is submitted and so may be one step ahead of the model. */
export class StepSchedulers {
  readonly #schedulers: readonly LRScheduler[];
  readonly #optimizer: Optimizer;

  constructor(schedulers: readonly ReadScheduler[], optimizer: Optimizer) {
    this.#schedulers = schedulers.filter(({ interval }) => interval === 'step').map(({ scheduler }) => scheduler);
    this.#optimizer = optimizer;
  }

  get isEmpty(): boolean {
    return this.#schedulers.length === 0;
  }

  /** Steps them. Returns what takes it back, for a step that is never made. */
  step(): () => void {
    const states = this.#schedulers.map((scheduler) => scheduler.stateDict());
    const groups = this.#optimizer.paramGroups.map(({ params: _, ...options }) => options);
    for (const scheduler of this.#schedulers) scheduler.step();
    return () => {
      for (const [i, scheduler] of this.#schedulers.entries()) scheduler.loadStateDict(states[i]!);
      for (const [i, group] of this.#optimizer.paramGroups.entries()) Object.assign(group, groups[i]);
    };
  }
}
