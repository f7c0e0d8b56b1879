/** Options that mean harm, to what traces, trains, predicts and schedules: refused with nothing moved, or without effect. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  EarlyStopping,
  epochs,
  fit,
  ModelCheckpoint,
  optim,
  predict,
  type Tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad, type Fixture, makeFixture, picture } from '../misuse/fixture.js';

type Options = Record<PropertyKey, unknown>;

interface Taker {
  readonly name: string;
  /** Options that are taken. */
  readonly valid: (fixture: Fixture) => Options;
  readonly call: (fixture: Fixture, options: never) => unknown;
}

const trainingOptions = ({ dataset, optimizer, criterion }: Fixture): Options => ({
  train: dataset,
  optimizer,
  loss: criterion,
  batchSize: 2,
});

/** Schedulers by name, with what they must be given. */
const schedulers = {
  ConstantLR: {},
  CosineAnnealingLR: { tMax: 3 },
  ExponentialLR: { gamma: 0.5 },
  LambdaLR: { lrLambda: () => 1 },
  LinearLR: {},
  MultiStepLR: { milestones: [1, 2] },
  OneCycleLR: { maxLr: 0.1, totalSteps: 5 },
  PolynomialLR: {},
  ReduceLROnPlateau: {},
  SequentialLR: {},
  StepLR: { stepSize: 2 },
} as const;

type Made = new (optimizer: optim.Optimizer, options: never) => optim.lrScheduler.LRScheduler;

const validFor = (name: string, options: object, { optimizer }: Fixture): Options =>
  name === 'SequentialLR'
    ? {
        schedulers: [
          new optim.lrScheduler.ConstantLR(optimizer),
          new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 }),
        ],
        milestones: [2],
      }
    : { ...options };

const takers: readonly Taker[] = [
  {
    name: 'compile',
    valid: () => ({ keepGradients: true }),
    call: (_fixture, options) => compile((x: Tensor) => x.mul(2), options),
  },
  {
    name: 'compile: passes',
    valid: () => ({ 'dead-stores': false }),
    call: (_fixture, options) => compile((x: Tensor) => x.mul(2), { passes: options }),
  },
  { name: 'fit', valid: trainingOptions, call: ({ model }, options) => fit(model, options) },
  { name: 'epochs', valid: trainingOptions, call: ({ model }, options) => epochs(model, options) },
  {
    name: 'fit: schedulers',
    valid: ({ optimizer }) => ({ scheduler: new optim.lrScheduler.ConstantLR(optimizer) }),
    call: (fixture, options) => fit(fixture.model, bad({ ...trainingOptions(fixture), schedulers: [options] })),
  },
  { name: 'predict', valid: () => ({ batchSize: 1 }), call: ({ model, x }, options) => predict(model, x, options) },
  { name: 'EarlyStopping', valid: () => ({ patience: 2 }), call: (_fixture, options) => new EarlyStopping(options) },
  {
    name: 'ModelCheckpoint',
    valid: () => ({ saveBestOnly: false }),
    call: (_fixture, options) => new ModelCheckpoint(() => {}, options),
  },
  ...Object.entries(schedulers).map(
    ([name, options]): Taker => ({
      name,
      valid: (fixture) => validFor(name, options, fixture),
      call: ({ optimizer }, given) =>
        new (optim.lrScheduler as unknown as Record<string, Made>)[name]!(optimizer, given),
    }),
  ),
];

const throwing = (): never => {
  throw new Error('from a getter');
};

