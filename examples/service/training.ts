/** The training itself: `fit` does it, on threads of the library's own. */
import { data, fit, nn, optim, type Tensor } from 'lanewise';
import type { Digits, Split } from '../mnist/digits.js';
import type { Architecture, Model } from './model.js';

/** What `POST /train` takes. */
export interface TrainingOptions extends Architecture {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** How many of the digits to train on. */
  readonly samples: number;
  /** Of initial weights, shuffling and dropout. */
  readonly seed: number;
}

export interface Progress {
  /** Of the whole training, from 0 to 1. */
  readonly fraction: number;
  /** The epoch that is running, from 1. */
  readonly epoch: number;
  /** Mean loss of this epoch so far; null before there is one. */
  readonly loss: number | null;
}

export interface Scores {
  readonly loss: number;
  readonly accuracy: number;
}

export interface EpochResult extends Scores {
  readonly epoch: number;
  /** On digits that were held out. */
  readonly validation: Scores;
}

export interface Listener {
  readonly signal: AbortSignal;
  addProgress(progress: Progress): void;
  addEpoch(result: EpochResult): void;
}

/**
 * Trains until all epochs are done, or until the signal is aborted. Either way, and when it throws, the model is whole: that
 * of the last step.
 */
export async function train(
  { network }: Model,
  { train: digits, test }: Split,
  options: TrainingOptions,
  listener: Listener,
): Promise<'done' | 'cancelled'> {
  const { signal } = listener;
  try {
    await fit(network, {
      train: someOf(digits, options.samples),
      validation: new data.TensorDataset(test.images, test.labels),
      epochs: options.epochs,
      batchSize: options.batchSize,
      optimizer: new optim.Adam(network.parameters(), { lr: options.learningRate }),
      loss: new nn.CrossEntropyLoss(),
      metrics: ['accuracy'],
      // Whatever else runs on this machine goes first, the requests to this server above all.
      priority: 'background',
      signal,
      onProgress: ({ fraction, epoch, loss }) => listener.addProgress({ fraction, epoch, loss }),
      onEpoch: ({ epoch, loss, accuracy, validation }) =>
        listener.addEpoch({
          epoch,
          loss,
          accuracy: accuracy!,
          validation: { loss: validation!.loss, accuracy: validation!.accuracy! },
        }),
    });
    return 'done';
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 'cancelled';
    throw error;
  }
}

/** So many digits. They come sorted by class: every n-th of them has some of each. */
function someOf({ images, labels }: Digits, samples: number): data.TensorDataset<readonly [Tensor, Tensor]> {
  const all = new data.TensorDataset(images, labels);
  const indices = Int32Array.from({ length: samples }, (_, i) => Math.floor((i * all.length) / samples));
  return new data.TensorDataset(...all.getBatch(indices));
}
