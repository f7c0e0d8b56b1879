/** The network, and its training by `fit`. */
import { data, type EpochResult, fit, nn, optim, type Progress, type Tensor } from 'lanewise';
import type { Digits, Split } from '../mnist/digits.js';

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly augment: boolean;
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  onEpoch(result: EpochResult): void;
}

/** [N, 1, 28, 28] -> [N, 10], logits. Whole feature maps are dropped behind the last pool, single features behind the hidden layer. */
export function makeModel() {
  return new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 64, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout2d(0.25),
    new nn.Flatten(),
    new nn.Linear(64 * 7 * 7, 128),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(128, 10),
  );
}

export type Model = ReturnType<typeof makeModel>;

/** The images of a list of pixels: [N, 1, 28, 28]. */
const asImages = ({ images }: Digits): Tensor => images.reshape([-1, 1, 28, 28]);

/** Trains with Adam and cross-entropy. @throws the reason of the signal when it is aborted */
export async function train(model: Model, { train: images, test }: Split, options: TrainingOptions): Promise<void> {
  const { epochs, batchSize, signal, onProgress, onEpoch } = options;
  const { Compose, RandomCrop, RandomHorizontalFlip } = data.transforms;
  const transform = new Compose([new RandomCrop(28, { padding: 2 }), new RandomHorizontalFlip()]);
  await fit(model, {
    train: new data.TensorDataset(asImages(images), images.labels),
    validation: new data.TensorDataset(asImages(test), test.labels),
    ...(options.augment && { transform }),
    ...{ epochs, batchSize, signal, onProgress, onEpoch },
    optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: ['accuracy'],
  });
}
