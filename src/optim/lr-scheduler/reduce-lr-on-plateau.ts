import { checkNumber, checkOneOf, checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { finite, LRScheduler, perGroup, type SchedulerStateDict } from './scheduler.js';
import { readNumbers, readSaved } from './state.js';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric is to fall (`'min'`, the default) or to rise. Without it, fit goes by what it watches. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied with, below 1. Default 0.1. */
  factor?: number;
  /** How many steps without an improvement are borne. Default 10. */
  patience?: number;
  /** What counts as an improvement. Default 1e-4. */
  threshold?: number;
  /** Whether `threshold` is a share of the best metric (`'rel'`, the default) or a difference. */
  thresholdMode?: 'rel' | 'abs';
  /** Steps after a cut in which none is counted. Default 0. */
  cooldown?: number;
  /** The lowest rate, or one for each group. Default 0. */
  minLr?: number | readonly number[];
  /** A cut by less than this is not made. Default 1e-8. */
  eps?: number;
}

type Settings = Required<Omit<ReduceLROnPlateauOptions, 'minLr'>> & { minLr: readonly number[] };

const keys = ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps'] as const;

function read(caller: string, options: ReduceLROnPlateauOptions | undefined, groups: number): Settings {
  const given = checkOptions(caller, options, keys);
  const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = given;
  const { cooldown = 0, minLr = 0, eps = 1e-8 } = given;
  if (!(finite(caller, 'factor', factor) < 1))
    throw new ArgumentError(`${caller}: Factor should be < 1.0, got ${factor}`);
  return {
    mode: checkOneOf(caller, 'mode', mode, ['min', 'max']),
    factor,
    patience: checkSize(caller, 'patience', patience),
    threshold: finite(caller, 'threshold', threshold),
    thresholdMode: checkOneOf(caller, 'thresholdMode', thresholdMode, ['rel', 'abs']),
    cooldown: checkSize(caller, 'cooldown', cooldown),
    minLr: perGroup(caller, 'minLr', minLr, groups),
    eps: finite(caller, 'eps', eps),
  };
}

const worst = (mode: 'min' | 'max') => (mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);

/**
 * Multiplies the rates by `factor` when a metric has not improved for more than `patience` steps.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html | ReduceLROnPlateau}
 */
export class ReduceLROnPlateau extends LRScheduler {
  #settings: Settings;
  #hasMode: boolean;
  #best: number;
  #badEpochs = 0;
  #cooldownCounter = 0;

  /** @throws ArgumentError for options that are not valid. */
  constructor(optimizer: Optimizer, options?: ReduceLROnPlateauOptions) {
    super('ReduceLROnPlateau', optimizer);
    this.#settings = read(this.caller, options, optimizer.paramGroups.length);
    this.#hasMode = options?.mode !== undefined;
    this.#best = worst(this.#settings.mode);
    this.noteRates(this.rates());
  }

  /** Whether the mode was given, or loaded. @internal */
  get hasMode(): boolean {
    return this.#hasMode;
  }

  /** Takes a mode for what is watched from here on, unless one was given; another one begins with no best metric. @internal */
  assumeMode(mode: 'min' | 'max'): void {
    if (this.#hasMode || mode === this.#settings.mode) return;
    this.#settings = { ...this.#settings, mode };
    this.#best = worst(mode);
    this.#badEpochs = 0;
  }

  /** @param metric what is watched; NaN counts as no improvement. @throws ArgumentError when it is not a number. */
  override step(metric: number): void {
    if (typeof metric !== 'number')
      throw new ArgumentError(`${this.caller}.step: metric must be a number, got ${show(metric)}`);
    const { patience, cooldown, minLr } = this.#settings;
    this.checkGroups(minLr.length);
    this.epoch += 1;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badEpochs = 0;
    } else this.#badEpochs += 1;
    if (this.#cooldownCounter > 0) {
      this.#cooldownCounter -= 1;
      this.#badEpochs = 0;
    }
    if (this.#badEpochs > patience) {
      this.#reduce();
      this.#cooldownCounter = cooldown;
      this.#badEpochs = 0;
    }
    this.noteRates(this.rates());
  }

  override stateDict(): SchedulerStateDict {
    const { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps } = this.#settings;
    return {
      mode,
      factor,
      patience,
      threshold,
      threshold_mode: thresholdMode,
      cooldown,
      min_lrs: [...minLr],
      eps,
      best: this.#best,
      num_bad_epochs: this.#badEpochs,
      cooldown_counter: this.#cooldownCounter,
      last_epoch: this.epoch,
      _last_lr: this.getLastLr(),
    };
  }

  override loadStateDict(state: SchedulerStateDict): void {
    const caller = `${this.caller}.loadStateDict`;
    const names = [
      ...['mode', 'factor', 'patience', 'threshold', 'threshold_mode', 'cooldown', 'min_lrs', 'eps'],
      ...['best', 'num_bad_epochs', 'cooldown_counter', 'last_epoch', '_last_lr'],
    ];
    const entries = readSaved(caller, state, names);
    const options: Record<string, unknown> = {};
    for (const key of keys) {
      const name = { thresholdMode: 'threshold_mode', minLr: 'min_lrs' }[key as string] ?? key;
      if (entries.has(name)) options[key] = entries.get(name);
    }
    const entry = (name: string) => entries.get(name);
    const groups = this.optimizer.paramGroups.length;
    const settings = read(caller, { ...this.#settings, ...options }, groups);
    // JSON writes an infinite number as null.
    const best = entry('best') === null ? worst(settings.mode) : checkNumber(caller, 'best', entry('best'));
    const badEpochs = checkSize(caller, 'num_bad_epochs', entry('num_bad_epochs'));
    const cooldownCounter = checkSize(caller, 'cooldown_counter', entry('cooldown_counter'));
    const epoch = checkSize(caller, 'last_epoch', entry('last_epoch'));
    const lastLr = readNumbers(caller, '_last_lr', entry('_last_lr'), groups);
    this.#settings = settings;
    this.#hasMode = true;
    this.#best = best;
    this.#badEpochs = badEpochs;
    this.#cooldownCounter = cooldownCounter;
    this.epoch = epoch;
    this.noteRates(lastLr);
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#settings;
    const best = this.#best;
    if (mode === 'min') return metric < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return metric > (thresholdMode === 'rel' ? best * (1 + threshold) : best + threshold);
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.#settings;
    const rates = this.rates().map((lr, i) => {
      const next = Math.max(lr * factor, minLr[i]!);
      return lr - next > eps ? next : lr;
    });
    this.setRates(rates);
  }
}
