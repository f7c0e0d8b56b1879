/** The last samples are held out. */
import { expect, it } from 'vitest';
import { data, type FitOptions, fit } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { makeProblem, numbersOf, type Problem } from './problem.js';

const train = ({ model, optimizer, loss }: Problem, options: Pick<FitOptions, 'train'> & Partial<FitOptions>) =>
  fit(model, { optimizer, loss, metrics: ['accuracy'], epochs: 2, batchSize: 8, ...options });

describeEachBackend('validationSplit', () => {
  it.each([true, false])('is training and validation on parts by hand (shuffle: %s)', async (shuffle) => {
    const byHand = makeProblem();
    const part = (first: number, rows: number) =>
      [byHand.x.narrow(0, first, rows), byHand.y.narrow(0, first, rows)] as const;
    const expected = await train(byHand, { train: part(0, 39), validation: part(39, 11), shuffle });
    const problem = makeProblem();
    const { epochs } = await train(problem, { train: [problem.x, problem.y], validationSplit: 0.22, shuffle });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    expect(epochs.map(({ samples, loss, validation }) => ({ samples, loss, validation }))).toEqual(
      expected.epochs.map(({ samples, loss, validation }) => ({ samples, loss, validation })),
    );
    expect(epochs.map(({ samples, validation }) => [samples, validation!.loss > 0])).toEqual([
      [39, true],
      [39, true],
    ]);
  });

  it('neither trains on what is held out nor validates with the rest', async () => {
    const problem = makeProblem();
    const { x, y } = problem;
    const spoilt = x.toTypedArray().fill(Number.NaN, 6 * 40);
    x.storage.write().set(spoilt);
    const { epochs } = await train(problem, { train: new data.TensorDataset(x, y), validationSplit: 0.2 });
    expect(epochs.map(({ loss, validation }) => [Number.isFinite(loss), validation!.loss])).toEqual([
      [true, Number.NaN],
      [true, Number.NaN],
    ]);
    expect(numbersOf(problem).every(Number.isFinite)).toBe(true);
  });

  it.each([
    [10, 0.9, 1],
    [10, 0.2, 8],
    [10, 0.7, 3],
    [100, 0.07, 93],
    [7, 0.5, 3],
    [2, 0.01, 1],
  ])('of %i samples and a share of %d trains on %i', async (rows, validationSplit, trained) => {
    const problem = makeProblem(rows);
    const { epochs } = await train(problem, { train: [problem.x, problem.y], validationSplit, epochs: 1 });
    expect(epochs[0]!.samples).toBe(trained);
  });

  it('goes with stepsPerEpoch', async () => {
    const byHand = makeProblem();
    const { x, y } = byHand;
    await train(byHand, { train: [x.narrow(0, 0, 40), y.narrow(0, 0, 40)], epochs: 6 });
    const problem = makeProblem();
    const options = { train: [problem.x, problem.y], validationSplit: 0.2, stepsPerEpoch: 3, epochs: 10 } as const;
    const { epochs } = await train(problem, options);
    expect(epochs.every(({ validation }) => Number.isFinite(validation!.loss))).toBe(true);
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });
});
