/** What fit finds out when it traces: a clear error, and everything as it was. What it reads is in test/misuse. */
import { expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  EarlyStopping,
  type FitOptions,
  fit,
  ModelCheckpoint,
  nn,
  optim,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad, type Fixture, makeFixture, picture } from '../misuse/fixture.js';

type Row = readonly [string, (fixture: Fixture) => Partial<FitOptions>, new (...args: never[]) => Error, string];

const loss = (forward: (output: Tensor) => unknown) => {
  class Loss extends nn.Module<readonly [Tensor, Tensor]> {
    override forward(output: Tensor): Tensor {
      return bad(forward(output));
    }
  }
  return { loss: new Loss() };
};

const weightedBy = (weigh: (target: Tensor) => unknown): Partial<FitOptions> =>
  bad({
    forward: (model: nn.Sequential, [input, target]: readonly [Tensor, Tensor]) => ({
      output: model.forward(input),
      target,
      sampleWeight: weigh(target),
    }),
  });

const rows: readonly Row[] = [
  [
    'features too few',
    ({ dataset }) => ({ train: [dataset.tensors[0].narrow(1, 0, 3), dataset.tensors[1]] }),
    ShapeError,
    'Sequential[0] Linear: expected 4 features',
  ],
  [
    'validation of other features',
    ({ dataset }) => ({ validation: [dataset.tensors[0].narrow(1, 0, 3), dataset.tensors[1]] }),
    ShapeError,
    'expected 4 features',
  ],
  [
    'integers for inputs',
    ({ dataset }) => ({ train: [dataset.tensors[0].to('int32'), dataset.tensors[1]] }),
    ArgumentError,
    'int32',
  ],
  ['numbers for labels', ({ dataset }) => ({ train: [dataset.tensors[0], dataset.tensors[0]] }), Error, 'crossEntropy'],
  [
    'a loss for each row',
    () => ({ loss: new nn.CrossEntropyLoss({ reduction: 'none' }) }),
    ShapeError,
    "fit: the loss must have one element (reduction 'mean' or 'sum'), got shape [2]",
  ],
  ['a loss that is a number', () => loss(() => 3), ArgumentError, 'fit: the loss must be a Tensor'],
  ['a loss that depends on nothing', () => loss(() => tensor(1)), StateError, 'does not require grad'],
  [
    'a loss that reads numbers',
    () => loss((output) => output.mul(output.sum().item()).sum()),
    StateError,
    'item() is not possible while',
  ],
  [
    'a loss of one value, with weights',
    () => ({ ...loss((output) => output.sum()), sampleWeight: [1, 2, 3, 4, 5] }),
    ShapeError,
    "fit: with sampleWeight the loss must give one value for each row, shape [2] (reduction 'none'), got shape []",
  ],
  [
    'a loss of several values a row, with weights',
    () => ({ loss: (output: Tensor) => output.mul(output), sampleWeight: [1, 2, 3, 4, 5] }),
    ShapeError,
    'the loss must give one value for each row, shape [2]',
  ],
  [
    'a loss of integers, with weights',
    () => ({ loss: (_output: Tensor, target: Tensor) => target, sampleWeight: [1, 2, 3, 4, 5] }),
    ArgumentError,
    'fit: the loss must be a float32 tensor, got int32',
  ],
  [
    'a loss with weights that is a number',
    () => ({ loss: () => bad(3), sampleWeight: [1, 2, 3, 4, 5] }),
    ArgumentError,
    'fit: the loss must be a Tensor',
  ],
  [
    'weights as an option and from forward',
    () => ({ ...weightedBy((target) => target.to('float32')), sampleWeight: [1, 2, 3, 4, 5] }),
    ArgumentError,
    'fit: sampleWeight is an option, and forward returns one too',
  ],
  [
    'weights from forward that are no tensor',
    () => weightedBy(() => [1, 2]),
    ArgumentError,
    'fit: the sampleWeight that forward returns must be a tensor, got [1, 2]',
  ],
  [
    'weights from forward in a column',
    () => weightedBy((target) => target.to('float32').reshape([2, 1])),
    ShapeError,
    'fit: sampleWeight must have shape [rows], got [2, 1]',
  ],
  [
    'weights from forward of other rows',
    () => weightedBy(() => tensor([1, 2, 3])),
    ShapeError,
    'fit: the losses of the rows have shape [2], sampleWeight has [3]',
  ],
  [
    'a metric for each row',
    () => ({ metrics: [{ name: 'rows', fn: (output) => output.sum({ dim: 1 }) }] }),
    ShapeError,
    'fit: the metric rows must have one element (a mean, say), got shape [2]',
  ],
  [
    'a metric that is a number',
    () => ({ metrics: [{ name: 'three', fn: () => bad(3) }] }),
    ArgumentError,
    'fit: the metric three must be a Tensor',
  ],
  [
    'a metric of integers',
    () => ({ metrics: [{ name: 'first', fn: (output) => output.argmax() }] }),
    ArgumentError,
    "int32; convert it with to('float32')",
  ],
  [
    'a metric that reads numbers',
    () => ({ metrics: [{ name: 'read', fn: (output) => tensor(output.sum().item()) }] }),
    StateError,
    'item() is not possible while',
  ],
  ['more threads than there can be', () => ({ threads: 257 }), ArgumentError, 'fit: threads: expected an integer'],
  [
    'an EarlyStopping by a score that there is not',
    () => ({ callbacks: [new EarlyStopping({ monitor: 'val_loss', mode: 'min' })] }),
    ArgumentError,
    'EarlyStopping: there is nothing called "val_loss" to monitor; there are loss',
  ],
  [
    'a ModelCheckpoint by validation that there is not',
    () => ({ callbacks: [new ModelCheckpoint(() => {}, { monitor: 'validation.accuracy' })], metrics: ['accuracy'] }),
    ArgumentError,
    'ModelCheckpoint: there is nothing called "validation.accuracy" to monitor; there are loss, accuracy',
  ],
  [
    'a plateau of a score that there is not',
    ({ optimizer, dataset }) => ({
      schedulers: [{ scheduler: new optim.lrScheduler.ReduceLROnPlateau(optimizer), monitor: 'accuracy' }],
      validation: dataset,
    }),
    ArgumentError,
    'fit: there is nothing called "accuracy" to monitor; there are loss, validation.loss',
  ],
];

