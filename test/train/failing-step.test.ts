/** A step that fails: everything is then as after the last whole step. */
import { expect, it } from 'vitest';
import { defaultGenerator, type FitOptions, fit, optim, type Tensor, TerminateOnNaN, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { type Kind, makeProblem, numbersOf, type Problem } from './problem.js';

type Batch = readonly [input: Tensor, target: Tensor];

const badAt = 3;
const batchesOf = ({ x, y }: Problem): Batch[] =>
  Array.from({ length: 6 }, (_, i) => [x.narrow(0, 8 * i, 8), y.narrow(0, 8 * i, 8)] as const);

const spoilt = {
  'a label out of range': ([x, y]: Batch) => [x, y.to('float32').add(7).to('int32')] as const,
  'a number that is not finite': ([x, y]: Batch) =>
    [tensor(x.toTypedArray().fill(Number.NaN), { shape: x.shape }), y] as const,
};

function make(kind: Kind, masks: 'counter' | 'mt19937') {
  const problem = makeProblem(48, kind, masks);
  const scheduler = new optim.lrScheduler.ExponentialLR(problem.optimizer, { gamma: 0.9 });
  return { ...problem, scheduler };
}

const train = ({ model, optimizer, loss, scheduler }: ReturnType<typeof make>, more: Partial<FitOptions>) =>
  fit(model, {
    train: [],
    optimizer,
    loss,
    fuse: false,
    generator: defaultGenerator,
    schedulers: [{ scheduler, interval: 'step' }],
    callbacks: [new TerminateOnNaN()],
    ...more,
  });

const everythingOf = (problem: ReturnType<typeof make>) => ({
  numbers: numbersOf(problem),
  schedule: problem.scheduler.stateDict(),
  rate: problem.optimizer.paramGroups[0]!.lr,
  generator: defaultGenerator.getState(),
});

describeEachBackend('a step that fails', () => {
  it.each(Object.entries(spoilt))('leaves all as after the step before it: %s', async (_name, spoil) => {
    for (const masks of ['counter', 'mt19937'] as const)
      for (const onStep of [{}, { onStep: () => {} }]) {
        const whole = make('Adam', masks);
        await train(whole, { train: batchesOf(whole).slice(0, badAt) });
        const expected = everythingOf(whole);
        // Many times: what the one behind it has been queued for must never matter.
        for (let i = 0; i < 4; i++) {
          const problem = make('Adam', masks);
          const batches = batchesOf(problem).map((batch, j) => (j === badAt ? spoil(batch) : batch));
          await expect(train(problem, { train: batches, ...onStep })).rejects.toThrow(/out of bounds|not finite/);
          expect(everythingOf(problem)).toEqual(expected);
        }
      }
  });

  it('leaves all as after the step before it, with data that lie where programs compute', async () => {
    for (const schedulers of [true, false]) {
      const options = { shuffle: false, batchSize: 8, ...(schedulers ? {} : { schedulers: [] }) };
      const whole = make('SGD', 'counter');
      await train(whole, { ...options, train: [whole.x.narrow(0, 0, 24), whole.y.narrow(0, 0, 24)] });
      const problem = make('SGD', 'counter');
      const y = problem.y.toTypedArray();
      y[8 * badAt] = 9;
      await expect(train(problem, { ...options, train: [problem.x, tensor(y)] })).rejects.toThrow('out of bounds');
      // An epoch that was not begun as a whole has drawn what it draws at its beginning all the same.
      expect(everythingOf(problem)).toEqual(everythingOf(whole));
    }
  });

  it('leaves the generator alone where somebody else has drawn from it meanwhile', async () => {
    const problem = make('SGD', 'counter');
    const batches = batchesOf(problem);
    let key: readonly [number, number] | null = null;
    const source = {
      *[Symbol.iterator]() {
        for (const [i, batch] of batches.entries()) {
          if (i === badAt + 1) key = defaultGenerator.nextKey();
          yield i === badAt ? spoilt['a label out of range'](batch) : batch;
        }
      },
    };
    await expect(train(problem, { train: source })).rejects.toThrow('out of bounds');
    expect(key).not.toBeNull();
    // The masks of three steps and the key that was drawn. Those of the step that failed went back before it was drawn, or not at all.
    expect(defaultGenerator.getState().counterLow).toBeGreaterThanOrEqual(badAt + 1);
    expect(Array.from({ length: 4 }, () => defaultGenerator.nextKey())).not.toContainEqual(key);
  });
});
