/** Watching one of the scores of an epoch. */
import { checkNumber, checkOneOf, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isRecord } from '../realm.js';
import type { EpochResult, Scores } from './history.js';

/** What is watched and when it has improved. */
export interface MonitorOptions {
  /**
   * `'loss'` or the name of a metric, of training; or of validation as `'validation.loss'`, `'validation.accuracy'`. Default:
   * `'validation.loss'` where there is validation, else `'loss'`.
   */
  monitor?: string;
  /**
   * Whether it is to fall or to rise. Default: `'min'` for a loss, `'max'` for a metric whose name ends in `accuracy`; for any other
   * it has to be given. ReduceLROnPlateau goes by the same rule.
   */
  mode?: 'min' | 'max';
  /** By how much at least it must be better to count as improved. Default 0. */
  minDelta?: number;
}

export const monitorKeys = ['monitor', 'mode', 'minDelta'] as const;

/** Whether the score of that name is to fall or to rise by itself; null where nothing says so. */
export function directionOf(name = 'loss'): 'min' | 'max' | null {
  const score = name.replace(/^validation\./, '');
  if (score === 'loss') return 'min';
  return /accuracy$/i.test(score) ? 'max' : null;
}

/** The error for a score of no known direction. */
export const noDirection = (caller: string, name: string) =>
  new ArgumentError(`${caller}: nothing says whether ${show(name)} is to fall or to rise; give mode: 'min' or 'max'`);

/** What the epochs of a training can be monitored by, given the names of its metrics. */
export function scoreNames(metrics: readonly string[], hasValidation: boolean): string[] {
  const names = ['loss', ...metrics];
  return hasValidation ? [...names, ...names.map((each) => `validation.${each}`)] : names;
}

/** @throws ArgumentError unless `name` is one of them, or left to the default. */
export function checkScoreName(caller: string, name: string | undefined, names: readonly string[]): void {
  if (name !== undefined && !names.includes(name)) throw noSuchScore(caller, name, names);
}

const noSuchScore = (caller: string, name: string, names: readonly string[]) =>
  new ArgumentError(`${caller}: there is nothing called ${show(name)} to monitor; there are ${names.join(', ')}`);

/** The score of that name. @throws ArgumentError when the epoch has none. */
export function scoreOf(caller: string, result: EpochResult, name: string | undefined): number {
  const chosen = name ?? (result.validation === undefined ? 'loss' : 'validation.loss');
  const isValidation = chosen.startsWith('validation.');
  const scores: Scores | undefined = isValidation ? result.validation : result;
  const key = isValidation ? chosen.slice('validation.'.length) : chosen;
  const score =
    key === 'loss' ? scores?.loss : Object.hasOwn(scores?.metrics ?? {}, key) ? scores?.metrics[key] : undefined;
  if (score !== undefined) return score;
  throw noSuchScore(caller, chosen, scoreNames(Object.keys(result.metrics), result.validation !== undefined));
}

/** Remembers the best score so far. */
export class Monitor {
  readonly #caller: string;
  readonly #name: string | undefined;
  readonly #mode: 'min' | 'max';
  readonly #minDelta: number;
  #best: number | null = null;

  constructor(caller: string, { monitor, mode, minDelta = 0 }: MonitorOptions) {
    if (monitor !== undefined && typeof monitor !== 'string')
      throw new ArgumentError(`${caller}: monitor must be the name of a score, got ${show(monitor)}`);
    const direction = mode ?? directionOf(monitor);
    if (direction === null) throw noDirection(caller, monitor!);
    this.#caller = caller;
    this.#name = monitor;
    this.#mode = checkOneOf(caller, 'mode', direction, ['min', 'max']);
    this.#minDelta = checkNumber(caller, 'minDelta', minDelta);
    if (minDelta < 0) throw new ArgumentError(`${caller}: minDelta must not be negative, got ${minDelta}`);
  }

  /** Starts again with a training that has these scores. @throws ArgumentError when the one to watch is not among them. */
  reset(scores: readonly string[]): void {
    checkScoreName(this.#caller, this.#name, scores);
    this.#best = null;
  }

  /** Whether an epoch is better than all before it. NaN never is; the first number always. */
  improves(result: EpochResult): boolean {
    const score = scoreOf(this.#caller, result, this.#name);
    if (Number.isNaN(score)) return false;
    const isBetter = this.isBetter(score, this.#best, this.#minDelta);
    if (isBetter) this.#best = score;
    return isBetter;
  }

  /** Whether a score is better than another, by more than `minDelta`; any number is better than none. */
  isBetter(score: number, than: number | null, minDelta = 0): boolean {
    if (than === null) return true;
    return this.#mode === 'min' ? score < than - minDelta : score > than + minDelta;
  }

  /** Goes on from a best score. */
  restore(best: number | null): void {
    this.#best = best;
  }

  /** The best score so far, or null. */
  get best(): number | null {
    return this.#best;
  }
}

/** The best score in a saved state. @throws ArgumentError when there is none. */
export function bestOf(caller: string, state: unknown): number | null {
  if (isRecord(state) && (state.best === null || typeof state.best === 'number')) return state.best;
  throw new ArgumentError(`${caller}: the state in the checkpoint is not one of a ${caller}, got ${show(state)}`);
}
