/** What takes part in a training: callbacks, progress. */
import { describe, expect, it } from 'vitest';
import {
  EarlyStopping,
  type EpochResult,
  type FitOptions,
  fit,
  ModelCheckpoint,
  nn,
  type Progress,
  StateError,
  type StepResult,
  type Tensor,
  TerminateOnNaN,
  type TrainingContext,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { distance, makeProblem, numbersOf, type Problem, trainByHand } from './problem.js';

const train = ({ x, y, model, optimizer, loss }: Problem, more: Partial<FitOptions> = {}) =>
  fit(model, { train: [x, y], batchSize: 8, epochs: 3, optimizer, loss, fuse: false, ...more });

const weightsOf = ({ model }: Problem) => Object.values(model.stateDict()).flatMap((each) => [...each.toTypedArray()]);

/** Shows a callback epochs with these losses. Returns the epochs after which it wanted to stop. */
function showEpochs(callback: EarlyStopping, scores: readonly Partial<EpochResult>[]): number[] {
  const { model, optimizer } = makeProblem();
  const stops: number[] = [];
  scores.forEach((score, i) => {
    const result = { epoch: i + 1, loss: 0, metrics: {}, ...score } as EpochResult;
    const context: TrainingContext = { model, optimizer, scores: [], stop: () => stops.push(i + 1) };
    callback.onEpoch(result, context);
  });
  return stops;
}

const losses = (...values: number[]) => values.map((loss) => ({ loss }));

describe('EarlyStopping', () => {
  it.each<readonly [string, EarlyStopping, readonly Partial<EpochResult>[], number | undefined]>([
    ['after patience epochs in a row', new EarlyStopping({ patience: 2 }), losses(3, 2, 2, 2), 4],
    ['not when it improves in between', new EarlyStopping({ patience: 2 }), losses(3, 3, 2, 2, 1, 1), undefined],
    ['counts only what improves enough', new EarlyStopping({ patience: 1, minDelta: 0.5 }), losses(3, 2.6), 2],
    ['takes NaN for no improvement', new EarlyStopping({ patience: 2 }), losses(Number.NaN, Number.NaN), 2],
    [
      'watches validation where there is some',
      new EarlyStopping({ patience: 1 }),
      [3, 2, 2].map((loss, i) => ({ loss: -i, validation: { loss, metrics: {} } })),
      3,
    ],
    [
      'wants an accuracy to rise',
      new EarlyStopping({ patience: 1, monitor: 'validation.accuracy' }),
      [0.1, 0.2, 0.1].map((accuracy) => ({ validation: { loss: 0, accuracy, metrics: { accuracy } } })),
      3,
    ],
    ['takes an equal score for no improvement', new EarlyStopping({ patience: 1, mode: 'max' }), losses(1, 1), 2],
    ['with patience 0, at the first that is no better', new EarlyStopping({ patience: 0 }), losses(3, 2, 2), 3],
    ['with patience 0, not at the first of all', new EarlyStopping({ patience: 0 }), losses(Number.NaN, 1), undefined],
    ['wants what it is told to', new EarlyStopping({ patience: 1, monitor: 'loss', mode: 'max' }), losses(1, 2, 1), 3],
  ])('%s', (_name, callback, scores, stop) => {
    expect(showEpochs(callback, scores)[0]).toBe(stop);
  });

  it('names what there is when it is told to watch something else', () => {
    const metrics = { accuracy: 1 };
    expect(() => showEpochs(new EarlyStopping({ monitor: 'f1', mode: 'max' }), [{ metrics }])).toThrow(
      'EarlyStopping: there is nothing called "f1" to monitor; there are loss, accuracy',
    );
  });

  it('takes part in one training at a time, as any callback', async () => {
    for (const callback of [new EarlyStopping(), new TerminateOnNaN(), { onEpoch: () => {} }]) {
      const callbacks = [callback];
      const first = train(makeProblem(), { callbacks });
      const second = train(makeProblem(), { callbacks });
      const { name } = callback.constructor;
      await expect(second).rejects.toThrow(StateError);
      await expect(second).rejects.toThrow(
        `fit: the callback${name === 'Object' ? '' : ` ${name}`} takes part in a training already: give each training a separate one`,
      );
      await first;
      await expect(train(makeProblem(), { callbacks })).resolves.toMatchObject({ stopped: null });
    }
  });

  it('begins again with each training', async () => {
    const callback = new EarlyStopping({ patience: 1, monitor: 'loss', mode: 'max' });
    for (let i = 0; i < 2; i++) {
      const history = await train(makeProblem(), { callbacks: [callback], epochs: 9, schedulers: [] });
      expect(history).toMatchObject({ stopped: 'EarlyStopping' });
      expect(callback.bestEpoch).toBe(history.epochs.length - 1);
    }
  });
});

describeEachBackend('a callback', () => {
  it('EarlyStopping restores the best weights', async () => {
    const problem = makeProblem();
    const states: number[][] = [];
    // From the second epoch on it gets worse.
    const spoil = ({ epoch }: EpochResult) => {
      states.push(weightsOf(problem));
      problem.optimizer.paramGroups[0]!.lr = 30 * epoch;
    };
    const stopping = new EarlyStopping({ patience: 2, restoreBest: true });
    const { stopped, epochs } = await train(problem, { epochs: 50, callbacks: [stopping], onEpoch: spoil });
    expect(stopped).toBe('EarlyStopping');
    const best = stopping.bestEpoch!;
    expect(best).toBeLessThan(epochs.length);
    expect(stopping.best).toBe(Math.min(...epochs.map(({ loss }) => loss)));
    expect(weightsOf(problem)).toEqual(states[best - 1]);
    expect(weightsOf(problem)).not.toEqual(states.at(-1));
  });

  it('EarlyStopping restores the best weights when the signal ends the training', async () => {
    for (const at of ['onEpoch', 'onStep'] as const) {
      const problem = makeProblem();
      const controller = new AbortController();
      const reason = new Error('enough');
      const states: number[][] = [];
      const stopping = new EarlyStopping({ patience: 100, restoreBest: true });
      const promise = train(problem, {
        epochs: 50,
        callbacks: [stopping],
        signal: controller.signal,
        onEpoch: ({ epoch }) => {
          states.push(weightsOf(problem));
          problem.optimizer.paramGroups[0]!.lr = 30 * epoch;
          if (at === 'onEpoch' && epoch === 6) controller.abort(reason);
        },
        ...(at === 'onStep' ? { onStep: ({ epoch }) => (epoch === 6 ? controller.abort(reason) : undefined) } : {}),
      });
      await expect(promise).rejects.toBe(reason);
      expect(stopping.bestEpoch).toBeLessThan(5);
      expect(weightsOf(problem)).toEqual(states[stopping.bestEpoch! - 1]);
      expect(stopping.bestState).toBeNull();
    }
  });

  it('EarlyStopping has the best weights when the training ends by an error', async () => {
    const problem = makeProblem();
    const states: number[][] = [];
    const stopping = new EarlyStopping({ patience: 100, restoreBest: true });
    const onEpoch = ({ epoch }: EpochResult) => {
      states.push(weightsOf(problem));
      problem.optimizer.paramGroups[0]!.lr = 30 * epoch;
      if (epoch === 5) throw new Error('of the callback');
    };
    await expect(train(problem, { epochs: 50, callbacks: [stopping], onEpoch })).rejects.toThrow('of the callback');
    expect(weightsOf(problem)).toEqual(states.at(-1));
    problem.model.loadStateDict(stopping.bestState!);
    expect(weightsOf(problem)).toEqual(states[stopping.bestEpoch! - 1]);
    expect(weightsOf(problem)).not.toEqual(states.at(-1));
  });

  it('ModelCheckpoint hands out copies when it improves', async () => {
    const problem = makeProblem();
    const saved: { epoch: number; numbers: number[]; seen: number[] }[] = [];
    const checkpoint = new ModelCheckpoint(
      async ({ model, optimizer, result }) => {
        await null;
        const states = Object.values(optimizer.state).flatMap((own) => Object.values(own));
        const numbers = [...Object.values(model), ...states].flatMap((each) => [...each.toTypedArray()]);
        saved.push({ epoch: result.epoch, numbers, seen: numbersOf(problem) });
      },
      { monitor: 'loss' },
    );
    const { epochs } = await train(problem, { callbacks: [checkpoint], epochs: 4 });
    const best = epochs.filter(({ loss }, i) => epochs.slice(0, i).every((before) => loss < before.loss));
    expect(saved.map(({ epoch }) => epoch)).toEqual(best.map(({ epoch }) => epoch));
    for (const { numbers, seen } of saved) expect(numbers).toEqual(seen);
    expect(saved[0]!.numbers).not.toEqual(saved.at(-1)!.numbers);

    const all: number[] = [];
    const each = new ModelCheckpoint(({ result }) => void all.push(result.epoch), { saveBestOnly: false });
    await train(makeProblem(), { callbacks: [each], epochs: 4 });
    expect(all).toEqual([1, 2, 3, 4]);
  });

  it('TerminateOnNaN names the first layer whose output is not finite, and its step has changed nothing', async () => {
    for (const fuse of [true, false]) {
      const problem = makeProblem(24);
      const { x, y, model } = problem;
      const poisoned = x.toTypedArray('float32');
      poisoned[17 * 6 + 2] = Number.POSITIVE_INFINITY;
      const bad = tensor(poisoned, { shape: x.shape });
      const options = { callbacks: [new TerminateOnNaN()], shuffle: false, fuse };
      await expect(train(problem, { ...options, train: [bad, y] })).rejects.toThrow(
        "fit: the output of layer '0' (Linear) of the model is not finite in step 3 of epoch 1; that step has changed nothing",
      );
      // Rows 0 to 15 were fine.
      const two = makeProblem(24);
      await train(two, { ...options, train: [two.x.narrow(0, 0, 16), two.y.narrow(0, 0, 16)], epochs: 1 });
      expect(numbersOf(problem)).toEqual(numbersOf(two));
      expect(Object.getOwnPropertyNames(model.at(0))).not.toContain('forward');
    }
  });

  it('TerminateOnNaN names the step and the epoch, in every form of data', async () => {
    for (const form of ['tensors', 'one by one', 'batches']) {
      const problem = makeProblem(24);
      const { x, y, optimizer } = problem;
      const batches = [0, 1, 2].map((i) => [x.narrow(0, 8 * i, 8), y.narrow(0, 8 * i, 8)] as const);
      const spoil = (epoch: number) => {
        if (epoch === 2) optimizer.paramGroups[0]!.lr = 1e38;
      };
      const options: FitOptions = {
        train: form === 'batches' ? batches : [x, y],
        ...(form === 'batches' ? {} : { shuffle: false, batchSize: 8 }),
        ...{ epochs: 9, optimizer, loss: problem.loss, callbacks: [new TerminateOnNaN()] },
        onEpoch: ({ epoch }) => spoil(epoch),
        ...(form === 'one by one' ? { onStep: () => {} } : {}),
      };
      // The rate has spoilt the weights in the first step of epoch 3; the second sees it, or the third when they still fit.
      await expect(fit(problem.model, options)).rejects.toThrow(/is not finite in step [23] of epoch 3; that step/);
    }
  });

  it.each([
    ['an activation', addLog],
    ['the loss', () => 'the loss'],
    ['a layer within layers', addNestedLog],
  ])('TerminateOnNaN names %s', async (_name, change) => {
    const problem = makeProblem();
    const name = change(problem.model);
    const loss = name === 'the loss' ? new LogLoss() : problem.loss;
    const before = weightsOf(problem);
    const options = { callbacks: [new TerminateOnNaN()], loss };
    await expect(train(problem, options)).rejects.toThrow(`fit: the output of ${name}`);
    expect(weightsOf(problem)).toEqual(before);
    // Without it nothing looks.
    const { epochs } = await train(problem, { loss, epochs: 1 });
    expect(epochs[0]!.loss).toBeNaN();
  });

  it('may change the model between two epochs', async () => {
    const byHand = makeProblem();
    const halve = ({ model }: { model: nn.AnyModule }) => {
      const state = model.stateDict();
      model.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, each]) => [name, each.mul(0.5)])));
    };
    trainByHand(byHand, { epochs: 3, afterEpoch: () => halve(byHand) });
    const problem = makeProblem();
    const seen: string[] = [];
    await train(problem, {
      callbacks: [
        {
          onStart: () => void seen.push('start'),
          onEpoch: ({ epoch }, context) => {
            halve(context);
            seen.push(`epoch ${epoch}`);
          },
          onEnd: ({ epochs }) => void seen.push(`end after ${epochs.length}`),
        },
      ],
      onEpoch: () => void seen.push('told'),
    });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    const each = (epoch: number) => [`epoch ${epoch}`, 'told'];
    expect(seen).toEqual(['start', ...each(1), ...each(2), ...each(3), 'end after 3']);
  });
});

