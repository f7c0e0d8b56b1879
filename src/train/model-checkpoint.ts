import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import type { OptimizerStateDict } from '../optim/state-dict.js';
import { isRecord } from '../realm.js';
import type { Callback, TrainingContext } from './callback.js';
import { type CheckpointFileOptions, CheckpointFiles } from './checkpoint-files.js';
import type { EpochResult } from './history.js';
import { bestOf, Monitor, type MonitorOptions, monitorKeys } from './monitor.js';
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

/** Options of a {@link ModelCheckpoint} with a function. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only epochs that are better than all before them are saved. Default true. */
  saveBestOnly?: boolean;
}

/** Hands copies to a function of the caller's. */
interface Hand {
  readonly save: (checkpoint: Checkpoint) => void | Promise<void>;
  readonly monitor: Monitor;
  readonly saveBestOnly: boolean;
}

/**
 * Saves a training while it runs. With a path it writes files of all that the training consists of, as the option `resume` of `fit` and
 * `io.loadCheckpoint` read them; with a function it hands over copies of model and optimizer.
 *
 * ```ts
 * const path = 'run/last.safetensors';
 * await fit(model, { ..., callbacks: [new ModelCheckpoint({ path, everySeconds: 60 })], resume: { path, ifExists: true } });
 * ```
 *
 * A file is a checkpoint of one moment between two steps. Training waits while the tensors are copied, with the event loop free, and goes on
 * while they are written. At every moment the file at the path is the old one or the new one, whole, also when the process is
 * killed. A checkpoint that becomes due while the one before it is still being written waits for that. A write that fails ends the training
 * with an ArgumentError; when `fit` settles, all files are on the disk.
 */
export class ModelCheckpoint implements Callback {
  readonly onRankZeroOnly = true;
  readonly #hand: Hand | null;
  /** What writes files, or null. @internal */
  readonly '~files': CheckpointFiles | null;

  /** Writes files. @throws ArgumentError for options that are not valid. */
  constructor(options: CheckpointFileOptions);
  /**
   * Hands copies of the state to a function that saves them; a promise of it is waited for before training goes on.
   * @throws ArgumentError unless `save` is a function, and for options that are not valid.
   */
  constructor(save: (checkpoint: Checkpoint) => void | Promise<void>, options?: ModelCheckpointOptions);
  constructor(
    given: CheckpointFileOptions | ((checkpoint: Checkpoint) => void | Promise<void>),
    options?: ModelCheckpointOptions,
  ) {
    const caller = 'ModelCheckpoint';
    if (isRecord(given)) {
      if (options !== undefined) throw new ArgumentError(`${caller}: with a path all options belong into one object`);
      this.#hand = null;
      this['~files'] = new CheckpointFiles(caller, given as CheckpointFileOptions);
      return;
    }
    if (typeof given !== 'function')
      throw new ArgumentError(`${caller}: expected { path, ... } or a function that saves, got ${show(given)}`);
    const own = checkOptions(caller, options, [...monitorKeys, 'saveBestOnly']);
    const { saveBestOnly = true } = own;
    this['~files'] = null;
    this.#hand = {
      save: given,
      monitor: new Monitor(caller, own),
      saveBestOnly: checkBoolean(caller, 'saveBestOnly', saveBestOnly),
    };
  }

  /** The file that was written last; null when none was, and with a function. */
  get lastPath(): string | null {
    return this['~files']?.lastPath ?? null;
  }

  /** The best score so far; null before there is one, and with a path without `monitor`. */
  get best(): number | null {
    return this['~files']?.best ?? this.#hand?.monitor.best ?? null;
  }

  onStart({ scores }: TrainingContext): void {
    this.#hand?.monitor.reset(scores);
    this['~files']?.begin(scores);
  }

  async onEpoch(result: EpochResult, { model, optimizer }: TrainingContext): Promise<void> {
    // Files are written after all callbacks, whose state they hold.
    this['~files']?.see(result);
    if (this.#hand === null) return;
    const { save, monitor, saveBestOnly } = this.#hand;
    const isBetter = monitor.improves(result);
    if (saveBestOnly && !isBetter) return;
    await save({ model: copyModelState(model), optimizer: copyOptimizerState(optimizer), result });
  }

  /** What checkpoints keep of it: the best score, and which files there are. */
  stateDict(): unknown {
    return this['~files']?.stateDict() ?? { best: this.#hand!.monitor.best };
  }

  /** Goes on from what {@link stateDict} gave. */
  loadStateDict(state: unknown): void {
    if (this['~files'] !== null) this['~files'].loadStateDict(state);
    else this.#hand!.monitor.restore(bestOf('ModelCheckpoint', state));
  }
}
