import { checkBoolean, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import { isRecord } from '../realm.js';
import type { Callback, TrainingContext } from './callback.js';
import type { EpochResult } from './history.js';
import { bestOf, Monitor, type MonitorOptions, monitorKeys } from './monitor.js';
import { copyModelState } from './state-copy.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** How many epochs in a row without an improvement end the training; 0 is as 1. The first never does. Default 3. */
  patience?: number;
  /**
   * Whether the model gets back the state of its best epoch at the end, by the signal too, but not by an error: then
   * {@link EarlyStopping.bestState} has it. Default false.
   */
  restoreBest?: boolean;
}

/**
 * Ends a training that does not get better. As
 * {@link https://keras.io/api/callbacks/early_stopping/ | Keras' EarlyStopping}.
 */
export class EarlyStopping implements Callback {
  readonly #monitor: Monitor;
  readonly #patience: number;
  readonly #restoreBest: boolean;
  #bad = 0;
  #best: { readonly epoch: number; readonly state: StateDict | null } | null = null;
  #last = 0;

  /** @throws ArgumentError for options that are not valid. */
  constructor(options?: EarlyStoppingOptions) {
    const caller = 'EarlyStopping';
    const given = checkOptions(caller, options, [...monitorKeys, 'patience', 'restoreBest']);
    const { patience = 3, restoreBest = false } = given;
    this.#monitor = new Monitor(caller, given);
    this.#patience = checkSize(caller, 'patience', patience);
    this.#restoreBest = checkBoolean(caller, 'restoreBest', restoreBest);
  }

  /** The epoch with the best score so far, or null. */
  get bestEpoch(): number | null {
    return this.#best?.epoch ?? null;
  }

  /**
   * A copy of the model's state after that epoch, for `model.loadStateDict`: with `restoreBest`, until the model has been given it.
   * Else null.
   */
  get bestState(): StateDict | null {
    return this.#best?.state ?? null;
  }

  /** That score. */
  get best(): number | null {
    return this.#monitor.best;
  }

  onStart({ scores }: TrainingContext): void {
    this.#monitor.reset(scores);
    this.#bad = 0;
    this.#best = null;
    this.#last = 0;
  }

  onEpoch(result: EpochResult, { model, stop }: TrainingContext): void {
    this.#last = result.epoch;
    if (this.#monitor.improves(result)) {
      this.#best = { epoch: result.epoch, state: this.#restoreBest ? copyModelState(model) : null };
      this.#bad = 0;
      return;
    }
    this.#bad += 1;
    // As Keras: an epoch has to have something to be compared with.
    if (this.#bad >= this.#patience && result.epoch > 1) stop('EarlyStopping');
  }

  /** What checkpoints keep of it, the best weights among it. */
  stateDict(): unknown {
    return { best: this.#monitor.best, bad: this.#bad, last: this.#last, bestEpoch: this.#best };
  }

  /** Goes on from what {@link stateDict} gave. @throws ArgumentError for anything else. */
  loadStateDict(state: unknown): void {
    const caller = 'EarlyStopping';
    const best = bestOf(caller, state);
    const { bad, last, bestEpoch } = state as { bad: unknown; last: unknown; bestEpoch: unknown };
    const isBest = bestEpoch === null || (isRecord(bestEpoch) && typeof bestEpoch.epoch === 'number');
    if (typeof bad !== 'number' || typeof last !== 'number' || !isBest)
      throw new ArgumentError(`${caller}: the state in the checkpoint is not one of an ${caller}, got ${show(state)}`);
    const found = bestEpoch as { epoch: number; state: StateDict | null } | null;
    if (this.#restoreBest && found !== null && found.state === null)
      throw new ArgumentError(
        `${caller}: restoreBest, but the checkpoint was made without, and lacks the best weights`,
      );
    this.#monitor.restore(best);
    this.#bad = bad;
    this.#last = last;
    this.#best = found;
  }

  onAbort(context: TrainingContext): void {
    this.#restore(context);
  }

  onEnd(_history: unknown, context: TrainingContext): void {
    this.#restore(context);
  }

  #restore({ model }: TrainingContext): void {
    const best = this.#best;
    if (best !== null && best.state !== null && best.epoch !== this.#last) model.loadStateDict(best.state);
    // The history has what is worth keeping; weights are large.
    if (best !== null) this.#best = { epoch: best.epoch, state: null };
  }
}
