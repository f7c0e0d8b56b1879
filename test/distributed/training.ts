/** A small training with dropout, alone and on ranks in one process. */
import { expect } from 'vitest';
import type { ProcessGroup } from '../../src/distributed/group.js';
import {
  type FitOptions,
  fit,
  Generator,
  type History,
  manualSeed,
  nn,
  optim,
  rand,
  randint,
} from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';

export const rows = 52;
const generator = new Generator(7);
export const inputs = rand([rows, 6], { generator });
export const labels = randint(0, 3, [rows], { generator });

export const makeModel = (seed = 5) => {
  manualSeed(seed);
  return new nn.Sequential(new nn.Linear(6, 16), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(16, 3));
};
export type Model = ReturnType<typeof makeModel>;
export const kinds = {
  SGD: (model: nn.AnyModule) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
  Adam: (model: nn.AnyModule) => new optim.Adam(model.parameters(), { lr: 0.01 }),
};
type Kind = keyof typeof kinds;
export type Options = Partial<FitOptions> & { readonly kind?: Kind; readonly seed?: number };

export const weightsOf = (model: nn.AnyModule) => model.parameters().map((each) => each.toTypedArray());
/** The largest difference. @throws for lists of other lengths, and without a number: there is nothing to compare. */
export function largest(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
  const differences = a.flatMap((each, i) => Array.from(each, (value, j) => Math.abs(value - b[i]![j]!)));
  expect(differences.length).toBeGreaterThan(0);
  return Math.max(...differences);
}

/** 5 batches an epoch, the last one of 4 rows. */
export async function train({ kind = 'SGD', seed = 3, ...options }: Options = {}) {
  const model = makeModel();
  const history = await fit(model, {
    train: [inputs, labels],
    optimizer: kinds[kind](model),
    loss: new nn.CrossEntropyLoss(),
    metrics: ['accuracy'],
    batchSize: 12,
    epochs: 10,
    generator: new Generator(seed),
    ...options,
  });
  return { history, weights: weightsOf(model), model };
}
export const onRanks = (size: number, options: Options | ((group: ProcessGroup) => Options) = {}, shards?: number) =>
  withFakeRanks(size, (processGroup) =>
    train({
      distributed: { processGroup, ...(shards !== undefined && { shards }) },
      ...(typeof options === 'function' ? options(processGroup) : options),
    }),
  );
export const lossesOf = ({ epochs }: History) => epochs.map(({ loss }) => loss);
export const scoresOf = ({ epochs }: History) =>
  epochs.map(({ seconds: _s, samplesPerSecond: _p, ...scores }) => scores);
