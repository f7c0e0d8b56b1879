/** Checkpoints that are not those of the training, or none: the error names the differences, and nothing is changed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  type Callback,
  data,
  EarlyStopping,
  epochs,
  fit,
  io,
  ModelCheckpoint,
  nn,
  optim,
  ShapeError,
  type Tensor,
} from '../../src/index.js';
import { epochsOf, leftBy, loaderOf, makeParts, type Run, train, trainOn, useFolder } from './resume.js';

const folder = useFolder();
const none = { epochs: [], stopped: null };

const make = (): Run => {
  const parts = makeParts();
  const options = { train: new data.TensorDataset(parts.x, parts.y), epochs: 2, metrics: ['accuracy' as const] };
  return { ...parts, optimizer: new optim.Adam(parts.model.parameters(), { lr: 0.05 }), options };
};
const with_ = (more: Partial<Run['options']>): Run => ({ ...make(), options: { ...make().options, ...more } });

const checkpoint = () => join(folder(), 'run.safetensors');
beforeAll(async () => {
  const stopping = new EarlyStopping();
  await train(make(), { callbacks: [stopping, new ModelCheckpoint({ path: checkpoint(), everySteps: 8 })] });
});

const other = (change: (model: nn.Sequential) => nn.Sequential): Run => {
  const run = make();
  const model = change(run.model);
  return { ...run, model, optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }) };
};
const linear = (inputs: number, outputs: number) => new nn.Linear(inputs, outputs);

describe('resume refuses a checkpoint', () => {
  const stopping = { callbacks: [new EarlyStopping()] };
  it.each<readonly [string, () => Run, readonly string[]]>([
    [
      'of a model of other sizes',
      () => other(() => new nn.Sequential(linear(5, 8), new nn.ReLU(), new nn.Dropout(0.4), linear(8, 3))),
      [
        'model: (0): Linear(in_features=5, out_features=7, bias=True) in the checkpoint, (0): Linear(in_features=5, out_features=8, bias=True) here',
        'model: size mismatch for 0.weight: copying a param with shape torch.Size([7, 5]) from checkpoint, the shape in current model is torch.Size([8, 5]).',
        'optimizer: ',
      ],
    ],
    [
      'of a model with other tensors',
      () => other((model) => new nn.Sequential(...model, linear(3, 3)) as nn.Sequential),
      ['model: Missing key(s) in state_dict: "4.weight", "4.bias".', '4 parameters, expected 6'],
    ],
    [
      'of another dropout',
      () =>
        other(
          (model) => new nn.Sequential(model.at(0), model.at(1), new nn.Dropout(0.1), model.at(3)) as nn.Sequential,
        ),
      ['(2): Dropout(p=0.4, inplace=False) in the checkpoint, (2): Dropout(p=0.1, inplace=False) here'],
    ],
    ['of another optimizer', () => ({ ...make(), optimizer: new optim.SGD(make().model.parameters(), { lr: 1 }) }), []],
    ['of other metrics', () => with_({ metrics: [] }), ['metrics: accuracy in the checkpoint, nothing here']],
    ['of another batch size', () => with_({ batchSize: 5 }), ['batchSize: 4 in the checkpoint, 5 here']],
    ['that was shuffled', () => with_({ shuffle: false }), ['shuffle: true in the checkpoint, false here']],
    ['of eager code', () => with_({ fuse: false }), ['fuse: true in the checkpoint, false here']],
    [
      'of epochs of other steps',
      () => with_({ stepsPerEpoch: 3 }),
      ['stepsPerEpoch: one pass over the data in the checkpoint, 3 here'],
    ],
    [
      'without validation',
      () => with_({ validationSplit: 0.5 }),
      [
        'train: tensors of 22 rows in the checkpoint, tensors of 11 rows here',
        'validation: none in the checkpoint, tensors of 11 rows here',
      ],
    ],
    [
      'of tensors',
      () => with_({ train: loaderOf(makeParts()), batchSize: undefined, shuffle: undefined } as never),
      ['train: tensors of 22 rows in the checkpoint, 6 batches here'],
    ],
    ['of another loss', () => ({ ...make(), loss: new nn.CrossEntropyLoss({ reduction: 'sum' }) }), []],
  ])('%s', async (_name, makeOther, texts) => {
    let run = makeOther();
    if (_name === 'of another optimizer') run = { ...run, optimizer: new optim.SGD(run.model.parameters(), { lr: 1 }) };
    const before = leftBy(run, none);
    const error: unknown = await train(run, { ...stopping, resume: checkpoint() }).catch((reason: unknown) => reason);
    if (_name === 'of another loss') return void expect(error).not.toBeInstanceOf(TypeError);
    expect(error).toBeInstanceOf(ArgumentError);
    const { message } = error as Error;
    expect(message.startsWith(`fit: resume: ${checkpoint()}: the checkpoint is that of another training:\n\t`)).toBe(
      true,
    );
    for (const text of texts) expect(message).toContain(text);
    if (_name === 'of another optimizer') expect(message).toContain('optimizer: Adam in the checkpoint, SGD here');
    expect(leftBy(run, none)).toEqual(before);
  });

  it('without a callback that had a state; the files of a ModelCheckpoint may go', async () => {
    const run = make();
    const promise = train(run, { resume: checkpoint() });
    await expect(promise).rejects.toThrow('\n\tcallbacks: EarlyStopping in the checkpoint, none here');
  });

  it('that lacks the best weights', async () => {
    const run = make();
    const before = leftBy(run, none);
    const callbacks = [new EarlyStopping({ restoreBest: true })];
    await expect(train(run, { callbacks, resume: checkpoint() })).rejects.toThrow(
      'EarlyStopping: restoreBest, but the checkpoint was made without, and lacks the best weights',
    );
    expect(leftBy(run, none)).toEqual(before);
  });

  it('when a callback refuses its state, all of it', async () => {
    class Counting implements Callback {
      state = 1;
      stateDict = () => this.state;
      loadStateDict(state: unknown): void {
        if (state === 1) throw new Error('not mine');
        this.state = Number(state);
      }
    }
    const path = join(folder(), 'counting.safetensors');
    await train(make(), { callbacks: [new Counting(), new ModelCheckpoint({ path, everySteps: 8 })] });
    const run = make();
    const before = leftBy(run, none);
    await expect(train(run, { callbacks: [new Counting()], resume: path })).rejects.toThrow('not mine');
    expect(leftBy(run, none)).toEqual(before);
  });

  it('that is not there, unless it is told so', async () => {
    for (const path of [join(folder(), 'absent'), join(folder(), 'no', '{step}.st')]) {
      const promise = train(make(), { resume: path });
      await expect(promise).rejects.toThrow(ArgumentError);
      await expect(promise).rejects.toThrow(
        `fit: resume: ${path}: not found; with resume: { path, ifExists: true } a training begins from the start then`,
      );
      const history = await train(make(), { resume: { path, ifExists: true } });
      expect(epochsOf(history)).toEqual(epochsOf(await train(make())));
    }
  });

  it('that is no checkpoint, not whole, or of another version', async () => {
    const bytes = readFileSync(checkpoint());
    const write = (name: string, content: Uint8Array | string) => {
      const path = join(folder(), name);
      writeFileSync(path, content);
      return path;
    };
    const text = bytes.toString('latin1');
    const plain = join(folder(), 'plain.safetensors');
    await io.save(plain, make().model);
    const byHand = join(folder(), 'by-hand.safetensors');
    await io.saveCheckpoint(byHand, { model: make().model, optimizer: make().optimizer });
    const newer = text.replace('"lanewise.checkpoint":"1"', '"lanewise.checkpoint":"9"');
    for (const [path, message] of [
      [write('short', bytes.subarray(0, bytes.length - 1)), 'truncated: tensor'],
      [write('empty', ''), 'truncated: a safetensors file begins with 8 bytes'],
      [write('newer', Buffer.from(newer, 'latin1')), 'is a checkpoint of version "9", written by lanewise 0.1.0'],
      [plain, 'is no checkpoint: it holds tensors without the state of a training; io.load reads them'],
      [byHand, 'the checkpoint was not taken by fit'],
    ] as const) {
      const run = make();
      const before = leftBy(run, none);
      const promise = train(run, { ...stopping, resume: path });
      await expect(promise).rejects.toThrow(ArgumentError);
      await expect(promise).rejects.toThrow(`fit: resume: ${path}: `);
      await expect(promise).rejects.toThrow(message);
      expect(leftBy(run, none)).toEqual(before);
    }
  });

  it.each([
    [1, 'fit: resume: expected a path, or { path, ifExists: true }, got 1'],
    [{ ifExists: true }, 'fit: resume: expected a path, or { path, ifExists: true }, got undefined'],
    [{ path: 'a', ifExists: 1 }, 'fit: resume: ifExists must be a boolean'],
    [{ path: 'a', exists: true }, 'unknown option "exists"'],
  ])('of a path that is none: %o', async (resume, message) => {
    await expect(train(make(), { resume: resume as never })).rejects.toThrow(message);
  });

  it('of an iterable that gives fewer batches than were trained on', async () => {
    const { x, y } = makeParts();
    const batches = (length: number) => ({
      *[Symbol.iterator]() {
        for (let i = 0; i < length; i++) yield [x.narrow(0, i, 4), y.narrow(0, i, 4)] as [Tensor, Tensor];
      },
    });
    const path = join(folder(), 'batches.safetensors');
    const run = (length: number) => with_({ train: batches(length), batchSize: undefined, epochs: 1 });
    await train(run(6), { callbacks: [new ModelCheckpoint({ path, everySteps: 5 })] });
    const short = run(3);
    const before = leftBy(short, none);
    await expect(train(short, { resume: path })).rejects.toThrow(
      'fit: resume: train gave 3 batches, and the checkpoint was taken after 5: it must give the same again',
    );
    expect(leftBy(short, none)).toEqual(before);
  });

  it('of data that say where they are when these do not', async () => {
    const { x, y } = makeParts();
    const list = [[x, y] as [Tensor, Tensor], [x, y] as [Tensor, Tensor]];
    const stateful = {
      [Symbol.iterator]: () => list[Symbol.iterator](),
      stateDict: () => ({ at: 1 }),
      loadStateDict() {},
    };
    const plain = { [Symbol.iterator]: () => list[Symbol.iterator]() };
    const path = join(folder(), 'stateful.safetensors');
    const run = (data: Iterable<[Tensor, Tensor]>) => with_({ train: data, batchSize: undefined });
    await train(run(stateful), { callbacks: [new ModelCheckpoint({ path, everySteps: 1 })] });
    await expect(train(run(plain), { resume: path })).rejects.toThrow(
      'train has no loadStateDict to take over the state in the checkpoint',
    );
  });
});

describe('a training that is resumed', () => {
  it('trains on for more epochs, and does nothing when there are none left', async () => {
    const path = join(folder(), 'whole.safetensors');
    const files = () => [new ModelCheckpoint({ path })];
    const run = make();
    const history = await train(run, { callbacks: files() });
    const again = make();
    expect(epochsOf(await train(again, { resume: path, callbacks: files() }))).toEqual(epochsOf(history));
    expect(leftBy(again, none).weights).toEqual(leftBy(run, none).weights);
    const longer = make();
    const expected = leftBy(longer, await train(longer, { epochs: 5 }));
    expect(await trainOn(make, path, { epochs: 5 })).toEqual(expected);
  });

  it('goes on in a loop over epochs with the epoch in which it was stopped', async () => {
    const path = join(folder(), 'epochs.safetensors');
    const loop = async (run: Run, more: object) => {
      const numbers: number[] = [];
      const { model, optimizer, options } = run;
      const training = epochs(model, {
        batchSize: 4,
        ...options,
        optimizer,
        loss: new nn.CrossEntropyLoss(),
        ...more,
      } as never);
      for await (const { epoch } of training) numbers.push(epoch);
      return numbers;
    };
    const plain = make();
    await loop(plain, { epochs: 4 });
    expect(await loop(make(), { epochs: 4, callbacks: [new ModelCheckpoint({ path, everySteps: 15 })] })).toEqual([
      1, 2, 3, 4,
    ]);
    const resumed = make();
    expect(await loop(resumed, { epochs: 4, resume: path })).toEqual([3, 4]);
    expect(leftBy(resumed, none)).toEqual(leftBy(plain, none));
    // And by fit, which has the results of all epochs.
    const whole = make();
    const history = await train(whole, { epochs: 4, resume: path });
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  });

  it('leaves nothing that cannot be trained when reading fails', async () => {
    const { model, optimizer, options } = make();
    const loss = new nn.CrossEntropyLoss();
    await expect(fit(model, { ...options, optimizer, loss, resume: 'absent' } as never)).rejects.toThrow(ArgumentError);
    await expect(fit(model, { ...options, optimizer, loss } as never)).resolves.toMatchObject({ stopped: null });
  });

  it('sizes alone are a ShapeError by hand', async () => {
    mkdirSync(join(folder(), 'by'), { recursive: true });
    const path = join(folder(), 'by', 'hand.safetensors');
    await io.saveCheckpoint(path, { model: linear(2, 3) });
    await expect(io.loadCheckpoint(path, { model: linear(2, 4) })).rejects.toThrow(ShapeError);
  });
});
