/** Files of checkpoints: when they are written, which are kept, what they hold, and what is refused. */
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  type Callback,
  data,
  type FitOptions,
  fit,
  io,
  ModelCheckpoint,
  nn,
  optim,
  randn,
  type Tensor,
} from '../../src/index.js';
import { writeAtomically } from '../../src/io/atomic-write.js';
import { leftBy, makeParts, type Run, train, useFolders } from './resume.js';

const folder = useFolders();

const make = (more: Partial<FitOptions> = {}): Run => {
  const parts = makeParts();
  const options = { train: new data.TensorDataset(parts.x, parts.y), epochs: 3, ...more } as Run['options'];
  return { ...parts, optimizer: new optim.Adam(parts.model.parameters(), { lr: 0.05 }), options };
};

/** The name of the temporary file that a write of `name` has in the folder. */
async function leftIn(path: string, name: string): Promise<string> {
  let left: string[] = [];
  const look = function* (): Generator<Uint8Array> {
    left = readdirSync(path).filter((each) => each.endsWith('.tmp'));
    yield Buffer.from('whole');
  };
  await writeAtomically('test', join(path, name), look());
  expect(left).toHaveLength(1);
  return left[0]!;
}

const namesIn = (path: string) => readdirSync(path).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));

describe('ModelCheckpoint with a path', () => {
  it('writes after every given number of steps, epochs, or after each epoch', async () => {
    for (const [options, expected] of [
      [{ everySteps: 4 }, ['4-1', '8-2', '12-2', '16-3']],
      [{ everyEpochs: 2 }, ['12-2']],
      [{}, ['6-1', '12-2', '18-3']],
      [{ everySeconds: 3600 }, []],
    ] as const) {
      const own = folder();
      await train(make(), { callbacks: [new ModelCheckpoint({ path: join(own, '{step}-{epoch}.st'), ...options })] });
      expect(namesIn(own)).toEqual(expected.map((name) => `${name}.st`));
    }
  });

  it('goes by time between any two steps', async () => {
    const path = join(folder(), 'run', 'last.safetensors');
    const files = new ModelCheckpoint({ path, everySeconds: 0.05 });
    const steps = new Set<number>();
    const watch = setInterval(() => {
      if (existsSync(path)) void io.loadCheckpoint(path).then(({ fit }) => steps.add(fit!.steps));
    }, 20);
    const { x, y, model } = makeParts(6000);
    const run: Run = { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), options: { train: [x, y] } };
    const history = await train(run, { epochs: 1_000_000, timeLimit: 0.8, callbacks: [files] });
    clearInterval(watch);
    await delay(30);
    expect(steps.size).toBeGreaterThan(2);
    expect(history.stopped).toBe('timeLimit');
    expect(files.lastPath).toBe(path);
  });

  it('keeps the last files, or the best ones', async () => {
    const own = folder();
    await train(make(), { callbacks: [new ModelCheckpoint({ path: join(own, '{step}.st'), everySteps: 3, keep: 2 })] });
    expect(namesIn(own)).toEqual(['15.st', '18.st']);

    // Losses of a metric that is what the epoch says.
    const scores = [0.5, 0.9, 0.1, 0.7, 0.8];
    const results: number[] = [];
    const score: Callback = { onEpoch: (result) => void results.push(result.epoch) };
    for (const [keep, expected] of [
      [undefined, [1, 2]],
      [1, [2]],
      [2, [2, 5]],
      [3, [2, 4, 5]],
    ] as const) {
      const best = folder();
      const files = new ModelCheckpoint({
        path: join(best, '{epoch}.st'),
        monitor: 'score',
        mode: 'max',
        ...(keep === undefined ? {} : { keep }),
      });
      // The score is looked at through the callback, so that it is exact.
      const see = files.onEpoch.bind(files);
      files.onEpoch = (result, context) => see({ ...result, metrics: { score: scores[result.epoch - 1]! } }, context);
      const metrics = [{ name: 'score', fn: (output: Tensor) => output.mean() }];
      await train(make({ epochs: 5 }), { metrics, callbacks: [score, files] });
      expect(namesIn(best)).toEqual(expected.map((epoch) => `${epoch}.st`));
      expect(files.best).toBe(0.9);
    }
    expect(results).toHaveLength(20);
  });

  it('goes on keeping what it kept when it is resumed', async () => {
    const own = folder();
    const files = () => new ModelCheckpoint({ path: join(own, '{step}.st'), everySteps: 3, keep: 2 });
    const stopAt = (step: number) => {
      const controller = new AbortController();
      return {
        signal: controller.signal,
        onStep: (each: { step: number; epoch: number }) => {
          if ((each.epoch - 1) * 6 + each.step === step) controller.abort(new Error('stop'));
        },
      };
    };
    await expect(train(make(), { callbacks: [files()], ...stopAt(10) })).rejects.toThrow('stop');
    expect(namesIn(own)).toEqual(['9.st', '10.st']);
    await train(make(), { callbacks: [files()], resume: join(own, '{step}.st') });
    expect(namesIn(own)).toEqual(['15.st', '18.st']);
  });

  it.each(['everySteps', 'everyEpochs', 'everySeconds', 'keep'])('refuses %s that is none', (name) => {
    for (const value of [0, -1, Number.NaN, '3', null])
      expect(() => new ModelCheckpoint({ path: 'a/{step}', [name]: value } as never)).toThrow(ArgumentError);
  });

  it.each<readonly [object, string]>([
    [{}, 'ModelCheckpoint: expected a path or a file: URL, got undefined'],
    [{ path: 'a', everySteps: 1, everyEpochs: 1 }, 'give one of everySteps, everyEpochs and everySeconds, got 2'],
    [{ path: 'a', keep: 2 }, 'to keep 2 files they need names: put {step} or {epoch} into "a"'],
    [{ path: 'a', mode: 'min' }, 'mode and minDelta say how monitor is read; give monitor too'],
    [{ path: 'a', monitor: 'loss', everySteps: 3 }, 'monitor goes by the scores of epochs'],
    [{ path: 'a', monitor: 'f1' }, "give mode: 'min' or 'max'"],
    [{ path: 'a', saveOnStop: 1 }, 'saveOnStop must be a boolean'],
    [{ path: 'a', every: 1 }, 'unknown option "every"'],
  ])('refuses %o', (options, message) => {
    expect(() => new ModelCheckpoint(options as never)).toThrow(message);
  });

  it('names a score that there is none of before anything moves', async () => {
    const run = make();
    const before = leftBy(run, { epochs: [], stopped: null });
    const files = new ModelCheckpoint({ path: join(folder(), 'a'), monitor: 'validation.loss' });
    await expect(train(run, { callbacks: [files] })).rejects.toThrow('there is nothing called "validation.loss"');
    expect(leftBy(run, { epochs: [], stopped: null })).toEqual(before);
  });

  it('ends the training when a file cannot be written, and leaves the old one', async () => {
    const own = folder();
    // Where the folder should be is a file.
    writeFileSync(join(own, 'taken'), 'a file');
    const files = new ModelCheckpoint({ path: join(own, 'taken', 'a.st'), everySteps: 2 });
    const promise = train(make({ epochs: 1_000_000 }), { callbacks: [files] });
    await expect(promise).rejects.toThrow(ArgumentError);
    await expect(promise).rejects.toThrow(/ModelCheckpoint: the folder .*taken cannot be made/);
    expect(readFileSync(join(own, 'taken'), 'utf8')).toBe('a file');
  });

  it('refuses a state that no file can hold before the first step', async () => {
    const run = make();
    const before = leftBy(run, { epochs: [], stopped: null });
    const callbacks: Callback[] = [
      { stateDict: () => ({ deep: [{ when: new Date() }] }) },
      new ModelCheckpoint({ path: join(folder(), 'a') }),
    ];
    await expect(train(run, { callbacks })).rejects.toThrow(
      'fit: callbacks.0.state.deep.0.when cannot be saved: it is a value of type Date',
    );
    expect(leftBy(run, { epochs: [], stopped: null })).toEqual(before);
  });

  it('writes what Python reads: the bytes that save gives for the same tensors and metadata', async () => {
    const path = join(folder(), 'run.st');
    const model = new nn.Sequential(new nn.Linear(3, 5), new nn.Linear(5, 2));
    const optimizer = new optim.Adam(model.parameters());
    const [x, y] = [randn([40, 3]), randn([40, 2])];
    const options = { train: new data.TensorDataset(x, y), batchSize: 8, epochs: 2, loss: new nn.MSELoss() };
    // The second file is written from the memory of the first.
    await fit(model, { ...options, optimizer, callbacks: [new ModelCheckpoint({ path })] });
    const tensors = await io.load(path);
    const { metadata } = io.fileInfo(tensors);
    expect(readFileSync(path).equals(io.serialize(tensors, { metadata }))).toBe(true);
    expect(metadata.format).toBe('pt');
    const own = Object.keys(tensors).filter((name) => !name.startsWith('lanewise:'));
    expect(own.sort()).toEqual(Object.keys(model.stateDict()).sort());
    for (const [name, tensor] of Object.entries(model.stateDict()))
      expect(tensors[name]!.toTypedArray()).toEqual(tensor.toTypedArray());
  });

  it('removes what killed writes have left, but not what may be being written', async () => {
    const own = folder();
    const [old, young, other] = [await leftIn(own, 'a.st'), await leftIn(own, 'a.st'), await leftIn(own, 'b.st')];
    for (const name of readdirSync(own)) rmSync(join(own, name));
    for (const name of [old, young, other]) writeFileSync(join(own, name), '');
    for (const name of [old, other]) utimesSync(join(own, name), 1, 1);
    await train(make(), { callbacks: [new ModelCheckpoint({ path: join(own, 'a.st') })] });
    expect(readdirSync(own).sort()).toEqual([other, 'a.st', young].sort());
  });
});
