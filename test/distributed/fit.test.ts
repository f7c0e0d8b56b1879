/** `fit` on ranks in one process: against one process with the same options. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SingleGroup } from '../../src/distributed/single-group.js';
import {
  ArgumentError,
  CSVLogger,
  data,
  type FitOptions,
  fit,
  Generator,
  type History,
  ModelCheckpoint,
  nn,
  optim,
  rand,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';
import {
  inputs,
  kinds,
  labels,
  largest,
  lossesOf,
  type Model,
  makeModel,
  type Options,
  onRanks,
  rows,
  scoresOf,
  train,
  weightsOf,
} from './training.js';

describe.each(['SGD', 'Adam'] as const)('%s, dropout on', (kind) => {
  it.each([2, 3, 4])('%d ranks give what one process gives', async (size) => {
    const one = await train({ kind });
    const ranks = await onRanks(size, { kind });
    for (const { weights, history } of ranks) {
      expect(weights).toEqual(ranks[0]!.weights);
      expect(scoresOf(history)).toEqual(scoresOf(ranks[0]!.history));
    }
    // 50 steps.
    expect(largest(ranks[0]!.weights, one.weights)).toBeLessThan(1e-6);
    expect(largest([lossesOf(ranks[0]!.history)], [lossesOf(one.history)])).toBeLessThan(1e-6);
    const counts = ({ history }: typeof one) => history.epochs.map(({ steps, samples }) => [steps, samples]);
    expect(counts(ranks[0]!)).toEqual(counts(one));
    expect(ranks[0]!.history.epochs.at(-1)!.accuracy).toBeCloseTo(one.history.epochs.at(-1)!.accuracy!, 6);
  });

  it('4 shards on 1, 2 and 4 ranks: equal bits', async () => {
    const options = { kind, epochs: 20 };
    const runs = [];
    for (const size of [1, 2, 4]) runs.push(await onRanks(size, options, 4));
    for (const ranks of runs)
      for (const { weights, history } of ranks) {
        expect(weights).toEqual(runs[0]![0]!.weights);
        expect(scoresOf(history)).toEqual(scoresOf(runs[0]![0]!.history));
      }
  });

  it('a world of one gives the bits of one process', async () => {
    const one = await train({ kind });
    const alone = await train({ kind, distributed: { processGroup: new SingleGroup() } });
    expect(alone.weights).toEqual(one.weights);
    expect(scoresOf(alone.history)).toEqual(scoresOf(one.history));
  });
});

describe('losses', () => {
  const weight = tensor([0.2, 1, 3]);
  const ignored = tensor(
    [...labels.toTypedArray()].map((label, i) => (i % 3 === 0 || i < 12 ? -100 : label)),
    {
      dtype: 'int32',
    },
  );
  const wide = rand([rows, 3], { generator: new Generator(8) });
  const cases: readonly (readonly [name: string, options: Options])[] = [
    ['ignored labels', { train: [inputs, ignored] }],
    ['weights of classes', { loss: new nn.CrossEntropyLoss({ weight }) }],
    [
      'both, unshuffled: parts without any weight',
      { train: [inputs, ignored], loss: new nn.CrossEntropyLoss({ weight }), shuffle: false },
    ],
    ["reduction 'sum'", { loss: new nn.CrossEntropyLoss({ reduction: 'sum' }), kind: 'Adam' }],
    ['weights of samples', { sampleWeight: Float32Array.from({ length: rows }, (_, i) => i % 5) }],
    ['a mean over elements', { train: [inputs, wide], loss: new nn.MSELoss() as never, metrics: [] }],
    [
      'a function',
      { train: [inputs, wide], loss: (output: Tensor, target: Tensor) => output.sub(target).abs().mean(), metrics: [] },
    ],
  ];
  it.each(cases)('%s', async (_name, options) => {
    const one = await train({ epochs: 4, ...options });
    const ranks = await onRanks(2, { epochs: 4, ...options });
    expect(largest(ranks[0]!.weights, one.weights)).toBeLessThan(2e-6);
    const [found, wanted] = [ranks[0]!.history, one.history].map(lossesOf) as [number[], number[]];
    for (const [i, loss] of found.entries())
      expect(Math.abs(loss - wanted[i]!)).toBeLessThan(2e-6 * Math.max(1, wanted[i]!));
  });
});

it('schedulers, stepsPerEpoch, validationSplit and onStep are those of one process', async () => {
  const steps: number[][] = [[], [], []];
  const options = (into: number[]): Options => ({
    epochs: 6,
    stepsPerEpoch: 3,
    validationSplit: 0.2,
    onStep: ({ loss }) => {
      into.push(loss);
    },
  });
  const run = async (into: number[], more: Options) => {
    const model = makeModel();
    const optimizer = kinds.SGD(model);
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 });
    const history = await fit(model, {
      train: [inputs, labels],
      optimizer,
      loss: new nn.CrossEntropyLoss(),
      batchSize: 12,
      generator: new Generator(3),
      schedulers: [{ scheduler, interval: 'step' }],
      ...(options(into) as object),
      ...(more as object),
    });
    return { history, weights: weightsOf(model) };
  };
  const one = await run(steps[0]!, {});
  const ranks = await withFakeRanks(2, (processGroup) =>
    run(steps[1 + processGroup.rank]!, { distributed: { processGroup } }),
  );
  expect(largest(ranks[1]!.weights, one.weights)).toBeLessThan(1e-6);
  expect(steps[1]).toEqual(steps[2]);
  expect(largest([steps[1]!], [steps[0]!])).toBeLessThan(1e-6);
  const validation = ({ epochs }: History) => epochs.map((each) => each.validation!.loss);
  expect(largest([validation(ranks[0]!.history)], [validation(one.history)])).toBeLessThan(1e-6);
  expect(ranks[0]!.history.epochs.map(({ lr }) => lr)).toEqual(one.history.epochs.map(({ lr }) => lr));
});

describe('files', () => {
  it('rank 0 alone writes; every rank goes on from the checkpoint, also another number of ranks, to the same bits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-ranks-'));
    try {
      const whole = await onRanks(2, { epochs: 6 }, 4);
      const written = (path: string): Options => ({
        callbacks: [new ModelCheckpoint({ path, everySteps: 7 }), new CSVLogger(join(folder, 'log.csv'))],
      });
      const path = join(folder, 'last.safetensors');
      await onRanks(2, () => ({ epochs: 3, ...written(path) }), 4);
      expect(readdirSync(folder).sort()).toEqual(['last.safetensors', 'log.csv']);
      for (const size of [1, 2, 4]) {
        const resumed = await onRanks(size, { epochs: 6, resume: path }, 4);
        for (const { weights, history } of resumed) {
          expect(weights).toEqual(whole[0]!.weights);
          expect(scoresOf(history)).toEqual(scoresOf(whole[0]!.history));
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

class Noise extends nn.Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return x.add(rand([...x.shape]));
  }
}

describe('what is refused', () => {
  const refused = (options: Partial<FitOptions> | ((model: Model) => Partial<FitOptions>), group = new TwoRanks()) => {
    const model = makeModel();
    return expect(
      fit(model, {
        train: [inputs, labels],
        optimizer: kinds.SGD(model),
        loss: new nn.CrossEntropyLoss(),
        batchSize: 12,
        distributed: { processGroup: group },
        ...(typeof options === 'function' ? options(model) : options),
      }),
    ).rejects;
  };
  /** Never gets as far as to send anything. */
  class TwoRanks extends SingleGroup {
    override readonly size = 2 as never;
  }

  it('is refused before anything is sent', async () => {
    await refused({ distributed: 1 as never }).toThrow(ArgumentError);
    await refused({ distributed: { ranks: 2 } as never }).toThrow(ArgumentError);
    await refused({ batchSize: 13 }).toThrow('must be a multiple of the 2 parts of a batch, got 13');
    const loader = new data.DataLoader(new data.TensorDataset(inputs, labels), { batchSize: 13 });
    await refused({ train: loader as never, batchSize: undefined as never }).toThrow(
      'must be a multiple of the 2 parts of a batch, got 13',
    );
    await refused({ distributed: true }).toThrow('Default process group has not been initialized');
  });

  it('statistics of the batch, and numbers drawn for rows', async () => {
    const of = (layer: () => nn.Module<[Tensor], Tensor>) =>
      withFakeRanks(2, async (processGroup) => {
        const model = new nn.Sequential(new nn.Linear(6, 3), layer());
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const options = { train: [inputs, labels] as const, optimizer, loss: new nn.CrossEntropyLoss(), batchSize: 12 };
        return fit(model, { ...options, distributed: { processGroup }, generator: new Generator(1) }).then(
          () => 'trained',
          (error: Error) => error.message,
        );
      });
    for (const text of await of(() => new nn.BatchNorm1d(3)))
      expect(text).toContain("writes the buffer '1.running_mean'");
    for (const text of await of(() => new Noise()))
      expect(text).toContain('a step draws random numbers for its own rows');
  });
});
