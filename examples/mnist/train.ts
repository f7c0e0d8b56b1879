/** The network and its training loop, written as one would in PyTorch. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { data, nn, noGrad, optim, type Tensor } from 'lanewise';
import type { Digits, Split } from './digits.js';

export interface EpochResult {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly samplesPerSecond: number;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly signal: AbortSignal;
  onBatch(progress: { epoch: number; batch: number; batches: number; loss: number; samplesPerSecond: number }): void;
  onEpoch(result: EpochResult): void;
}

export function makeModel(dropout: boolean): nn.Sequential {
  const drop = () => (dropout ? new nn.Dropout(0.5) : new nn.Identity());
  return new nn.Sequential(
    new nn.Linear(784, 256),
    new nn.ReLU(),
    drop(),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    drop(),
    new nn.Linear(128, 10),
  );
}

/** Trains with Adam and cross-entropy. Stops after the current batch when the signal says so. */
export async function train(model: nn.Sequential, split: Split, options: TrainingOptions): Promise<EpochResult[]> {
  const { epochs, batchSize, signal } = options;
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const criterion = new nn.CrossEntropyLoss();
  const dataset = new data.TensorDataset(split.train.images, split.train.labels);
  const loader = new data.DataLoader(dataset, { batchSize, shuffle: true });
  const history: EpochResult[] = [];
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    model.train();
    let samples = 0;
    let lossSum = 0;
    let batch = 0;
    let seconds = 0;
    for (const [input, target] of loader) {
      const start = performance.now();
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(input), target);
      loss.backward();
      optimizer.step();
      seconds += (performance.now() - start) / 1000;
      samples += target.numel;
      lossSum += loss.item() * target.numel;
      const samplesPerSecond = samples / seconds;
      options.onBatch({ epoch, batch: ++batch, batches: loader.length, loss: lossSum / samples, samplesPerSecond });
      // Lets Ctrl-C and the progress bar have their turn.
      await turnOfTheLoop();
      if (signal.aborted) return history;
    }
    const result = {
      epoch,
      trainLoss: lossSum / samples,
      ...evaluate(model, split.test),
      samplesPerSecond: samples / seconds,
    };
    history.push(result);
    options.onEpoch(result);
  }
  return history;
}

/** Loss and accuracy on digits that were not trained on. */
export function evaluate(model: nn.Sequential, { images, labels }: Digits): { testLoss: number; testAccuracy: number } {
  model.eval();
  const logits: Tensor = noGrad(() => model.forward(images));
  const testLoss = new nn.CrossEntropyLoss().forward(logits, labels).item();
  const wanted = labels.toTypedArray('int32');
  const chosen = logits.argmax({ dim: 1 }).toTypedArray('int32');
  const right = chosen.filter((digit, i) => digit === wanted[i]).length;
  return { testLoss, testAccuracy: right / labels.numel };
}
