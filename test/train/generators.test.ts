/** Where trainings draw from: each from a separate generator, so that those side by side are reproducible. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  defaultGenerator,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  randn,
  StateError,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad } from '../misuse/fixture.js';
import { makeProblem, numbersOf, type Problem } from './problem.js';

const train = ({ x, y, model, optimizer, loss }: Problem, more: Partial<FitOptions> = {}) =>
  fit(model, { train: [x, y], batchSize: 8, epochs: 3, optimizer, loss, ...more });

/** Samples that are augmented when they are asked for. */
const noisy = ({ x, y }: Problem) => ({
  length: x.shape[0]!,
  get: (i: number) => [x.select(0, i).add(randn([6]).mul(0.1)), y.select(0, i)] as const,
});

const forms: Readonly<Record<string, (problem: Problem) => Partial<FitOptions>>> = {
  tensors: () => ({}),
  'a dataset that draws': (problem) => ({ train: noisy(problem) }),
  'a loader': ({ x, y }) => ({
    train: new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true }),
    batchSize: undefined!,
  }),
};

describeEachBackend('trainings side by side', (backendName) => {
  it.each(Object.entries(forms))('give the same at every run, from %s', async (_name, form) => {
    const results = new Set<string>();
    for (let run = 0; run < (backendName === 'reference' ? 3 : 5); run++) {
      const problems = [50, 300, 90].map((rows) => makeProblem(rows));
      manualSeed(7);
      await Promise.all(
        problems.map(async (problem, i) => {
          const { batchSize, ...given } = form(problem);
          const { x, y, model, optimizer, loss } = problem;
          const own: FitOptions = { train: [x, y], epochs: 3, optimizer, loss, ...given };
          // What else happens on the event loop, at any time, draws nothing for them.
          await fit(model, { ...own, ...(i === 1 ? { onEpoch: () => delay(run % 3) } : {}) });
        }),
      );
      results.add(JSON.stringify([problems.map(numbersOf), defaultGenerator.getState()]));
    }
    expect(results.size).toBe(1);
  });

  it('draw each by itself: equal ones differ, and each equals one that is alone', async () => {
    const twins = [makeProblem(), makeProblem()];
    manualSeed(7);
    await Promise.all(twins.map((problem) => train(problem)));
    expect(numbersOf(twins[0]!)).not.toEqual(numbersOf(twins[1]!));
    const alone = [makeProblem(), makeProblem()];
    manualSeed(7);
    for (const problem of alone) await train(problem);
    expect(alone.map(numbersOf)).toEqual(twins.map(numbersOf));
  });

  it('draw from the generator that they are given', async () => {
    const [one, other] = [makeProblem(), makeProblem()];
    manualSeed(3);
    const before = defaultGenerator.getState();
    await train(one, { generator: new Generator(5) });
    expect(defaultGenerator.getState()).toEqual(before);
    manualSeed(5);
    await train(other, { generator: defaultGenerator });
    expect(numbersOf(one)).toEqual(numbersOf(other));
  });
});

describe('the option generator', () => {
  it('is no other thing', async () => {
    await expect(train(makeProblem(), { generator: bad(7) })).rejects.toThrow(
      new ArgumentError('fit: generator must be a Generator, got 7'),
    );
  });

  it('belongs to one training at a time', async () => {
    const generator = new Generator(1);
    const first = train(makeProblem(), { generator });
    const second = train(makeProblem(), { generator });
    await expect(second).rejects.toThrow(StateError);
    await expect(second).rejects.toThrow(
      'fit: the generator is drawn from by a training already: give each training a separate one',
    );
    await first;
    await train(makeProblem(), { generator });
  });

  it('leaves layers with a separate generator to that', async () => {
    const run = async (generator: Generator) => {
      const { x, y, loss, optimizer, model } = makeProblem();
      const own = new Generator(9);
      const layers = new nn.Sequential(model.at(0), new nn.Dropout(0.5, { generator: own }), new nn.Linear(9, 3));
      await fit(layers, { train: [x, y], shuffle: false, optimizer, loss, epochs: 1, generator });
      return [own.getState(), generator.getState().counterLow];
    };
    expect(await run(new Generator(1))).toEqual(await run(new Generator(2)));
    expect((await run(new Generator(1)))[1]).toBe(0);
  });
});
