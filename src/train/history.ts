/** What a training tells about itself. */

/**
 * Means over the samples of a pass over data, as if these had been one batch. The mean of CrossEntropyLoss is over the weights of its labels:
 * ignored ones count for nothing, in the accuracy neither; with weights of samples it is over both together. A loss of reduction `'sum'` is
 * divided by the samples. Of a loss or metric of the caller's own the means of batches are weighed by their rows.
 */
export interface Scores {
  /** The mean loss. */
  readonly loss: number;
  /** When the metric `'accuracy'` was asked for. */
  readonly accuracy?: number;
  /** All metrics by name, `accuracy` among them. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** One epoch. The scores of training are taken while the weights change, in training mode. */
export interface EpochResult extends Scores {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps that were made; fewer than the data have when the time was up in between. */
  readonly steps: number;
  /** Samples in them. */
  readonly samples: number;
  /** Scores on the validation data after the epoch, in evaluation mode; absent when there are none, or when the time limit came first. */
  readonly validation?: Scores;
  /** Learning rate of each parameter group at the epoch's end, before schedulers of the interval `'epoch'` step. */
  readonly lr: readonly number[];
  /** How long it took, validation included. */
  readonly seconds: number;
  /** Samples trained on in a second, validation not counted. */
  readonly samplesPerSecond: number;
}

/** A whole training. */
export interface History {
  /**
   * In their order; the last may have been cut short by the time limit. Kept as some ten numbers each: of more than 10,000 the results
   * are made when they are asked for, and `Array.from` makes what `structuredClone` takes. Empty after {@link epochs}, whose results are
   * the caller's.
   */
  readonly epochs: readonly EpochResult[];
  /** Why it ended before its last epoch: `'timeLimit'`, or the reason that a callback gave. null when it did not. */
  readonly stopped: string | null;
  /** How long it took in all. */
  readonly seconds: number;
  /**
   * The epochs as CSV, a line each: `epoch`, `steps`, `samples`, `loss`, the metrics, the same of validation (`validation.loss`), `lr` (`lr.0`, `lr.1`, ...
   * of several groups), `seconds`, `samplesPerSecond`. Numbers have all their digits; what an epoch has not is left empty.
   */
  toCSV(): string;
}

/** Where a training stands. */
export interface Progress {
  /** The epoch that is running, counted from 1. */
  readonly epoch: number;
  /** How many there are to be. */
  readonly epochs: number;
  /** Steps made in this epoch. */
  readonly step: number;
  /** Steps in an epoch; null as long as that is not known, for an iterable without a length. */
  readonly steps: number | null;
  /** Of the whole training, from 0 to 1. */
  readonly fraction: number;
  /** Mean loss of this epoch so far. */
  readonly loss: number;
  /** Samples trained on in a second, in this epoch. */
  readonly samplesPerSecond: number;
  /** Since the training began. */
  readonly seconds: number;
}

/** A step that has just been made. */
export interface StepResult {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in each epoch. */
  readonly step: number;
  /** Of its batch. */
  readonly loss: number;
  /** Of its batch, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Learning rate of each parameter group in this step. */
  readonly lr: readonly number[];
}
