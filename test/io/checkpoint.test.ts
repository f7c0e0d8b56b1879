/** Checkpoints of trainings by hand, and what the files are to others. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  fit,
  Generator,
  io,
  ModelCheckpoint,
  manualSeed,
  nn,
  optim,
  rand,
  randint,
  tensor,
} from '../../src/index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-by-hand-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);

function makeTraining() {
  manualSeed(1);
  const x = rand([20, 4]);
  const y = randint(0, 3, [20]);
  const model = new nn.Sequential(new nn.Linear(4, 6), new nn.Dropout(0.5), new nn.Linear(6, 3));
  const optimizer = new optim.RMSprop(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 });
  const generator = manualSeed(7);
  return { x, y, model, optimizer, scheduler, generator };
}
type Training = ReturnType<typeof makeTraining>;

function trainEpoch({ x, y, model, optimizer, scheduler }: Training): number {
  const criterion = new nn.CrossEntropyLoss();
  let sum = 0;
  for (const [input, target] of new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 5, shuffle: true })) {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    sum += loss.item();
  }
  scheduler.step();
  return sum;
}

const numbersOf = ({ model, optimizer, scheduler, generator }: Training) =>
  JSON.parse(JSON.stringify({ model, optimizer, scheduler, generator }));

describe('a training by hand', () => {
  it('goes on to the same bits after each epoch', async () => {
    const plain = makeTraining();
    const losses = Array.from({ length: 5 }, () => trainEpoch(plain));
    const first = makeTraining();
    for (let epoch = 1; epoch <= 5; epoch++) {
      trainEpoch(first);
      await io.saveCheckpoint(path(`${epoch}`), { ...partsOf(first), state: { epoch, best: -0, worst: Number.NaN } });
    }
    for (let epoch = 1; epoch <= 5; epoch++) {
      const training = makeTraining();
      rand([3]);
      const { state, fit: none } = await io.loadCheckpoint(path(`${epoch}`), partsOf(training));
      expect(state).toEqual({ epoch, best: -0, worst: Number.NaN });
      expect(none).toBeNull();
      const rest = Array.from({ length: 5 - epoch }, () => trainEpoch(training));
      expect(rest).toEqual(losses.slice(epoch));
      expect(numbersOf(training)).toEqual(numbersOf(plain));
    }
  });

  it('keeps any state to the bit', async () => {
    const state = {
      numbers: [0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53],
      big: 2n ** 80n,
      text: '\u{1f600}"',
      nothing: null,
      $: 'tensor',
      inner: { $: 1, ['__proto__']: { a: true } },
      list: [tensor([1.5, -0]), { deep: tensor([[1], [2]], { dtype: 'int32' }) }],
      double: tensor([0.1], { dtype: 'float64' }),
      empty: tensor([]),
    };
    await io.saveCheckpoint(path('state'), { state });
    const loaded = await io.loadCheckpoint(path('state'));
    expect(loaded.state).toEqual(state);
    expect(loaded).toMatchObject({ model: null, optimizer: null, schedulers: [], generator: null, fit: null });
  });

  it('is saved as it is at the call', async () => {
    const training = makeTraining();
    const before = numbersOf(training);
    const saving = io.saveCheckpoint(path('call'), partsOf(training));
    trainEpoch(training);
    await saving;
    const again = makeTraining();
    trainEpoch(again);
    await io.loadCheckpoint(path('call'), partsOf(again));
    expect(numbersOf(again)).toEqual(before);
  });

  it('is not changed when anything does not fit', async () => {
    const training = makeTraining();
    trainEpoch(training);
    await io.saveCheckpoint(path('fits'), partsOf(training));
    await io.saveCheckpoint(path('model'), { model: training.model });
    const other = makeTraining();
    const another = new nn.Linear(4, 6);
    const before = numbersOf(other);
    const sgd = new optim.SGD(other.model.parameters(), { lr: 1, momentum: 0.5 });
    const parts = partsOf(other);
    for (const [name, into, message] of [
      ['fits', { ...parts, model: another }, 'model: Missing key(s) in state_dict: "weight", "bias".'],
      ['fits', { ...parts, optimizer: sgd }, 'optimizer: SGD: unknown state "step"'],
      ['fits', { ...parts, scheduler: [other.scheduler, other.scheduler] }, 'schedulers: 1 in the checkpoint, 2 here'],
      [
        'fits',
        { ...parts, scheduler: new optim.lrScheduler.ReduceLROnPlateau(other.optimizer) },
        'unknown entry "step_size"',
      ],
      [
        'model',
        parts,
        'optimizer: the checkpoint has none\n\tschedulers: 0 in the checkpoint, 1 here\n\tgenerator: the checkpoint has none',
      ],
    ] as const) {
      const loading = io.loadCheckpoint(path(name), into);
      await expect(loading).rejects.toThrow(ArgumentError);
      await expect(loading).rejects.toThrow(message);
      expect(numbersOf(other)).toEqual(before);
    }
  });

  it.each<readonly [string, () => Promise<unknown>, string]>([
    ['no path', () => io.saveCheckpoint(1 as never, {}), 'io.saveCheckpoint: expected a path or a file: URL, got 1'],
    ['no contents', () => io.saveCheckpoint('a', 1 as never), 'io.saveCheckpoint: options must be an object, got 1'],
    [
      'no model',
      () => io.saveCheckpoint('a', { model: {} as never }),
      'io.saveCheckpoint: model must be a module, got an object',
    ],
    ['no optimizer', () => io.saveCheckpoint('a', { optimizer: 1 as never }), 'optimizer must be an optimizer, got 1'],
    [
      'no scheduler',
      () => io.saveCheckpoint('a', { scheduler: [null] as never }),
      'scheduler must be a scheduler or a list',
    ],
    [
      'no generator',
      () => io.loadCheckpoint('a', { generator: 'x' as never }),
      'generator must be a Generator, got "x"',
    ],
    [
      'a function',
      () => io.saveCheckpoint('a', { state: { f: [() => 1] } }),
      'io.saveCheckpoint: state.f.0 cannot be saved: it is a function',
    ],
    [
      'a circle',
      () => io.saveCheckpoint('a', { state: circle() }),
      'state.me.me.me is nested too deep, or in a circle',
    ],
    ['an unknown part', () => io.saveCheckpoint('a', { epoch: 1 } as never), 'unknown option "epoch"'],
    ['a file that is not there', () => io.loadCheckpoint(path('absent')), `io.loadCheckpoint: ${'PATH'}: not found`],
  ])('refuses %s', async (_name, call, message) => {
    const promise = call();
    await expect(promise).rejects.toThrow(ArgumentError);
    await expect(promise).rejects.toThrow(message.replace('PATH', path('absent')));
    expect(existsSync('a')).toBe(false);
  });

  it('refuses a model with a name that has its prefix', async () => {
    const model = new nn.Sequential({ 'lanewise:a': new nn.Linear(1, 1) });
    await expect(io.saveCheckpoint(path('prefix'), { model })).rejects.toThrow(
      'the model cannot have a tensor called "lanewise:a.weight": lanewise: is taken',
    );
  });
});

describe('a file of ModelCheckpoint', () => {
  it('is a safetensors file with PyTorch’s names, and loads by hand', async () => {
    const { x, y, model, optimizer, scheduler } = makeTraining();
    const generator = new Generator(3);
    const callbacks = [new ModelCheckpoint({ path: path('fit'), everySteps: 3 })];
    const loss = new nn.CrossEntropyLoss();
    await fit(model, {
      train: [x, y],
      epochs: 3,
      batchSize: 5,
      optimizer,
      loss,
      schedulers: [scheduler],
      generator,
      callbacks,
    });
    const loaded = await io.loadCheckpoint(path('fit'));
    expect(Object.keys(loaded.model!)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect(loaded.fit).toEqual({ epochs: 2, steps: 12 });
    const copy = makeTraining();
    await io.loadCheckpoint(path('fit'), {
      model: copy.model,
      optimizer: copy.optimizer,
      scheduler: copy.scheduler,
      generator,
    });
    expect(copy.model.stateDict()).toEqual(model.stateDict());
    const state = await io.load(path('fit'));
    const names = Object.keys(state).filter((name) => !name.startsWith('lanewise:'));
    expect(names.sort()).toEqual(['0.bias', '0.weight', '2.bias', '2.weight']);
    expect(io.fileInfo(state).metadata.format).toBe('pt');
  });
});

function partsOf({ model, optimizer, scheduler, generator }: Training) {
  return { model, optimizer, scheduler, generator };
}

function circle(): object {
  const value: { me?: object } = {};
  value.me = value;
  return value;
}
