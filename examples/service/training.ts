/** The training itself: `fit` does it, on threads of the library's own. */
import { data, fit, nn, optim, type Tensor } from 'lanewise';
import type { Digits, Split } from '../mnist/digits.js';
import type { Architecture } from './network.js';

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
  /** Whether the model answers from now on as it was after this epoch. */
  readonly answers: boolean;
}

export interface Listener {
  readonly signal: AbortSignal;
  addProgress(progress: Progress): void;
  /** Called between two steps. */
  addEpoch(result: Omit<EpochResult, 'answers'>): void;
}

/**
 * Trains until all epochs are done. When it throws, the network is whole: that of the last step.
 * @throws the reason of the signal when it is aborted
 */
export async function train(
  network: nn.Module<[Tensor], Tensor>,
  { train: digits, test }: Split,
  options: TrainingOptions,
  listener: Listener,
): Promise<void> {
  await fit(network, {
    train: someOf(digits, options.samples),
    validation: new data.TensorDataset(test.images, test.labels),
    epochs: options.epochs,
    batchSize: options.batchSize,
    optimizer: new optim.Adam(network.parameters(), { lr: options.learningRate }),
    loss: new nn.CrossEntropyLoss(),
    metrics: ['accuracy'],
    // Everything else on this machine goes first, above all the requests to this server.
    priority: 'background',
    signal: listener.signal,
    onProgress: ({ fraction, epoch, loss }) => listener.addProgress({ fraction, epoch, loss }),
    onEpoch: ({ epoch, loss, accuracy, validation }) =>
      listener.addEpoch({
        epoch,
        loss,
        accuracy: accuracy!,
        validation: { loss: validation!.loss, accuracy: validation!.accuracy! },
      }),
  });
}

/** The given number of digits. They come sorted by class: every n-th of them has some of each. */
function someOf({ images, labels }: Digits, samples: number): data.TensorDataset<readonly [Tensor, Tensor]> {
  const all = new data.TensorDataset(images, labels);
  if (samples === all.length) return all;
  const indices = Int32Array.from({ length: samples }, (_, i) => Math.floor((i * all.length) / samples));
  return new data.TensorDataset(...all.getBatch(indices));
}
