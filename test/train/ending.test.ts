/** How a training ends before its time, and that everything is usable afterwards. */
import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  backend,
  compile,
  data,
  epochs,
  type FitOptions,
  fit,
  nn,
  noGrad,
  optim,
  type Progress,
  predict,
  StateError,
  zeros,
  zerosLike,
} from '../../src/index.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { makeProblem, numbersOf, type Problem } from './problem.js';

/** A number of epochs for which none of these trainings would end by itself. */
const endless = 1_000_000;

const options = ({ x, y, optimizer, loss }: Problem, more: Partial<FitOptions> = {}): FitOptions => ({
  train: new data.TensorDataset(x, y),
  batchSize: 8,
  epochs: endless,
  optimizer,
  loss,
  ...more,
});

/** What is left can be trained, and gives the same as when it is trained from a copy of its numbers. */
async function expectUsable(problem: Problem): Promise<void> {
  const { model, x } = problem;
  expect(model.training).toBe(true);
  const before = numbersOf(problem);
  expect(before.every(Number.isFinite)).toBe(true);
  expect(numbersOf(problem)).toEqual(before);
  const history = await fit(model, options(problem, { epochs: 1 }));
  expect(history.epochs).toHaveLength(1);
  expect(numbersOf(problem)).not.toEqual(before);
  expect((await predict(model, x)).shape).toEqual([x.shape[0], 3]);
}

