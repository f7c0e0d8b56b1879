/** Batches that come one by one. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ArgumentError, data, type FitOptions, fit, type Progress, ShapeError, type Tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { runChild } from '../helpers/child.js';
import { bad } from '../misuse/fixture.js';
import { makeProblem, numbersOf, type Problem, trainByHand } from './problem.js';

type Batch = readonly [input: Tensor, target: Tensor];

const loaderOf = ({ x, y }: Problem, shuffle = true) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle });

const train = ({ model, optimizer, loss }: Problem, source: FitOptions['train'], more: Partial<FitOptions> = {}) =>
  fit(model, { train: source, epochs: 2, optimizer, loss, fuse: false, ...more });

describeEachBackend('fit on batches', () => {
  it.each(['a DataLoader', 'an array', 'an async iterable'])('from %s is the loop by hand to the bit', async (kind) => {
    const byHand = makeProblem();
    trainByHand(byHand, { epochs: 2, shuffle: kind !== 'an array' });
    const problem = makeProblem();
    const loader = loaderOf(problem, kind !== 'an array');
    const later = {
      async *[Symbol.asyncIterator]() {
        for (const batch of loader) {
          await delay(1);
          yield batch;
        }
      },
    };
    const { epochs } = await train(
      problem,
      kind === 'a DataLoader' ? loader : kind === 'an array' ? [...loader] : later,
    );
    expect(epochs.map(({ steps, samples }) => [steps, samples])).toEqual([
      [7, 50],
      [7, 50],
    ]);
    // Making the array has drawn a seed, but no order.
    if (kind === 'an array') expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    else expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });

  it('validates on batches too', async () => {
    const resident = makeProblem();
    const problem = makeProblem();
    const expected = await train(resident, [resident.x, resident.y], {
      validation: [resident.x, resident.y],
      batchSize: 8,
    });
    makeProblem();
    const { epochs } = await train(problem, [problem.x, problem.y], {
      validation: [...loaderOf(problem, false)],
      batchSize: 8,
    });
    expect(epochs[0]!.validation!.loss).toBeGreaterThan(0);
    expect(epochs).toHaveLength(expected.epochs.length);
    expect(Object.keys(epochs[0]!.validation!)).toEqual(Object.keys(expected.epochs[0]!.validation!));
  });

  it.each([0, 3])('takes at most two batches at a time, with %i ms in between', async (milliseconds) => {
    const problem = makeProblem(120);
    let taken = 0;
    let most = 0;
    const made: number[] = [];
    const source = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
        for (const batch of loaderOf(problem)) {
          if (milliseconds > 0) await delay(milliseconds);
          taken++;
          most = Math.max(most, taken - made.length);
          yield batch;
        }
      },
    };
    await train(problem, source, { epochs: 1, onStep: ({ step }) => void made.push(step) });
    expect(made).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    expect(most).toBeLessThanOrEqual(2);

    // Without onStep: what has been made is seen in what is told.
    const other = makeProblem(120);
    taken = 0;
    made.length = 0;
    let told: Progress | null = null;
    await train(other, source, { epochs: 1, onProgress: (progress) => (told = progress) });
    expect(taken).toBe(15);
    expect(told).toMatchObject({ step: 15, steps: null, epoch: 1, epochs: 1 });
  });

  it('ends with what the iterable throws, and closes it', async () => {
    const problem = makeProblem();
    const error = new Error('no more disk');
    let isClosed = false;
    const batches = [...loaderOf(problem)];
    const source = {
      [Symbol.iterator]: () => {
        let i = 0;
        return {
          next: (): IteratorResult<Batch> => {
            if (i === 3) throw error;
            return { done: false, value: batches[i++]! };
          },
          return: (): IteratorResult<Batch> => {
            isClosed = true;
            return { done: true, value: undefined };
          },
        };
      },
    };
    const before = numbersOf(problem);
    await expect(train(problem, source)).rejects.toBe(error);
    expect(isClosed).toBe(true);
    expect(numbersOf(problem)).not.toEqual(before);
    await expect(train(problem, loaderOf(problem))).resolves.toMatchObject({ stopped: null });
  });

  it.each<readonly [string, (batch: Batch) => unknown, unknown, string]>([
    [
      'a number',
      () => 3,
      ArgumentError,
      'fit: batch 1 of train must be [input, target], got 3; for batches of another form',
    ],
    ['one tensor', ([x]) => x, ArgumentError, 'batch 1 of train must be [input, target]'],
    ['three tensors', ([x, y]) => [x, y, y], ArgumentError, 'batch 1 of train must be [input, target]'],
    [
      'rows too few',
      ([x, y]) => [x, y.narrow(0, 0, 3)],
      ShapeError,
      'fit: batch 1 of train must have the same number of rows in each of its tensors, got shapes [8, 6], [3]',
    ],
    ['no rows', ([x, y]) => [x.narrow(0, 0, 0), y.narrow(0, 0, 0)], ShapeError, 'fit: batch 1 of train has no rows'],
    ['other features', ([x, y]) => [x.narrow(1, 0, 5), y], ShapeError, 'expected 6 features'],
    ['a label out of range', ([x, y]) => [x, y.to('float32').add(7).to('int32')], ArgumentError, 'out of bounds'],
  ])('refuses %s, and closes the iterable', async (_name, spoil, kind, message) => {
    const problem = makeProblem();
    const batches = [...loaderOf(problem)];
    let isClosed = false;
    const source = {
      *[Symbol.iterator](): Generator<Batch> {
        try {
          yield batches[0]!;
          yield spoil(batches[1]!) as Batch;
          yield batches[2]!;
          yield batches[3]!;
          expect.fail('too many batches were taken');
        } finally {
          isClosed = true;
        }
      },
    };
    const promise = train(problem, source);
    await expect(promise).rejects.toThrow(message);
    await expect(promise).rejects.toBeInstanceOf(kind);
    expect(isClosed).toBe(true);
    const byHand = makeProblem();
    await train(byHand, batches.slice(0, 1), { epochs: 1 });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    await expect(train(problem, loaderOf(problem))).resolves.toMatchObject({ stopped: null });
  });

  it('can be aborted while the iterable is stuck', async () => {
    const problem = makeProblem();
    const controller = new AbortController();
    let calls = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          calls++;
          setTimeout(() => controller.abort(), 5);
          return new Promise<IteratorResult<Batch>>(() => {});
        },
      }),
    };
    await expect(train(problem, source, { signal: controller.signal })).rejects.toThrow('aborted');
    expect(calls).toBe(1);
    await expect(train(problem, loaderOf(problem))).resolves.toMatchObject({ stopped: null });
  });

  it('keeps to its time limit while the iterable is stuck', async () => {
    const problem = makeProblem();
    const [batch] = [...loaderOf(problem)] as [Batch];
    const source = {
      async *[Symbol.asyncIterator]() {
        yield batch;
        await new Promise(() => {});
      },
    };
    const history = await train(problem, source, { timeLimit: 0.5 });
    expect(history.stopped).toBe('timeLimit');
    expect(history.epochs).toMatchObject([{ epoch: 1, steps: 1, samples: 8 }]);
  });

  it('refuses an iterator that is none', async () => {
    const problem = makeProblem();
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) };
    const promise = train(problem, bad(source));
    await expect(promise).rejects.toThrow('fit: the iterator of train must give { done, value }, got undefined');
    await expect(promise).rejects.toBeInstanceOf(ArgumentError);
  });

  it('says what is wrong with a generator that has been called, in the second epoch', async () => {
    const problem = makeProblem();
    const batches = (function* () {
      yield* loaderOf(problem);
    })();
    const results: number[] = [];
    const promise = train(problem, batches, { onEpoch: ({ epoch }) => void results.push(epoch) });
    await expect(promise).rejects.toThrow('fit: train gave no batch; what is iterated more than once must begin again');
    expect(results).toEqual([1]);
  });
});

describe('a time limit', () => {
  it('keeps the process alive while nothing else does', async () => {
    const { reported } = await runChild(`
      const { fit, nn, optim, zeros } = await src('index.ts');
      const model = new nn.Linear(2, 2);
      const train = (async function* () {
        yield [zeros([1, 2]), zeros([1, 2])];
        await new Promise(() => {});
      })();
      const optimizer = new optim.SGD(model.parameters());
      void fit(model, { train, optimizer, loss: new nn.MSELoss(), timeLimit: 0.2 }).then(({ stopped }) => report(stopped));
    `);
    expect(reported).toBe('timeLimit');
  });
});
