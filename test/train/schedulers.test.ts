/** Schedulers that a training steps. */
import { expect, it } from 'vitest';
import {
  EarlyStopping,
  type FitOptions,
  fit,
  ModelCheckpoint,
  optim,
  type Progress,
  type Tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { makeProblem, numbersOf, type Problem, trainByHand } from './problem.js';

const { lrScheduler } = optim;
const train = ({ x, y, model, optimizer, loss }: Problem, more: Partial<FitOptions> = {}) =>
  fit(model, { train: [x, y], batchSize: 8, epochs: 3, optimizer, loss, fuse: false, ...more });

describeEachBackend('a scheduler', () => {
  it.each([8, 10])('of epochs and of steps gives the rates of the loop by hand, batches of %i', async (batchSize) => {
    for (const source of ['tensors', 'batches']) {
      const schedule = ({ optimizer }: Problem) => ({
        perStep: new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.3, totalSteps: 40, cycleMomentum: false }),
        perEpoch: new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 }),
      });
      const byHand = makeProblem(50);
      const hand = schedule(byHand);
      trainByHand(byHand, {
        batchSize,
        shuffle: false,
        afterStep: () => hand.perStep.step(),
        afterEpoch: () => hand.perEpoch.step(),
      });
      const problem = makeProblem(50);
      const { perStep, perEpoch } = schedule(problem);
      const { x, y } = problem;
      const rows = Array.from({ length: Math.ceil(50 / batchSize) }, (_, i) => {
        const count = Math.min(batchSize, 50 - i * batchSize);
        return [x.narrow(0, i * batchSize, count), y.narrow(0, i * batchSize, count)] as const;
      });
      const data = source === 'tensors' ? { batchSize, shuffle: false } : { train: rows, batchSize: undefined };
      const { x: _x, y: _y, model, optimizer, loss } = problem;
      const base: FitOptions = {
        train: [x, y],
        epochs: 2,
        optimizer,
        loss,
        fuse: false,
        schedulers: [{ scheduler: perStep, interval: 'step' }, perEpoch],
      };
      const { batchSize: size, ...rest } = data;
      await fit(model, { ...base, ...rest, ...(size === undefined ? {} : { batchSize: size }) });
      expect(numbersOf(problem)).toEqual(numbersOf(byHand));
      expect(perStep.lastEpoch).toBe(hand.perStep.lastEpoch);
      expect(optimizer.paramGroups[0]!.lr).toBe(byHand.optimizer.paramGroups[0]!.lr);
    }
  });

  it('of steps stands where the model stands after an abort', async () => {
    const problem = makeProblem(400);
    const scheduler = new lrScheduler.LambdaLR(problem.optimizer, { lrLambda: (epoch) => 1 / (1 + epoch) });
    const controller = new AbortController();
    const told: Progress[] = [];
    const reason = new Error('enough');
    const promise = train(problem, {
      batchSize: 4,
      epochs: 100_000,
      schedulers: [{ scheduler, interval: 'step' }],
      signal: controller.signal,
      onProgress: (progress) => {
        told.push(progress);
        controller.abort(reason);
      },
    });
    await expect(promise).rejects.toBe(reason);
    const steps = scheduler.lastEpoch;
    expect(problem.optimizer.paramGroups[0]!.lr).toBeCloseTo(0.1 / (1 + steps), 12);
    const byHand = makeProblem(400);
    const hand = new lrScheduler.LambdaLR(byHand.optimizer, { lrLambda: (epoch) => 1 / (1 + epoch) });
    let made = 0;
    const stop = () => {
      hand.step();
      if (++made === steps) throw new Error('so far');
    };
    expect(() => trainByHand(byHand, { batchSize: 4, epochs: 100_000, afterStep: stop })).toThrow('so far');
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });

  it('ReduceLROnPlateau goes by the direction of what it watches, unless it was given one', async () => {
    const runs = [
      { monitor: 'validation.accuracy', mode: undefined, hand: 'max' },
      { monitor: 'validation.accuracy', mode: 'min', hand: 'min' },
      { monitor: 'loss', mode: undefined, hand: 'min' },
      { monitor: undefined, mode: undefined, hand: 'min' },
    ] as const;
    for (const { monitor, mode, hand } of runs) {
      const problem = makeProblem();
      const options = { patience: 0, factor: 0.9 };
      const scheduler = new lrScheduler.ReduceLROnPlateau(problem.optimizer, { ...options, ...(mode && { mode }) });
      const { epochs } = await train(problem, {
        epochs: 8,
        metrics: ['accuracy'],
        validation: [problem.x, problem.y],
        schedulers: [{ scheduler, ...(monitor && { monitor }) }],
      });
      const plateau = new lrScheduler.ReduceLROnPlateau(makeProblem().optimizer, { ...options, mode: hand });
      for (const { loss, validation } of epochs)
        plateau.step(monitor === 'loss' ? loss : monitor ? validation!.accuracy! : validation!.loss);
      expect(scheduler.stateDict()).toEqual(plateau.stateDict());
    }
  });

  it('ReduceLROnPlateau, EarlyStopping and ModelCheckpoint ask which way a metric of no known direction is to go', async () => {
    const problem = makeProblem();
    const metrics = [{ name: 'r2', fn: (output: Tensor) => output.mean() }];
    const message = "nothing says whether \"validation.r2\" is to fall or to rise; give mode: 'min' or 'max'";
    const monitor = 'validation.r2';
    expect(() => new EarlyStopping({ monitor })).toThrow(`EarlyStopping: ${message}`);
    expect(() => new ModelCheckpoint(() => {}, { monitor })).toThrow(`ModelCheckpoint: ${message}`);
    const schedule = (options: object) => {
      const scheduler = new lrScheduler.ReduceLROnPlateau(problem.optimizer, options);
      const validation = [problem.x, problem.y] as const;
      return train(problem, { metrics, validation, schedulers: [{ scheduler, monitor }], epochs: 1 });
    };
    await expect(schedule({})).rejects.toThrow(`fit: ReduceLROnPlateau: ${message}`);
    await expect(schedule({ mode: 'max' })).resolves.toMatchObject({ stopped: null });
    expect(new EarlyStopping({ monitor, mode: 'max' }).best).toBeNull();
  });

  it('ReduceLROnPlateau watches what it is told to', async () => {
    const problem = makeProblem();
    const scheduler = new lrScheduler.ReduceLROnPlateau(problem.optimizer, { mode: 'max', patience: 0, factor: 0.5 });
    const { epochs } = await train(problem, {
      epochs: 6,
      validation: [problem.x, problem.y],
      schedulers: [{ scheduler, monitor: 'validation.loss' }],
    });
    const hand = makeProblem();
    const plateau = new lrScheduler.ReduceLROnPlateau(hand.optimizer, { mode: 'max', patience: 0, factor: 0.5 });
    for (const { lr, validation } of epochs) {
      expect(lr).toEqual(hand.optimizer.paramGroups.map((group) => group.lr));
      plateau.step(validation!.loss);
    }
    expect(epochs.at(-1)!.lr).not.toEqual([0.1]);
    expect(scheduler.stateDict()).toEqual(plateau.stateDict());
  });
});
