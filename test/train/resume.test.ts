/** A training that is taken up from a checkpoint of any step ends where one that was not interrupted does, to the bit. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backend, data, EarlyStopping, Generator, manualSeed, nn, optim, rand, type Tensor } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import {
  leftBy,
  loaderOf,
  makeParts,
  type Parts,
  type Run,
  rowsOf,
  train,
  trainOn,
  trainThrough,
  useFolder,
} from './resume.js';

const folder = useFolder();
const { lrScheduler } = optim;

const sgd = (model: nn.Sequential) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const tensorsOf = ({ x, y }: Parts) => new data.TensorDataset(x, y);

/** Each way to make a training. */
const cases: Readonly<Record<string, () => Run>> = {
  'tensors, shuffled, with dropout': () => {
    const parts = makeParts();
    return { ...parts, optimizer: sgd(parts.model), options: { train: tensorsOf(parts), epochs: 2 } };
  },
  'tensors with a generator of the caller': () => {
    const parts = makeParts();
    const generator = new Generator(5);
    return {
      ...parts,
      generator,
      optimizer: sgd(parts.model),
      options: { train: tensorsOf(parts), epochs: 2, generator },
    };
  },
  'masks from the stream of all numbers': () => {
    const parts = makeParts();
    const generator = new Generator(5, { masks: 'mt19937' });
    return {
      ...parts,
      generator,
      optimizer: sgd(parts.model),
      options: { train: tensorsOf(parts), epochs: 2, generator },
    };
  },
  'statistics of batches': () => {
    const parts = makeParts();
    const model = new nn.Sequential(
      ...[new nn.Linear(5, 7), new nn.BatchNorm1d(7), new nn.ReLU(), new nn.Dropout(0.4)],
      ...[new nn.Linear(7, 6), new nn.BatchNorm1d(6, { momentum: null }), new nn.Linear(6, 3)],
    );
    // What validation finds is by those statistics.
    const options = { train: tensorsOf(parts), validationSplit: 0.3, epochs: 2 };
    return { ...parts, model, optimizer: sgd(model), options };
  },
  'an epoch of steps, not of data': () => {
    const parts = makeParts();
    return { ...parts, optimizer: sgd(parts.model), options: { train: tensorsOf(parts), epochs: 3, stepsPerEpoch: 4 } };
  },
  'a scheduler of steps and one of epochs, a step at a time': () => {
    const parts = makeParts();
    const optimizer = new optim.AdamW(parts.model.parameters(), { lr: 0.01 });
    const oneCycle = new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: 20 });
    return {
      ...parts,
      optimizer,
      options: {
        train: tensorsOf(parts),
        epochs: 2,
        schedulers: [
          { scheduler: oneCycle, interval: 'step' },
          new lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 }),
        ],
        onStep: () => {},
      },
    };
  },
  'everything at once': () => {
    const parts = makeParts(26);
    const optimizer = new optim.Adam(parts.model.parameters(), { lr: 0.05 });
    return {
      ...parts,
      optimizer,
      options: {
        train: tensorsOf(parts),
        sampleWeight: rand([26]),
        validationSplit: 0.2,
        metrics: ['accuracy'],
        epochs: 4,
        schedulers: [{ scheduler: new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0 }) }],
        callbacks: [new EarlyStopping({ patience: 2, restoreBest: true })],
      },
    };
  },
  'an early end': () => {
    const parts = makeParts();
    return {
      ...parts,
      optimizer: sgd(parts.model),
      options: {
        train: tensorsOf(parts),
        epochs: 9,
        callbacks: [new EarlyStopping({ patience: 1, monitor: 'loss', mode: 'max', restoreBest: true })],
      },
    };
  },
  'a DataLoader': () => {
    const parts = makeParts();
    return {
      ...parts,
      optimizer: sgd(parts.model),
      options: { train: loaderOf(parts), epochs: 2, batchSize: undefined },
    };
  },
  'a DataLoader and validation with separate generators': () => {
    const parts = makeParts();
    const generator = new Generator(8);
    const validation = loaderOf(parts, { generator: new Generator(9) });
    const options = { train: loaderOf(parts, { generator }), validation, epochs: 3, batchSize: undefined };
    return { ...parts, generator, optimizer: sgd(parts.model), options };
  },
  'a DataLoader that drops the last batch, over epochs of steps': () => {
    const parts = makeParts();
    const train = loaderOf(parts, { dropLast: true, generator: new Generator(1) });
    return {
      ...parts,
      optimizer: sgd(parts.model),
      options: { train, epochs: 3, stepsPerEpoch: 4, batchSize: undefined },
    };
  },
  'a dataset that draws': () => {
    const parts = makeParts();
    const rows = rowsOf(parts);
    const get = (index: number): [Tensor, Tensor] => {
      const [x, y] = rows.get(index);
      return [x.add(rand([x.numel])), y];
    };
    return { ...parts, optimizer: sgd(parts.model), options: { train: { ...rows, get }, epochs: 2 } };
  },
  'an iterable that draws': () => {
    const parts = makeParts();
    const train = {
      *[Symbol.iterator]() {
        for (const [x, y] of loaderOf(parts)) yield [x.add(rand(x.shape)), y] as const;
      },
    };
    return { ...parts, optimizer: sgd(parts.model), options: { train, epochs: 2, batchSize: undefined } };
  },
  'an async generator without an end': () => {
    const parts = makeParts();
    const endless = async function* () {
      for (let i = 0; ; i++) yield [parts.x.narrow(0, i % 16, 4), parts.y.narrow(0, i % 16, 4)] as const;
    };
    return {
      ...parts,
      optimizer: sgd(parts.model),
      options: { train: endless(), epochs: 2, stepsPerEpoch: 5, batchSize: undefined },
    };
  },
  'an iterable that says where it is': () => {
    const parts = makeParts();
    // Each pass begins elsewhere, which only its state tells.
    const state = { pass: 0, at: 0 };
    const train = {
      *[Symbol.iterator]() {
        for (; state.at < 5; ) {
          const start = (4 * state.at + state.pass) % 18;
          state.at++;
          yield [parts.x.narrow(0, start, 4), parts.y.narrow(0, start, 4)] as const;
        }
        state.at = 0;
        state.pass++;
      },
      stateDict: () => ({ ...state }),
      loadStateDict: (saved: typeof state) => void Object.assign(state, saved),
    };
    return { ...parts, optimizer: sgd(parts.model), options: { train, epochs: 3, batchSize: undefined } };
  },
  'batches of several sizes in a list': () => {
    const { x, y, model } = makeParts();
    const sizes = [4, 3, 4, 5, 3];
    const train = sizes.map((size, i) => [x.narrow(0, i, size), y.narrow(0, i, size)] as const);
    return { model, optimizer: sgd(model), options: { train, epochs: 2, batchSize: undefined, metrics: ['accuracy'] } };
  },
};