class Log extends nn.Module {
  override forward(input: Tensor) {
    return input.abs().neg().sub(1).log();
  }
}

function addLog(model: nn.Sequential): string {
  model.append(new Log());
  return "layer '4' (Log)";
}

function addNestedLog(model: nn.Sequential): string {
  model.append(new nn.Sequential(new Log()));
  return "layer '4.0' (Log)";
}

class LogLoss extends nn.Module<readonly [Tensor, Tensor]> {
  override forward(input: Tensor) {
    return input.abs().sum().neg().sub(1).log();
  }
}

describeEachBackend('progress', () => {
  it('is told at most ten times a second, and at the end', async () => {
    const problem = makeProblem(400);
    const told: (Progress & { at: number })[] = [];
    const history = await train(problem, {
      epochs: 1_000_000,
      timeLimit: 0.45,
      onProgress: (progress) => void told.push({ ...progress, at: performance.now() }),
    });
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told.length).toBeLessThanOrEqual(history.seconds * 10 + 2);
    told.forEach(({ epoch, epochs, step, steps, fraction, loss, samplesPerSecond }, i) => {
      expect(epochs).toBe(1_000_000);
      expect(steps).toBe(50);
      expect(step).toBeGreaterThanOrEqual(1);
      expect(step).toBeLessThanOrEqual(50);
      expect(fraction).toBeCloseTo((epoch - 1 + step / 50) / 1_000_000, 12);
      expect(loss).toBeGreaterThan(0);
      expect(samplesPerSecond).toBeGreaterThan(0);
      if (i > 0) expect(fraction).toBeGreaterThan(told[i - 1]!.fraction);
    });
  });

  it('ends with the whole', async () => {
    const told: Progress[] = [];
    const { epochs } = await train(makeProblem(), { onProgress: (progress) => void told.push(progress) });
    expect(told.at(-1)).toMatchObject({ epoch: 3, step: 7, steps: 7, fraction: 1, loss: epochs[2]!.loss });
  });

  it('of steps has their losses, and what it sets holds for the next', async () => {
    const steps: StepResult[] = [];
    const byHand = makeProblem();
    const means = trainByHand(byHand, {
      afterStep: () => {
        byHand.optimizer.paramGroups[0]!.lr *= 0.9;
      },
    });
    const problem = makeProblem();
    const { epochs } = await train(problem, {
      epochs: 2,
      metrics: ['accuracy'],
      onStep: (step) => {
        steps.push(step);
        problem.optimizer.paramGroups[0]!.lr *= 0.9;
      },
    });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    expect(
      distance(
        epochs.map(({ loss }) => loss),
        means,
      ),
    ).toBeLessThan(1e-6);
    expect(steps.map(({ epoch, step }) => [epoch, step])).toEqual(
      [1, 2].flatMap((epoch) => [1, 2, 3, 4, 5, 6, 7].map((step) => [epoch, step])),
    );
    steps.forEach(({ lr }, i) => {
      expect(lr[0]).toBeCloseTo(0.1 * 0.9 ** i, 12);
    });
    const rows = [8, 8, 8, 8, 8, 8, 2];
    const mean = (of: (step: StepResult) => number) =>
      steps.slice(0, 7).reduce((sum, step, i) => sum + of(step) * rows[i]!, 0) / 50;
    expect(mean(({ loss }) => loss)).toBeCloseTo(epochs[0]!.loss, 6);
    expect(mean(({ metrics }) => metrics.accuracy!)).toBeCloseTo(epochs[0]!.accuracy!, 6);
  });
});
