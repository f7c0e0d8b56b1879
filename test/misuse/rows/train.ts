/** Training: what fit and epochs take, callbacks, schedulers. All of it is seen before anything moves. */
import {
  accuracy,
  data,
  EarlyStopping,
  epochs,
  ModelCheckpoint,
  nn,
  optim,
  tensor,
  zeros,
} from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

/** `epochs` throws at the call what `fit` rejects with. */
const train = ({ model, optimizer, criterion: loss, dataset }: Fixture, change: object) =>
  epochs(bad(model), bad({ train: dataset, optimizer, loss, ...change }));

const row = (name: string, change: (fixture: Fixture) => object, message: Row['message'], make = argument): Row =>
  make(`epochs: ${name}`, (fixture) => train(fixture, change(fixture)), message);

const batches = {
  *[Symbol.iterator]() {},
};
const { lrScheduler } = optim;

export const trainRows: readonly Row[] = [
  argument(
    'epochs: no model',
    ({ optimizer }) => epochs(bad(null), bad({ optimizer })),
    'epochs: expected a model, got null',
  ),
  argument('epochs: no options', ({ model }) => epochs(model, bad(undefined)), 'epochs: options are required'),
  argument('epochs: options of null', ({ model }) => epochs(model, bad(null)), 'epochs: options must be an object'),
  row('an unknown option', () => ({ batchsize: 3 }), 'epochs: unknown option "batchsize"; it takes train'),
  row(
    'no data',
    () => ({ train: undefined }),
    'epochs: train must be a TensorDataset, [inputs, targets], or an iterable',
  ),
  row('data of a number', () => ({ train: 3 }), 'train must be a TensorDataset'),
  row('validation of a number', () => ({ validation: 3 }), 'validation must be a TensorDataset'),
  row(
    'one tensor',
    ({ x }) => ({ train: [x] }),
    'epochs: train must be [input, target], got [Tensor [2, 4]]; for batches of',
  ),
  row(
    'three tensors',
    ({ x }) => ({ train: new data.TensorDataset(x, x, x) }),
    'train must be [input, target], got [Tensor [2, 4], Tensor [2, 4], Tensor [2, 4]]',
  ),
  row('an empty object', () => ({ train: {}, forward: () => {} }), 'epochs: train must hold a tensor, got {}'),
  row(
    'a number for a tensor',
    ({ x }) => ({ train: [x, 1] }),
    'epochs: train must be a tensor, or an array or plain object',
  ),
  row('forward of a number', () => ({ forward: 1 }), 'epochs: forward must be a function, got 1'),
  row(
    'transform of a number',
    () => ({ transform: 1 }),
    'transform must be a function or have a method forward, got 1',
  ),
  row('transform of an object', () => ({ transform: {} }), 'transform must be a function or have a method forward'),
  row(
    'transform with forward',
    () => ({ transform: () => {}, forward: () => {} }),
    'epochs: transform is for batches [input, target]; forward can transform what it is given',
  ),
  row('a tensor by itself', ({ x }) => ({ train: x }), 'train must be a TensorDataset'),
  row(
    'rows of different numbers',
    ({ x, integers }) => ({ train: [x, integers] }),
    'epochs: train must have the same number of rows in each of its tensors, got shapes [2, 4], [1, 3]',
    shape,
  ),
  row('scalars', ({ scalar }) => ({ train: [scalar, scalar] }), 'must have the same number of rows', shape),
  row('no rows', ({ empty }) => ({ train: [empty, zeros([0], { dtype: 'int32' })] }), 'epochs: train has no samples'),
  row('no rows to validate', ({ empty }) => ({ validation: [empty, empty] }), 'epochs: validation has no samples'),
  row('a dataset of nothing', () => ({ train: { length: 0, get: () => [] } }), 'epochs: train has no samples'),
  ...[0, -1, 1.5, Number.NaN, '8', null].map((batchSize) =>
    row(
      `batchSize ${typeof batchSize} ${batchSize}`,
      () => ({ batchSize }),
      'batchSize should be a positive integer value',
    ),
  ),
  ...[0, -1, 1.5, '3'].map((count) =>
    row(`epochs ${typeof count} ${count}`, () => ({ epochs: count }), 'epochs must be'),
  ),
  ...[0, -1, 1.5, '3', null].map((count) =>
    row(`maxPrograms ${typeof count} ${count}`, () => ({ maxPrograms: count }), 'epochs: maxPrograms must be'),
  ),
  ...[0, -1, 1.5, '3', null].map((count) =>
    row(`stepsPerEpoch ${typeof count} ${count}`, () => ({ stepsPerEpoch: count }), 'epochs: stepsPerEpoch must be'),
  ),
  ...[0, 1, -0.1, Number.NaN, '0.5', null].map((share) =>
    row(
      `validationSplit ${typeof share} ${share}`,
      () => ({ validationSplit: share }),
      'epochs: validationSplit must be a number between 0 and 1, got',
    ),
  ),
  row(
    'validationSplit and validation',
    ({ dataset }) => ({ validationSplit: 0.5, validation: dataset }),
    'epochs: validation and validationSplit exclude each other',
  ),
  row(
    'validationSplit of batches',
    () => ({ train: batches, validationSplit: 0.5 }),
    'epochs: validationSplit is for tensors and a TensorDataset; train gives batches',
  ),
  row(
    'validationSplit of a dataset',
    () => ({ train: { length: 2, get: () => [] }, validationSplit: 0.5 }),
    'epochs: validationSplit is for tensors and a TensorDataset',
  ),
  row(
    'validationSplit of almost all',
    () => ({ validationSplit: 0.9 }),
    'epochs: validationSplit of 0.9 leaves no samples to train on: train has 5',
  ),
  row(
    'validationSplit of almost none',
    () => ({ validationSplit: 1e-17 }),
    'epochs: validationSplit of 1e-17 leaves no samples to validate with: train has 5',
  ),
  ...(
    [
      ['a negative one', [1, 1, -0.5, 1, 1], 'got -0.5 at index 2'],
      ['NaN', [1, Number.NaN, 1, 1, 1], 'got NaN at index 1'],
      ['infinity', Float64Array.of(1, 1, 1, 1, Number.POSITIVE_INFINITY), 'got Infinity at index 4'],
      ['more than float32 holds', [1e300, 1, 1, 1, 1], 'got 1e+300 at index 0'],
      ['a tensor of NaN', tensor([1, 1, 1, Number.NaN, 1]), 'got NaN at index 3'],
      ['strings', ['1', 1, 1, 1, 1], 'got "1" at index 0'],
      ['booleans', [true, true, true, true, true], 'got true at index 0'],
      ['lists', [[1], [1], [1], [1], [1]], 'got [1] at index 0'],
      ['holes', new Array(5), 'got undefined at index 0'],
      ['bigints', new BigInt64Array(5), 'got 0n at index 0'],
    ] as const
  ).map(([name, sampleWeight, message]) =>
    row(
      `sampleWeight of ${name}`,
      () => ({ sampleWeight }),
      `sampleWeight must hold finite numbers from 0 on, ${message}`,
    ),
  ),
  ...[null, 1, '11111', true, {}, new Set([1]), () => 1].map((sampleWeight) =>
    row(
      `sampleWeight ${typeof sampleWeight} ${String(sampleWeight)}`,
      () => ({ sampleWeight }),
      'epochs: sampleWeight must be a tensor, a typed array or an array of numbers, got',
    ),
  ),
  row('sampleWeight of bytes', () => ({ sampleWeight: new DataView(new ArrayBuffer(5)) }), 'a DataView cannot become'),
  ...([[1, 1, 1, 1], [], new Float32Array(6), tensor([[1, 1, 1, 1, 1]]), tensor(1)] as const).map((sampleWeight, i) =>
    row(
      `sampleWeight of another shape, ${i}`,
      () => ({ sampleWeight }),
      'epochs: sampleWeight must have one number for each of the 5 samples, shape [5], got shape [',
      shape,
    ),
  ),
  row(
    'sampleWeight of batches',
    () => ({ train: batches, sampleWeight: [1] }),
    'epochs: sampleWeight is for tensors and a TensorDataset; train gives batches: return { output, target, sampleWeight }',
  ),
  row('shuffle of 1', () => ({ shuffle: 1 }), 'epochs: shuffle must be a boolean, got 1'),
  row('shuffle of batches', () => ({ train: batches, shuffle: true }), 'shuffle is for datasets; train is an iterable'),
  row(
    'batchSize of batches',
    () => ({ train: batches, batchSize: 2 }),
    'batchSize is for datasets; train is an iterable',
  ),
  row('no optimizer', () => ({ optimizer: undefined }), 'epochs: optimizer must be an optimizer, got undefined'),
  row(
    'an optimizer of another model',
    ({ momentum }) => ({ optimizer: momentum }),
    'the optimizer holds no parameter of the model',
  ),
  row(
    'a class for a loss',
    () => ({ loss: nn.MSELoss }),
    'loss must be a module such as nn.CrossEntropyLoss, or a function',
  ),
  row('a name for a loss', () => ({ loss: 'mse' }), 'or a function of output and target, got "mse"'),
  row('no loss', () => ({ loss: undefined }), 'loss must be a module'),
  row('an unknown metric', () => ({ metrics: ['f1'] }), 'epochs: unknown metric "f1"; known is accuracy'),
  row('metrics by themselves', () => ({ metrics: 'accuracy' }), 'metrics must be a list'),
  row(
    'a metric without a function',
    () => ({ metrics: [{ name: 'a' }] }),
    'a metric is a name, a function that has one, or { name, fn }',
  ),
  row('a metric twice', () => ({ metrics: ['accuracy', 'accuracy'] }), 'more than one metric of the name "accuracy"'),
  row('a metric called loss', () => ({ metrics: [{ name: 'loss', fn: () => 1 }] }), 'a metric cannot be called "loss"'),
  row('threads 0', () => ({ threads: 0 }), 'epochs: threads: expected an integer'),
  row('priority high', () => ({ priority: 'high' }), 'priority must be one of normal, background, got "high"'),
  row('a controller for a signal', () => ({ signal: new AbortController() }), 'signal must be an AbortSignal'),
  ...[0, -1, Number.NaN, '1'].map((timeLimit) =>
    row(
      `timeLimit ${typeof timeLimit} ${timeLimit}`,
      () => ({ timeLimit }),
      'timeLimit must be a positive number of seconds',
    ),
  ),
  row('a function for callbacks', () => ({ callbacks: () => {} }), 'callbacks must be a list of objects'),
  row('functions among callbacks', () => ({ callbacks: [() => {}] }), 'callbacks must be a list of objects'),
  ...['onEpoch', 'onStep', 'onProgress'].map((name) =>
    row(`${name} of a number`, () => ({ [name]: 1 }), `epochs: ${name} must be a function, got 1`),
  ),
  row('fuse of 0', () => ({ fuse: 0 }), 'epochs: fuse must be a boolean'),
  row(
    'a scheduler by itself',
    ({ optimizer }) => ({ schedulers: new lrScheduler.ReduceLROnPlateau(optimizer) }),
    'schedulers must be a list',
  ),
  row(
    'LBFGS',
    ({ model }) => ({ optimizer: bad(new optim.LBFGS(model.parameters())) }),
    'LBFGS computes several losses a step',
  ),
  row('a number for a scheduler', () => ({ schedulers: [{ scheduler: 1 }] }), 'schedulers must hold schedulers, got 1'),
  row(
    'a scheduler of another optimizer',
    ({ momentum }) => ({ schedulers: [new lrScheduler.ReduceLROnPlateau(momentum)] }),
    'the scheduler ReduceLROnPlateau belongs to another optimizer',
  ),
  row(
    'a plateau of steps',
    ({ optimizer }) => ({
      schedulers: [{ scheduler: new lrScheduler.ReduceLROnPlateau(optimizer), interval: 'step' }],
    }),
    "ReduceLROnPlateau goes by the scores of epochs: its interval must be 'epoch'",
  ),
  row(
    'an unknown interval',
    ({ optimizer }) => ({ schedulers: [{ scheduler: new lrScheduler.ReduceLROnPlateau(optimizer), interval: 'day' }] }),
    'interval of a scheduler must be one of epoch, step, got "day"',
  ),
  argument('EarlyStopping: patience -1', () => new EarlyStopping({ patience: -1 }), 'patience must not be negative'),
  argument('EarlyStopping: minDelta -1', () => new EarlyStopping({ minDelta: -1 }), 'minDelta must not be negative'),
  argument('EarlyStopping: mode up', () => new EarlyStopping({ mode: bad('up') }), 'mode must be one of min, max'),
  argument(
    'EarlyStopping: monitor 3',
    () => new EarlyStopping({ monitor: bad(3) }),
    'monitor must be the name of a score',
  ),
  argument(
    'ModelCheckpoint: no function',
    () => new ModelCheckpoint(bad('file')),
    'ModelCheckpoint: expected { path, ... } or a function that saves, got "file"',
  ),
  argument(
    'StepLR: a model',
    ({ model }) => new lrScheduler.StepLR(bad(model), { stepSize: 1 }),
    'StepLR: a value of type Sequential is not an Optimizer',
  ),
  argument(
    'OneCycleLR: rates too few',
    ({ optimizer }) => new lrScheduler.OneCycleLR(optimizer, { maxLr: [1, 2], totalSteps: 3 }),
    'expected 1 values for maxLr, got 2',
  ),
  argument(
    'LambdaLR: no number',
    ({ optimizer }) => new lrScheduler.LambdaLR(optimizer, { lrLambda: () => bad('fast') }),
    'LambdaLR: the rate at epoch 0 would be',
  ),
  argument(
    'accuracy: outputs of two heads',
    ({ matrix }) => accuracy(bad([matrix, matrix]), matrix),
    'accuracy: expected one tensor for the output, got [',
  ),
  argument('accuracy: a target of 5', ({ matrix }) => accuracy(matrix, bad(5)), 'one tensor for the target, got 5'),
  shape(
    'accuracy: outputs without classes',
    ({ vector }) => accuracy(vector, vector),
    'accuracy: expected outputs of shape [N, classes, ...] with two classes or more, got [3]',
  ),
  shape(
    'accuracy: too many labels',
    ({ matrix }) => accuracy(matrix, zeros([3], { dtype: 'int32' })),
    'accuracy: outputs of shape [2, 3] take labels of shape [2], got [3]',
  ),
];
