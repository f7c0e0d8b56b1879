/** A small problem to train on, and the training written by hand that fit must equal. */
import { data, type Generator, manualSeed, nn, optim, rand, randint, type Tensor } from '../../src/index.js';

export const features = 6;
export const classes = 3;

export type Kind = 'SGD' | 'Adam';

export interface Problem {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly model: nn.Sequential;
  readonly optimizer: optim.Optimizer;
  readonly loss: nn.CrossEntropyLoss;
}

/** The same at every call with the same arguments; leaves the default generator seeded. */
export function makeProblem(rows = 50, kind: Kind = 'SGD', masks: 'counter' | 'mt19937' = 'counter'): Problem {
  manualSeed(11, { masks });
  const x = rand([rows, features]);
  const y = randint(0, classes, [rows]);
  const model = new nn.Sequential(
    new nn.Linear(features, 9),
    new nn.ReLU(),
    new nn.Dropout(0.3),
    new nn.Linear(9, classes),
  );
  const optimizer =
    kind === 'SGD'
      ? new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
      : new optim.Adam(model.parameters(), { lr: 0.01 });
  return { x, y, model, optimizer, loss: new nn.CrossEntropyLoss() };
}

/** Mean loss of each epoch, as one writes it by hand. */
export function trainByHand(
  { x, y, model, optimizer, loss }: Problem,
  { epochs = 2, batchSize = 8, shuffle = true, afterStep = () => {}, afterEpoch = () => {} }: HandOptions = {},
): number[] {
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize, shuffle });
  return Array.from({ length: epochs }, () => {
    let sum = 0;
    for (const [input, target] of loader) {
      optimizer.zeroGrad();
      const value = loss.forward(model.forward(input), target);
      value.backward();
      optimizer.step();
      sum += value.item() * input.shape[0]!;
      afterStep();
    }
    afterEpoch();
    return sum / x.shape[0]!;
  });
}

export interface HandOptions {
  epochs?: number;
  batchSize?: number;
  shuffle?: boolean;
  afterStep?: () => void;
  afterEpoch?: () => void;
}

/** Every number that training changes. */
export function numbersOf({ model, optimizer }: Pick<Problem, 'model' | 'optimizer'>): number[] {
  const { state } = optimizer.stateDict();
  const tensors = [...Object.values(model.stateDict()), ...Object.values(state).flatMap((own) => Object.values(own))];
  return tensors.flatMap((tensor) => [...tensor.toTypedArray()]);
}

export const stateOf = (generator: Generator) => generator.getState();

/** The largest difference, as a share of 1 or of the larger number; NaN when any is. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.NaN;
  return actual.reduce((largest, value, i) => {
    const difference = Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    // Not Math.max: a NaN stays.
    if (difference <= largest) return largest;
    return difference;
  }, 0);
}

/** Mean loss over the rows, in the model's own mode. */
export function meanLoss({ x, y, loss }: Problem, model: nn.Sequential, batchSize: number): number {
  let sum = 0;
  for (const [input, target] of new data.DataLoader(new data.TensorDataset(x, y), { batchSize }))
    sum += loss.forward(model.forward(input), target).item() * input.shape[0]!;
  return sum / x.shape[0]!;
}

/** Share of the rows that the model gets right. */
export function accuracyOf({ x, y }: Problem, model: nn.Sequential): number {
  const found = model.forward(x).argmax({ dim: 1 }).toTypedArray();
  const wanted = y.toTypedArray();
  return found.filter((label, i) => label === wanted[i]).length / found.length;
}