describeEachBackend('a training', () => {
  it.each([
    ['in the middle of an epoch', 5000],
    ['with small epochs', 50],
  ])('ends with the reason of its signal, %s', async (_name, rows) => {
    const problem = makeProblem(rows);
    const controller = new AbortController();
    const reason = new Error('enough');
    const before = numbersOf(problem);
    const promise = fit(problem.model, options(problem, { signal: controller.signal }));
    await delay(30);
    while (numbersOf(problem).every((value, i) => value === before[i])) await delay(5);
    controller.abort(reason);
    await expect(promise).rejects.toBe(reason);
    const after = numbersOf(problem);
    expect(after).not.toEqual(before);
    await delay(20);
    expect(numbersOf(problem)).toEqual(after);
    await expectUsable(problem);
  });

  it('with a signal that was aborted before rejects at once, nothing moved', async () => {
    const problem = makeProblem();
    const before = numbersOf(problem);
    const signal = AbortSignal.abort(new Error('before'));
    let isSettled = false;
    const promise = fit(problem.model, options(problem, { signal })).catch((error: Error) => {
      isSettled = true;
      return error.message;
    });
    await null;
    await null;
    await null;
    await null;
    expect(isSettled).toBe(true);
    expect(await promise).toBe('before');
    expect(numbersOf(problem)).toEqual(before);
    await expectUsable(problem);
  });

  it('ends when the time is up, and says so', async () => {
    const problem = makeProblem(2000);
    const told: number[] = [];
    const history = await fit(
      problem.model,
      options(problem, {
        timeLimit: 0.15,
        validation: [problem.x, problem.y],
        onEpoch: ({ epoch }) => void told.push(epoch),
      }),
    );
    expect(history.stopped).toBe('timeLimit');
    expect(history.seconds).toBeGreaterThanOrEqual(0.14);
    expect(history.epochs.length).toBeLessThan(endless);
    expect(told).toEqual(history.epochs.map(({ epoch }) => epoch));
    for (const result of history.epochs.slice(0, -1)) expect(result).toMatchObject({ steps: 250, samples: 2000 });
    await expectUsable(problem);
  });

  it('ends when a callback says so', async () => {
    const problem = makeProblem();
    const history = await fit(
      problem.model,
      options(problem, {
        callbacks: [{ onEpoch: ({ epoch }, { stop }) => (epoch === 3 ? stop('three') : undefined) }],
      }),
    );
    expect(history.stopped).toBe('three');
    expect(history.epochs).toHaveLength(3);
    await expectUsable(problem);
  });

  it.each(['onStart', 'onEpoch', 'onEnd'] as const)('ends with what %s of a callback throws', async (name) => {
    const problem = makeProblem();
    const error = new Error(name);
    const callback = {
      async [name]() {
        throw error;
      },
    };
    await expect(fit(problem.model, options(problem, { epochs: 2, callbacks: [callback] }))).rejects.toBe(error);
    await expectUsable(problem);
  });

  it.each(['onEpoch', 'onStep', 'onProgress'] as const)('ends with what %s throws', async (name) => {
    const problem = makeProblem(500);
    const error = new Error(name);
    const fail = () => {
      throw error;
    };
    await expect(fit(problem.model, options(problem, { [name]: fail }))).rejects.toBe(error);
    await expectUsable(problem);
  });

  it.each(['onStep', 'onProgress'] as const)('ends with what a promise of %s rejects with', async (name) => {
    const problem = makeProblem(500);
    const error = new Error(name);
    const fail = async () => {
      throw error;
    };
    await expect(fit(problem.model, options(problem, { [name]: fail }))).rejects.toBe(error);
    await expectUsable(problem);
  });

  it.each(['of a callback', 'of the training'])('is not held up by an onEpoch %s that never ends', async (whose) => {
    const problem = makeProblem();
    const controller = new AbortController();
    const never = new Promise<void>(() => {});
    const reason = new Error('enough');
    const onEpoch = () => {
      controller.abort(reason);
      return never;
    };
    const given = whose === 'of the training' ? { onEpoch } : { callbacks: [{ onEpoch }] };
    await expect(fit(problem.model, options(problem, { ...given, signal: controller.signal }))).rejects.toBe(reason);
    await expectUsable(problem);
  });

  it('cannot be joined by a second of the same model, the same optimizer or a part of the model', async () => {
    const problem = makeProblem(2000);
    const { model } = problem;
    const other = makeProblem();
    const controller = new AbortController();
    const first = fit(model, options(problem, { signal: controller.signal }));
    const part = new nn.Sequential(model.at(3));
    const seconds = [
      [() => fit(model, options(problem)), 'fit: the model is being trained already'],
      [() => fit(part, options({ ...other, optimizer: problem.optimizer })), 'fit: the optimizer is being trained'],
      [() => epochs(model, options(problem)).next(), 'epochs: the model is being trained already'],
    ] as const;
    for (const [second, message] of seconds) {
      await expect(second()).rejects.toThrow(message);
      await expect(second()).rejects.toThrow(StateError);
    }
    controller.abort();
    await expect(first).rejects.toBe(controller.signal.reason);
    await expectUsable(problem);
  });

  it('of many models by one signal leaves no listener behind, and Node sees no leak', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const reason = new Error('enough');
    const trainings = Array.from({ length: 30 }, () => {
      const problem = makeProblem(8);
      return fit(problem.model, options(problem, { signal }));
    });
    const alone = makeProblem(8);
    await fit(alone.model, options(alone, { signal, epochs: 1 }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort(reason);
    for (const end of await Promise.allSettled(trainings)) expect(end).toEqual({ status: 'rejected', reason });
    await delay(0);
    process.off('warning', note);
    expect(warnings).toEqual([]);

    const unused = new AbortController();
    await fit(alone.model, options(alone, { signal: unused.signal, epochs: 1 }));
    expect(getEventListeners(unused.signal, 'abort')).toHaveLength(0);
  });

  it('of one model does not keep another from being trained', async () => {
    const both = [makeProblem(), makeProblem()];
    const alone = makeProblem();
    await fit(alone.model, options(alone, { epochs: 3, shuffle: false }));
    const weights = (problem: Problem) => [...problem.model.at(3).parameters()[0]!.toTypedArray()];
    const histories = await Promise.all(
      both.map(({ model, ...rest }) => fit(model, options({ model, ...rest }, { epochs: 3, shuffle: false }))),
    );
    expect(histories.map(({ epochs: results }) => results.length)).toEqual([3, 3]);
    expect(weights(both[0]!)).not.toEqual(weights(makeProblem()));
    expect(weights(alone)).not.toEqual(weights(makeProblem()));
  });

  it.each<readonly [string, number, Partial<FitOptions>]>([
    ['long epochs', 20_000, {}],
    ['short epochs', 8, {}],
    ['a function after each step', 40, { onStep: () => {} }],
    ['callbacks that return at once', 8, { onEpoch: () => {}, callbacks: [{ onEpoch: () => {} }] }],
  ])('refuses to have its parameters written to, and lets them be read: %s', async (_name, rows, more) => {
    const problem = makeProblem(rows);
    const { model, optimizer } = problem;
    model.at(0).requiresGrad_(false);
    await fit(model, options(problem, { epochs: 1 }));
    // Those of the optimizer itself: while it is training a state dict holds copies.
    const states = Object.values(optimizer.stateDict().state).flatMap((own) => Object.values(own));
    const before = numbersOf(problem);
    const controller = new AbortController();
    const promise = fit(model, options(problem, { signal: controller.signal, ...more }));
    promise.catch(() => {});
    const zeros = Object.fromEntries(Object.entries(model.stateDict()).map(([name, each]) => [name, zerosLike(each)]));
    const message = 'the tensor is being trained by fit: wait for its promise before writing to it';
    const frozen = model.at(0).parameters()[0]!;
    const { x, y, loss } = problem;
    const sgd = new optim.SGD(model.parameters());
    const step = compile(() => {
      sgd.zeroGrad();
      const value = loss.forward(model.forward(x), y);
      value.backward();
      sgd.step();
      return value;
    });
    const expectRefused = () => {
      expect(() => model.loadStateDict(zeros)).toThrow(message);
      expect(() => noGrad(() => frozen.copy_(zerosLike(frozen)))).toThrow(message);
    };
    expectRefused();
    while (numbersOf(problem).every((value, i) => value === before[i])) await delay(2);
    for (let i = 0; i < 40; i++) {
      expectRefused();
      await delay(i % 3);
    }
    expect(() => step()).toThrow(message);
    await expect(step.async()).rejects.toThrow(message);
    expect(() => optimizer.loadStateDict(optimizer.stateDict())).toThrow(message);
    for (const state of states) expect(() => state.copy_(zerosLike(state))).toThrow(message);
    expect(states.length).toBeGreaterThan(0);
    expect(numbersOf(problem).every(Number.isFinite)).toBe(true);
    controller.abort();
    await expect(promise).rejects.toBe(controller.signal.reason);
    step.dispose();
    model.loadStateDict(zeros);
    await expectUsable({ ...problem, ...makeProblem(20), model, optimizer: problem.optimizer });
  });

  it('lets its callbacks write, for as long as they take, and a loop over its epochs', async () => {
    const problem = makeProblem();
    const { model } = problem;
    const zero = () => noGrad(() => model.parameters()[0]!.copy_(zerosLike(model.parameters()[0]!)));
    const calls: string[] = [];
    const write = (name: string) => async () => {
      zero();
      await delay(5);
      zero();
      calls.push(name);
    };
    await fit(
      model,
      options(problem, {
        epochs: 1,
        onStep: ({ step }) => {
          if (step === 1) calls.push('step');
          zero();
        },
        onEpoch: write('epoch'),
        callbacks: [{ onStart: write('start'), onEpoch: write('callback'), onEnd: write('end') }],
      }),
    );
    expect(calls).toEqual(['start', 'step', 'callback', 'epoch', 'end']);
    for await (const { epoch } of epochs(model, options(problem))) {
      await write(`loop ${epoch}`)();
      if (epoch === 2) break;
    }
    expect(calls.slice(5)).toEqual(['loop 1', 'loop 2']);
    zero();
  });
});

describeEachBackend('epochs', () => {
  it('gives the results of fit', async () => {
    const byFit = makeProblem();
    const { epochs: expected } = await fit(byFit.model, options(byFit, { epochs: 3 }));
    const problem = makeProblem();
    const losses: number[] = [];
    for await (const { epoch, loss } of epochs(problem.model, options(problem, { epochs: 3 }))) {
      losses.push(loss);
      expect(epoch).toBe(losses.length);
    }
    expect(losses).toEqual(expected.map(({ loss }) => loss));
    expect(numbersOf(problem)).toEqual(numbersOf(byFit));
  });

  it('ends cleanly when the loop is left, and rests in between', async () => {
    const problem = makeProblem();
    for await (const { epoch } of epochs(problem.model, options(problem))) {
      const before = numbersOf(problem);
      await delay(10);
      expect(numbersOf(problem)).toEqual(before);
      if (epoch === 2) break;
    }
    await expectUsable(problem);
  });

  it('ends cleanly when the loop throws', async () => {
    const problem = makeProblem();
    const error = new Error('of the loop');
    const loop = async () => {
      for await (const _ of epochs(problem.model, options(problem))) throw error;
    };
    await expect(loop()).rejects.toBe(error);
    await expectUsable(problem);
  });

  it('throws bad options before it is iterated', () => {
    const problem = makeProblem();
    expect(() => epochs(problem.model, options(problem, { batchSize: 0 }))).toThrow('epochs: batchSize should be a');
  });
});

const widest = backend.available.at(-1)!;

describe.skipIf(widest === 'reference')(`a step that takes long on ${widest}`, () => {
  runOn(widest);

  it('is waited for by an abort: model and optimizer can be written to and trained as soon as it has rejected', async () => {
    const size = 2000;
    const model = new nn.Linear(size, size);
    const best = Object.fromEntries(Object.entries(model.stateDict()).map(([name, tensor]) => [name, tensor.clone()]));
    const x = zeros([size, size]);
    const optimizer = new optim.SGD(model.parameters());
    const controller = new AbortController();
    const base = { train: [x, x] as const, batchSize: size, optimizer, loss: new nn.MSELoss(), threads: 1 };
    const steps = 3;
    const many = zeros([steps * size, size]);
    // When one of three steps of a job is over, the next is under way.
    const onProgress = ({ step }: Progress) => {
      if (step < steps) controller.abort();
    };
    const training = fit(model, { ...base, train: [many, many], epochs: 1000, signal: controller.signal, onProgress });
    await expect(training).rejects.toThrow();
    model.loadStateDict(best);
    x.copy_(zeros([size, size]));
    expect((await fit(model, base)).epochs).toHaveLength(1);
    expect(model.weight.toTypedArray().every(Number.isFinite)).toBe(true);
  });
});
