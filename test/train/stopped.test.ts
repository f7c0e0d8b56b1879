/** What is saved of a training that its signal ends goes on to the bits of one that was not stopped. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { data, EarlyStopping, type FitOptions, Generator, ModelCheckpoint, optim, rand } from '../../src/index.js';
import { leftBy, loaderOf, makeParts, type Run, train, trainOn, useFolders } from './resume.js';

const folder = useFolders();

const make = (more: Partial<FitOptions> = {}): Run => {
  const parts = makeParts();
  const options = { train: new data.TensorDataset(parts.x, parts.y), epochs: 3, ...more } as Run['options'];
  return { ...parts, optimizer: new optim.Adam(parts.model.parameters(), { lr: 0.05 }), options };
};

describe('a training that is stopped', () => {
  const stops: Readonly<Record<string, (at: number) => Partial<FitOptions>>> = {
    'by its signal after a step': (at) => {
      const controller = new AbortController();
      let steps = 0;
      return {
        signal: controller.signal,
        onStep: () => {
          if (++steps === at) controller.abort(new Error('stop'));
        },
      };
    },
    'by its signal, with two steps on their way': (at) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('stop')), at);
      return { signal: controller.signal };
    },
    'by its signal in a callback': (at) => {
      const controller = new AbortController();
      const onEpoch = ({ epoch }: { epoch: number }) => {
        if (epoch === Math.ceil(at / 6)) controller.abort(new Error('stop'));
      };
      return { signal: controller.signal, callbacks: [{ onEpoch }] };
    },
  };
  const kinds: Readonly<Record<string, () => Run>> = {
    tensors: () => {
      const generator = new Generator(4);
      const run = make({ generator, callbacks: [new EarlyStopping({ restoreBest: true, monitor: 'loss' })] });
      return { ...run, generator, options: { ...run.options, validationSplit: 0.1 } };
    },
    'a loader': () => {
      const parts = makeParts();
      const generator = new Generator(4);
      const optimizer = new optim.SGD(parts.model.parameters(), { lr: 0.1, momentum: 0.9 });
      const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.97 });
      const options = { train: loaderOf(parts), epochs: 3, batchSize: undefined, generator };
      return { ...parts, generator, optimizer, options: { ...options, schedulers: [{ scheduler, interval: 'step' }] } };
    },
    'an async iterable that draws': () => {
      const parts = makeParts();
      const generator = new Generator(4);
      const train = {
        async *[Symbol.asyncIterator]() {
          for (const [x, y] of loaderOf(parts)) {
            yield [x.add(rand(x.shape, { generator })), y] as const;
            await delay(1);
          }
        },
      };
      const optimizer = new optim.SGD(parts.model.parameters(), { lr: 0.1 });
      return { ...parts, generator, optimizer, options: { train, epochs: 3, batchSize: undefined, generator } };
    },
  };
  const cases = Object.keys(stops).flatMap((stop) => Object.keys(kinds).map((kind) => [stop, kind] as const));

  it.each(cases)('%s, is saved where it stands: %s', async (stop, kind) => {
    const plain = kinds[kind]!();
    const expected = leftBy(plain, await train(plain));
    let [stopped, ran] = [0, 0];
    for (const at of [1, 2, 5, 6, 9, 12, 17]) {
      const path = join(folder(), 'last.st');
      const { callbacks = [], ...options } = stops[stop]!(at);
      const files = new ModelCheckpoint({ path, everySteps: 1000 });
      const first = await train(kinds[kind]!(), { ...options, callbacks: [...callbacks, files] }).then(
        () => 'ran',
        (error: Error) => error.message,
      );
      if (first === 'ran') ran++;
      else expect(first).toBe('stop');
      if (first === 'ran' || !existsSync(path)) continue;
      stopped++;
      expect(await trainOn(kinds[kind]!, path), `at ${at}`).toEqual(expected);
    }
    if (!stop.includes('two steps')) expect(stopped + ran).toBe(7);
  });
});
