/** What can take part in a training at the end of each epoch. */
import type { AnyModule } from '../nn/module.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { EpochResult, History } from './history.js';

/** What callbacks are given in addition to the result. Between two epochs nothing runs: model and optimizer may be read and changed. */
export interface TrainingContext {
  /** What is trained. */
  readonly model: AnyModule;
  /** What trains it. */
  readonly optimizer: Optimizer;
  /** The names of what each epoch is measured by: `'loss'`, metrics, and both of validation, as in `'validation.loss'`. */
  readonly scores: readonly string[];
  /** Ends the training after this epoch; the reason stands in the history. */
  stop(reason: string): void;
}

/**
 * One's own: an object with any of these, for one training at a time. Promises are waited for. What throws ends the training with
 * that error.
 */
export interface Callback {
  /** Have the output of every layer, and the loss, looked at in each training step: see {@link TerminateOnNaN}. */
  readonly checkFinite?: boolean;
  /** In a training on several ranks: whether rank 0 alone calls it, as for what writes files. Default false. */
  readonly onRankZeroOnly?: boolean;
  /** Before the first epoch; the model is as it was given. */
  onStart?(context: TrainingContext): void | Promise<void>;
  /** After an epoch, its validation and the schedulers. */
  onEpoch?(result: EpochResult, context: TrainingContext): void | Promise<void>;
  /** When the signal has ended the training, after its last step, before the rejection; a promise is not waited for. */
  onAbort?(context: TrainingContext): void;
  /**
   * What checkpoints are to keep of it: null, booleans, numbers, strings, bigints, tensors, and arrays and plain objects of such. It is
   * called between two steps, and what it gives must not change afterwards.
   */
  stateDict?(): unknown;
  /** Goes on from what {@link stateDict} gave, after `onStart` of a training that is resumed. What throws keeps all from being resumed. */
  loadStateDict?(state: unknown): void;
  /** At the end, unless it ended with an error. */
  onEnd?(history: History, context: TrainingContext): void | Promise<void>;
}