/** What is added to valid options, and what is said of it. */
const hostile: readonly (readonly [what: string, change: (options: Options) => unknown, message: string])[] = [
  ['an unknown option', (options) => ({ ...options, colour: 'red' }), 'unknown option "colour"'],
  [
    'an own __proto__',
    (options) => Object.defineProperty({ ...options }, '__proto__', { value: { lr: 1e9 }, enumerable: true }),
    'unknown option "__proto__"',
  ],
  ['an own constructor', (options) => ({ ...options, constructor: 1 }), 'unknown option "constructor"'],
  ['a symbol', (options) => ({ ...options, [Symbol('lr')]: 1 }), 'unknown option a symbol'],
  ['a hidden option', (options) => Object.defineProperty({ ...options }, 'colour', { value: 1 }), 'unknown option'],
  ['a proxy that throws', (options) => new Proxy(options, { ownKeys: throwing }), 'from a getter'],
  ['a string', () => 'lr', 'options must be an object, got "lr"'],
  ['null', () => null, 'options must be an object, got null'],
];

const failure = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
    return null;
  } catch (error) {
    return error;
  }
};

describe.each(takers)('options of $name', ({ valid, call }) => {
  it.each(hostile)('%s', async (_what, change, message) => {
    const fixture = makeFixture();
    const options = change(valid(fixture));
    const before = picture(fixture);
    const error = await failure(() => call(fixture, bad(options)));
    expect(error).toBeInstanceOf(Error);
    if (message !== 'from a getter') expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain(message);
    expect(picture(fixture)).toEqual(before);
  });

  it('a getter that throws', async () => {
    const fixture = makeFixture();
    const options = valid(fixture);
    const name = Object.keys(options).at(-1);
    if (name !== undefined) {
      Object.defineProperty(options, name, { get: throwing, enumerable: true });
      const before = picture(fixture);
      expect(await failure(() => call(fixture, bad(options)))).toMatchObject({ message: 'from a getter' });
      expect(picture(fixture)).toEqual(before);
    }
  });

  it('an object without a prototype, and one whose prototype has options', async () => {
    for (const prototype of [
      null,
      { colour: 'red', lr: -1, batchSize: -1, threads: 1e9, patience: -1, gamma: Number.NaN },
    ]) {
      const fixture = makeFixture();
      const options = Object.assign(Object.create(prototype), valid(fixture));
      expect(await failure(() => call(fixture, bad(options)))).toBeNull();
    }
  });
});

/** Everything that is an option of the above. */
const names = [
  ...['keepGradients', 'passes', 'dead-stores', 'train', 'validation', 'optimizer', 'loss', 'metrics', 'epochs'],
  ...['stepsPerEpoch', 'validationSplit'],
  ...['batchSize', 'shuffle', 'schedulers', 'threads', 'priority', 'signal', 'timeLimit', 'callbacks', 'onEpoch'],
  ...['onProgress', 'onStep', 'fuse', 'scheduler', 'interval', 'monitor', 'patience', 'restoreBest', 'saveBestOnly'],
  ...['minDelta', 'mode', 'lr', 'gamma', 'stepSize', 'tMax', 'milestones', 'factor', 'cooldown', 'times', 'counter'],
  ...['writer', 'off', 'share', 'name', 'layer', 'code', 'kind', 'panels', 'place'],
];

describeEachBackend('a polluted Object.prototype', () => {
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name);
  });

  async function train(pollute: () => void): Promise<unknown> {
    const fixture = makeFixture();
    const { model, criterion, optimizer, dataset, x } = fixture;
    pollute();
    const step = compile((a: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(a).pow(2).mean();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const losses = [step(x).item(), (await step.async(x)).item()];
    step.dispose();
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 });
    const history = await fit(model, {
      train: dataset,
      batchSize: 2,
      optimizer,
      loss: criterion,
      schedulers: [{ scheduler }],
      callbacks: [new EarlyStopping(), new ModelCheckpoint(() => {})],
    });
    const answer = await predict(model, x);
    for (const name of names) Reflect.deleteProperty(Object.prototype, name);
    return [losses, history.epochs.map(({ loss }) => loss), answer.toArray(), picture(fixture)];
  }

  it('sets no option', async () => {
    const expected = await train(() => {});
    const result = await train(() => {
      for (const name of names)
        Object.defineProperty(Object.prototype, name, { value: 1e9, configurable: true, writable: true });
    });
    expect(result).toEqual(expected);
  });
});
