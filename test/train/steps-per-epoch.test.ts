/** Epochs of a given number of steps: each goes on in the data where the one before it ended. */
import { expect, it } from 'vitest';
import { ArgumentError, data, epochs, type FitOptions, fit, type Tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { makeProblem, numbersOf, type Problem, trainByHand } from './problem.js';

type Batch = readonly [input: Tensor, target: Tensor];

const loaderOf = ({ x, y }: Problem, shuffle = true) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle });

const train = ({ model, optimizer, loss }: Problem, source: FitOptions['train'], more: Partial<FitOptions>) =>
  fit(model, { train: source, optimizer, loss, fuse: false, ...more });

/** Samples in the first epochs of three steps: a pass over 50 rows has batches of 8, 8, 8, 8, 8, 8, 2. */
const samplesInThrees = [24, 24, 18, 24];

describeEachBackend('stepsPerEpoch', () => {
  it.each([
    ['tensors', (problem: Problem): FitOptions['train'] => [problem.x, problem.y]],
    ['a DataLoader', (problem: Problem) => loaderOf(problem)],
    ['a dataset', ({ x, y }: Problem) => ({ length: 50, get: (i: number): Batch => [x.select(0, i), y.select(0, i)] })],
  ])('of %s makes the steps of whole passes, cut elsewhere', async (kind, sourceOf) => {
    const byHand = makeProblem();
    trainByHand(byHand, { epochs: 3 });
    for (const stepsPerEpoch of [3, 7, 21]) {
      const problem = makeProblem();
      const steps: number[] = [];
      const options = {
        epochs: 21 / stepsPerEpoch,
        stepsPerEpoch,
        ...(kind === 'a DataLoader' ? {} : { batchSize: 8 }),
      };
      const history = await train(problem, sourceOf(problem), options);
      expect(numbersOf(problem)).toEqual(numbersOf(byHand));
      expect(history.epochs.map((epoch) => epoch.steps)).toEqual(Array(options.epochs).fill(stepsPerEpoch));
      if (stepsPerEpoch === 3)
        expect(history.epochs.slice(0, 4).map(({ samples }) => samples)).toEqual(samplesInThrees);

      const again = makeProblem();
      await train(again, sourceOf(again), { ...options, onStep: ({ step }) => void steps.push(step) });
      expect(numbersOf(again)).toEqual(numbersOf(byHand));
      expect(steps).toEqual(Array.from({ length: 21 }, (_, i) => (i % stepsPerEpoch) + 1));
    }
  });

  it('goes on in the order when samples are not shuffled', async () => {
    const byHand = makeProblem();
    trainByHand(byHand, { epochs: 3, shuffle: false });
    const problem = makeProblem();
    await train(problem, [problem.x, problem.y], { epochs: 7, stepsPerEpoch: 3, batchSize: 8, shuffle: false });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });

  it('takes an infinite generator, and closes it at the end', async () => {
    const problem = makeProblem();
    const [batch] = [...loaderOf(problem)] as [Batch];
    let given = 0;
    let isClosed = false;
    const endless = (function* (): Generator<Batch> {
      try {
        for (;;) {
          given++;
          yield batch;
        }
      } finally {
        isClosed = true;
      }
    })();
    const progress: (number | null)[] = [];
    const { epochs: results } = await train(problem, endless, {
      epochs: 3,
      stepsPerEpoch: 4,
      onEpoch: () => expect(isClosed).toBe(false),
      onProgress: ({ steps }) => void progress.push(steps),
    });
    expect(results.map(({ steps, samples }) => [steps, samples])).toEqual(Array(3).fill([4, 32]));
    expect([given, isClosed, progress.at(-1)]).toEqual([12, true, 4]);
  });

  it('closes the iterator when a loop over epochs is left', async () => {
    const problem = makeProblem();
    const [batch] = [...loaderOf(problem)] as [Batch];
    let isClosed = false;
    const endless = (function* (): Generator<Batch> {
      try {
        for (;;) yield batch;
      } finally {
        isClosed = true;
      }
    })();
    const { model, optimizer, loss } = problem;
    for await (const { epoch } of epochs(model, { train: endless, optimizer, loss, epochs: 9, stepsPerEpoch: 2 })) {
      expect(isClosed).toBe(false);
      if (epoch === 2) break;
    }
    expect(isClosed).toBe(true);
  });

  it('names a generator that is spent, after the steps of its batches', async () => {
    const problem = makeProblem();
    const batches = [...loaderOf(problem)];
    const spent = (function* () {
      yield* batches;
    })();
    const results: number[] = [];
    const promise = train(problem, spent, {
      epochs: 3,
      stepsPerEpoch: 5,
      onEpoch: ({ epoch }) => void results.push(epoch),
    });
    await expect(promise).rejects.toThrow('fit: train gave no batch; what is iterated more than once must begin again');
    await expect(promise).rejects.toBeInstanceOf(ArgumentError);
    expect(results).toEqual([1]);
    const other = makeProblem();
    await train(other, [...loaderOf(other)], { epochs: 1 });
    expect(numbersOf(problem)).toEqual(numbersOf(other));
  });
});