for (const [kind, make] of Object.entries({
  SGD: (model: nn.Sequential) => new optim.SGD(model.parameters(), { lr: 0.1 }),
  'SGD with all it has': (model: nn.Sequential) =>
    new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (model: nn.Sequential) => new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true }),
  AdamW: (model: nn.Sequential) => new optim.AdamW(model.parameters(), { lr: 0.01 }),
  RMSprop: (model: nn.Sequential) => new optim.RMSprop(model.parameters(), { lr: 0.01, momentum: 0.5, centered: true }),
  'groups of two rates': (model: nn.Sequential) =>
    new optim.Adam(
      [{ params: model.at(0).parameters(), lr: 0.03, name: 'first' }, { params: model.at(3).parameters() }],
      {
        lr: 0.01,
      },
    ),
}))
  Object.assign(cases, {
    [`the optimizer ${kind}`]: () => {
      const parts = makeParts();
      return { ...parts, optimizer: make(parts.model), options: { train: tensorsOf(parts), epochs: 2 } };
    },
  });

/** One for each place where numbers may lie: in JavaScript, in a module's memory, in buffers of the addon. */
const places = backend.available.filter((name, i, all) => i === all.length - 1 || !name.startsWith('native:'));

describe.each(places)('a training that is resumed on %s', (backendName) => {
  runOn(backendName);
  it.each(Object.entries(cases))('from a checkpoint of any step: %s', async (name, make) => {
    const own = join(folder(), `${backendName}-${name.replaceAll(/\W/g, '-')}`.replaceAll(':', '-'));
    mkdirSync(own);
    const plain = make();
    const expected = leftBy(plain, await train(plain));
    const { left, steps } = await trainThrough(make, own);
    expect(left).toEqual(expected);
    expect(steps).toBeGreaterThan(3);
    // Checkpoints hold the same on every backend: those of every step on one, of every third on the others.
    for (let step = 1; step <= steps; step += backendName === backend.available.at(-1) ? 1 : 3) {
      const path = join(own, `${step}.safetensors`);
      expect(existsSync(path)).toBe(true);
      // The default generator of the resumed process stands elsewhere.
      const resumed = await trainOn(() => {
        const run = make();
        manualSeed(1000 + step);
        return run;
      }, path);
      expect(resumed, `from step ${step} of ${steps}`).toEqual(expected);
    }
  });
});

describe('without fusion', () => {
  runOn(backend.available.at(-1)!);
  it('a training that is resumed goes on to the same bits', async () => {
    const make = (): Run => {
      const run = cases['everything at once']!();
      return { ...run, options: { ...run.options, fuse: false } };
    };
    const own = join(folder(), 'eager');
    mkdirSync(own);
    const { left, steps } = await trainThrough(make, own);
    for (let step = 1; step <= steps; step += 3)
      expect(await trainOn(make, join(own, `${step}.safetensors`))).toEqual(left);
  });
});
