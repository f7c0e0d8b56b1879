/** `fit` on ranks in one process over data of every kind: each rank reads its rows, validation is shared, and the result is that of one process. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  data,
  EarlyStopping,
  epochs,
  type FitOptions,
  fit,
  Generator,
  type History,
  ModelCheckpoint,
  nn,
  optim,
  stack,
  type Tensor,
} from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';
import {
  inputs,
  kinds,
  labels,
  largest,
  lossesOf,
  makeModel,
  type Options,
  onRanks,
  rows,
  scoresOf,
  train,
  weightsOf,
} from './training.js';

type Sample = readonly [Tensor, Tensor];

/** Notes which samples are read. */
class Noted implements data.Dataset<Sample> {
  readonly length: number;
  readonly read: number[] = [];
  constructor(length = rows) {
    this.length = length;
  }
  get(index: number): Sample {
    this.read.push(index);
    return [inputs.select(0, index), labels.select(0, index)];
  }
}

const validation = [inputs.narrow(0, 3, 29), labels.narrow(0, 3, 29)] as const;
const validated = ({ epochs: list }: History) => list.map((each) => each.validation!);

/** 2 more epochs are enough to see a wrong row. */
const some: Options = { epochs: 3 };

describe('datasets and loaders', () => {
  const loaderOf = (dataset: data.Dataset<Sample>) =>
    new data.DataLoader(dataset, { batchSize: 12, shuffle: true, generator: new Generator(4) });
  const sampledOf = (dataset: data.Dataset<Sample>) => {
    const sampler = new data.RandomSampler(dataset, { generator: new Generator(5) });
    return new data.DataLoader(dataset, { batchSampler: new data.BatchSampler(sampler, 8, false) });
  };
  const cases: readonly (readonly [string, (dataset: Noted) => Options])[] = [
    ['a dataset', (dataset) => ({ train: dataset as never })],
    ['a DataLoader', (dataset) => ({ train: loaderOf(dataset) as never, batchSize: undefined as never })],
    ['samplers of batches', (dataset) => ({ train: sampledOf(dataset) as never, batchSize: undefined as never })],
  ];
  it.each(cases)('%s: the result of one process; each rank reads its rows only', async (_, of) => {
    const one = await train({ ...some, ...of(new Noted()) });
    for (const size of [2, 4]) {
      const datasets = Array.from({ length: size }, () => new Noted());
      const ranks = await onRanks(size, ({ rank }) => ({ ...some, ...of(datasets[rank]!) }));
      for (const { weights, history } of ranks) {
        expect(weights).toEqual(ranks[0]!.weights);
        expect(largest(weights, one.weights)).toBeLessThan(1e-6);
        expect(largest([lossesOf(history)], [lossesOf(one.history)])).toBeLessThan(1e-6);
        expect(history.epochs.map(({ samples }) => samples)).toEqual([rows, rows, rows]);
      }
      // Together all of each epoch, and the last 4 rows on each rank, which 2 and 4 ranks can share.
      expect(datasets.flatMap(({ read }) => read).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 3 * rows }, (_, i) => Math.floor(i / 3)),
      );
      for (const { read } of datasets) expect(read).toHaveLength((3 * rows) / size);
    }
  });

  it('a collateFn that makes other rows than samples is refused: a rank would train on some of them', async () => {
    const twice = new data.DataLoader(new Noted(), {
      batchSize: 12,
      collateFn: (samples: Sample[]) => {
        const [x, y] = [samples.map(([each]) => each), samples.map(([, each]) => each)];
        return [stack([...x, ...x]), stack([...y, ...y])] as const;
      },
    });
    const options: Options = { epochs: 1, train: twice as never, batchSize: undefined as never };
    expect((await train(options)).history.epochs[0]!.samples).toBe(2 * rows);
    await expect(onRanks(2, options)).rejects.toThrow('batch 0 of train has 12 rows of 6 samples');
    await expect(onRanks(2, { epochs: 1, validation: twice as never })).rejects.toThrow('12 rows of 6 samples');
  });

  it('4 shards on 1, 2 and 4 ranks: equal bits, validation by a loader too', async () => {
    const runs = [];
    for (const size of [1, 2, 4])
      runs.push(
        ...(await onRanks(
          size,
          () => ({
            ...some,
            train: new Noted() as never,
            validation: new data.DataLoader(new Noted(29), { batchSize: 7 }) as never,
          }),
          4,
        )),
      );
    for (const { weights, history } of runs) {
      expect(weights).toEqual(runs[0]!.weights);
      expect(scoresOf(history)).toEqual(scoresOf(runs[0]!.history));
    }
  });

  it('goes on from a checkpoint in the middle of an epoch, on another number of ranks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-ranks-'));
    try {
      const path = join(folder, 'last.safetensors');
      const of = (more: Options): Options => ({
        ...more,
        train: loaderOf(new Noted()) as never,
        batchSize: undefined as never,
      });
      const whole = await onRanks(2, () => of({ epochs: 4 }), 4);
      await onRanks(2, () => of({ epochs: 2, callbacks: [new ModelCheckpoint({ path, everySteps: 7 })] }), 4);
      for (const size of [1, 4])
        for (const { weights } of await onRanks(size, () => of({ epochs: 4, resume: path }), 4))
          expect(weights).toEqual(whole[0]!.weights);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('iterables', () => {
  /** Batches of 12, 12, 9 and 6 rows; the third cannot be shared by two. */
  const batches = (): Sample[] => {
    const sizes = [12, 12, 9, 6];
    return sizes.map((size, i) => {
      const start = sizes.slice(0, i).reduce((a, b) => a + b, 0);
      return [inputs.narrow(0, start, size), labels.narrow(0, start, size)];
    });
  };
  const generator = {
    *[Symbol.iterator]() {
      yield* batches();
    },
  };
  const later = {
    async *[Symbol.asyncIterator]() {
      for (const batch of batches()) yield batch;
    },
  };

  it.each([
    ['a list', batches()],
    ['a generator', generator],
    ['an async one', later],
  ])('%s: each rank computes its rows of the batches that all have', async (_, given) => {
    const options: Options = { ...some, train: given as never, batchSize: undefined as never };
    const one = await train(options);
    for (const { weights, history } of await onRanks(2, options)) {
      expect(largest(weights, one.weights)).toBeLessThan(1e-6);
      expect(largest([lossesOf(history)], [lossesOf(one.history)])).toBeLessThan(1e-6);
    }
  });

  it('one that fills the same tensors for every batch: each step has the numbers that it was given', async () => {
    const filling = () => ({
      *[Symbol.iterator]() {
        const [x, y] = [inputs.narrow(0, 0, 12), labels.narrow(0, 0, 12)];
        for (let start = 0; start + 12 <= rows; start += 12) {
          x.copy_(inputs.narrow(0, start, 12));
          y.copy_(labels.narrow(0, start, 12));
          yield [x, y];
        }
      },
    });
    const options = (): Options => ({ ...some, train: filling() as never, batchSize: undefined as never });
    const list = [0, 12, 24, 36].map((start) => [inputs.narrow(0, start, 12), labels.narrow(0, start, 12)]);
    const wanted = await train({ ...options(), train: list as never });
    for (const { weights, history } of [await train(options()), ...(await onRanks(2, options))]) {
      expect(largest(weights, wanted.weights)).toBeLessThan(1e-6);
      expect(largest([lossesOf(history)], [lossesOf(wanted.history)])).toBeLessThan(1e-6);
    }
  });

  it('stepsPerEpoch and onStep', async () => {
    const steps: number[] = [];
    const options: Options = { epochs: 3, stepsPerEpoch: 3, train: generator as never, batchSize: undefined as never };
    const one = await train(options);
    const ranks = await onRanks(2, ({ rank }) => ({
      ...options,
      onStep: ({ step }) => {
        if (rank === 1) steps.push(step);
      },
    }));
    expect(steps).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect(largest(ranks[1]!.weights, one.weights)).toBeLessThan(1e-6);
  });

  const messages = async (of: (rank: number) => Options) =>
    withFakeRanks(3, async (processGroup) => {
      const model = makeModel();
      const text = await fit(model, {
        train: batches() as never,
        optimizer: kinds.SGD(model),
        loss: new nn.CrossEntropyLoss(),
        generator: new Generator(3),
        distributed: { processGroup },
        ...(of(processGroup.rank) as object),
      }).then(String, (error: Error) => error.message);
      return { text, weights: weightsOf(model) };
    });
  const differences: readonly (readonly [string, (rank: number) => unknown, string])[] = [
    ['fewer batches', (rank) => batches().slice(0, rank === 2 ? 2 : 4), 'rank 2 has no batch 2'],
    [
      'more rows',
      (rank) => (rank === 1 ? batches().toReversed() : batches()),
      'rank 1 has another batch 0 than rank 0',
    ],
    [
      'other samples',
      (rank) =>
        new data.DataLoader(new Noted(), {
          batchSize: 12,
          shuffle: true,
          generator: new Generator(rank === 1 ? 1 : 0),
        }),
      'rank 1 has another batch 0 than rank 0',
    ],
  ];
  it.each(differences)('%s on one rank: an error that names it, before the step', async (_, of, message) => {
    // Of unknown length, or the lengths themselves are compared.
    const hidden = (given: unknown) =>
      Array.isArray(given)
        ? {
            *[Symbol.iterator]() {
              yield* given;
            },
          }
        : given;
    const found = await messages((rank) => ({ train: hidden(of(rank)) as never }));
    for (const { text, weights } of found) {
      expect(text).toContain(message);
      expect(weights).toEqual(found[0]!.weights);
    }
  });

  it('what one rank cannot read ends all after the same step', async () => {
    const broken = (rank: number) => ({
      *[Symbol.iterator]() {
        yield* batches().slice(0, 2);
        if (rank === 1) throw new Error('no disk');
        yield* batches().slice(2);
      },
    });
    const found = await messages((rank) => ({ train: broken(rank) as never }));
    expect(found.map(({ text }) => text)).toEqual([
      'fit: rank 1 has failed; its own error says why',
      'no disk',
      'fit: rank 1 has failed; its own error says why',
    ]);
    for (const { weights } of found) expect(weights).toEqual(found[0]!.weights);
  });

  it('onStep that throws on one rank ends all', async () => {
    const found = await messages((rank) => ({
      onStep: ({ step }) => {
        if (rank === 2 && step === 2) throw new Error('mine');
      },
    }));
    expect(found.map(({ text }) => text)).toEqual([
      'fit: rank 2 has failed; its own error says why',
      'fit: rank 2 has failed; its own error says why',
      'mine',
    ]);
    for (const { weights } of found) expect(weights).toEqual(found[0]!.weights);
  });
});

describe('validation', () => {
  const cases: readonly (readonly [string, Options])[] = [
    ['tensors', { validation }],
    ['a share of train', { validationSplit: 0.3 }],
    ['a dataset', { validation: new Noted(29) as never }],
    ['a list of batches', { validation: [validation, [inputs.narrow(0, 0, 1), labels.narrow(0, 0, 1)]] as never }],
    ['a loss of sums', { validation, loss: new nn.CrossEntropyLoss({ reduction: 'sum' }), kind: 'Adam' }],
    [
      'weights of classes and ignored labels',
      { validation, loss: new nn.CrossEntropyLoss({ weight: inputs.select(0, 0).narrow(0, 0, 3), ignoreIndex: 1 }) },
    ],
  ];
  it.each(cases)('%s: the scores of one process', async (_, options) => {
    const one = await train({ ...some, ...options });
    for (const size of [2, 3, 4]) {
      const ranks = await onRanks(size, { ...some, ...options });
      for (const { history } of ranks) {
        expect(validated(history)).toEqual(validated(ranks[0]!.history));
        for (const [i, { loss, accuracy }] of validated(history).entries()) {
          const wanted = validated(one.history)[i]!;
          expect(Math.abs(loss - wanted.loss)).toBeLessThan(2e-6 * Math.max(1, wanted.loss));
          expect(accuracy).toBeCloseTo(wanted.accuracy!, 6);
        }
      }
    }
  });

  it('of tensors and 4 shards: equal bits on 1, 2 and 4 ranks', async () => {
    const runs = [];
    for (const size of [1, 2, 4]) runs.push(...(await onRanks(size, { ...some, validation }, 4)));
    for (const { history } of runs) expect(validated(history)).toEqual(validated(runs[0]!.history));
  });

  it('each rank reads its rows only', async () => {
    const datasets = [0, 1, 2].map(() => new Noted(29));
    await onRanks(3, ({ rank }) => ({ epochs: 1, validation: datasets[rank] as never }));
    expect(datasets.flatMap(({ read }) => read).sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, i) => i));
    for (const { read } of datasets) expect(read.length).toBeLessThan(12);
  });

  it('other rows on one rank, and an error on one rank', async () => {
    const texts = (of: (rank: number) => unknown) =>
      onRanks(2, ({ rank }) => ({ epochs: 1, validation: of(rank) as never })).then(
        String,
        (error: Error) => error.message,
      );
    const list = (count: number) => ({
      *[Symbol.iterator]() {
        for (let i = 0; i < count; i++) yield validation;
      },
    });
    expect(await texts((rank) => list(1 + rank))).toContain('rank 1 has 58 rows of validation, and rank 0 has 29');
    const broken = (rank: number) => ({
      *[Symbol.iterator]() {
        yield validation;
        if (rank === 0) throw new Error('no disk');
      },
    });
    expect(await texts(broken)).toMatch(/no disk|rank 0 has failed/);
  });
});

it('epochs, EarlyStopping on validation', async () => {
  const options = (model: nn.AnyModule): FitOptions => ({
    train: [inputs, labels],
    validation,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    loss: new nn.CrossEntropyLoss(),
    batchSize: 12,
    epochs: 20,
    generator: new Generator(3),
    callbacks: [new EarlyStopping({ monitor: 'validation.loss', minDelta: 1e9, patience: 2 })],
  });
  const run = async (more: object) => {
    const model = makeModel();
    const found: number[] = [];
    for await (const { validation: scores } of epochs(model, { ...options(model), ...more })) found.push(scores!.loss);
    return { found, weights: weightsOf(model) };
  };
  const one = await run({});
  for (const { found, weights } of await withFakeRanks(2, (processGroup) => run({ distributed: { processGroup } }))) {
    expect(found).toHaveLength(3);
    expect(largest([found], [one.found])).toBeLessThan(1e-6);
    expect(largest(weights, one.weights)).toBeLessThan(1e-6);
  }
});
