import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import type { OptimizerStateDict } from '../optim/state-dict.js';
import type { Callback, TrainingContext } from './callback.js';
import type { EpochResult } from './history.js';
import { Monitor, type MonitorOptions, monitorKeys } from './monitor.js';
import { copyModelState, copyOptimizerState } from './state-copy.js';

/** What is to be saved: copies, which training on does not change. */
export interface Checkpoint {
  /** For `model.loadStateDict`. */
  readonly model: StateDict;
  /** For `optimizer.loadStateDict`. */
  readonly optimizer: OptimizerStateDict;
  /** The epoch after which it was taken. */
  readonly result: EpochResult;
}

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only epochs that are better than all before them are saved. Default true. */
  saveBestOnly?: boolean;
}

/** Hands copies of the state to a function that saves them; a promise of it is waited for before training goes on. */
export class ModelCheckpoint implements Callback {
  readonly #save: (checkpoint: Checkpoint) => void | Promise<void>;
  readonly #monitor: Monitor;
  readonly #saveBestOnly: boolean;

  /** @throws ArgumentError unless `save` is a function, and for options that are not valid. */
  constructor(save: (checkpoint: Checkpoint) => void | Promise<void>, options?: ModelCheckpointOptions) {
    const caller = 'ModelCheckpoint';
    if (typeof save !== 'function') throw new ArgumentError(`${caller}: save must be a function, got ${show(save)}`);
    const given = checkOptions(caller, options, [...monitorKeys, 'saveBestOnly']);
    const { saveBestOnly = true } = given;
    this.#save = save;
    this.#monitor = new Monitor(caller, given);
    this.#saveBestOnly = checkBoolean(caller, 'saveBestOnly', saveBestOnly);
  }

  onStart({ scores }: TrainingContext): void {
    this.#monitor.reset(scores);
  }

  async onEpoch(result: EpochResult, { model, optimizer }: TrainingContext): Promise<void> {
    const isBetter = this.#monitor.improves(result);
    if (this.#saveBestOnly && !isBetter) return;
    await this.#save({ model: copyModelState(model), optimizer: copyOptimizerState(optimizer), result });
  }
}