describeEachBackend('fit refuses', () => {
  it.each(rows)('%s', async (_name, change, kind, message) => {
    const fixture = makeFixture();
    const { model, optimizer, criterion, dataset } = fixture;
    const good = { train: dataset, batchSize: 2, optimizer, loss: criterion };
    const options = { ...good, ...change(fixture) };
    const before = picture(fixture);
    const promise = fit(model, options);
    await expect(promise).rejects.toThrow(message);
    await expect(promise).rejects.toBeInstanceOf(kind);
    expect(picture(fixture)).toEqual(before);
    await expect(fit(model, { ...good, validation: dataset })).resolves.toMatchObject({ stopped: null });
  });

  it('accuracy of what has no classes', async () => {
    const x = tensor([1, 2, 3], { shape: [3, 1] });
    const model = new nn.Linear(1, 1);
    const options = { train: [x, x] as const, optimizer: makeFixture().optimizer, loss: new nn.MSELoss() };
    options.optimizer.addParamGroup({ params: model.parameters() });
    await expect(fit(model, { ...options, metrics: ['accuracy'] })).rejects.toThrow(
      'accuracy: expected outputs of shape',
    );
  });

  it('a label out of range in the middle, the steps before it made', async () => {
    const fixture = makeFixture();
    const { model, optimizer, criterion, dataset } = fixture;
    const labels = tensor([0, 1, 2, 9, 0], { dtype: 'int32' });
    const weights = () => model.parameters().flatMap((each) => [...each.toTypedArray()]);
    const before = weights();
    const train = new data.TensorDataset(dataset.tensors[0], labels);
    const run = () => fit(model, { train, batchSize: 2, shuffle: false, optimizer, loss: criterion });
    await expect(run()).rejects.toThrow('Target 9 is out of bounds.');
    const after = weights();
    expect(after).not.toEqual(before);
    const same = makeFixture();
    const one = [dataset.tensors[0].narrow(0, 0, 2), labels.narrow(0, 0, 2)] as const;
    await fit(same.model, {
      train: one,
      batchSize: 2,
      shuffle: false,
      optimizer: same.optimizer,
      loss: same.criterion,
    });
    expect(after).toEqual(same.model.parameters().flatMap((each) => [...each.toTypedArray()]));
    await expect(run()).rejects.toThrow(ArgumentError);
  });
});
