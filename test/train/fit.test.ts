/** fit against the loop that one writes by hand: the same numbers. */
import { expect, it } from 'vitest';
import {
  backend,
  data,
  defaultGenerator,
  type FitOptions,
  fit,
  functional,
  nn,
  optim,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import {
  accuracyOf,
  distance,
  type HandOptions,
  type Kind,
  makeProblem,
  meanLoss,
  numbersOf,
  trainByHand,
} from './problem.js';

const epochs = 2;
const batchSize = 8;

const cases: readonly (readonly [string, Kind, number, 'counter' | 'mt19937', HandOptions])[] = [
  ['SGD with momentum', 'SGD', 50, 'counter', {}],
  ['Adam', 'Adam', 50, 'counter', {}],
  ["masks of PyTorch's stream", 'SGD', 50, 'mt19937', {}],
  ['no shuffling', 'SGD', 50, 'counter', { shuffle: false }],
  ['batches that come out even', 'SGD', 48, 'counter', {}],
  ['one batch, not full', 'SGD', 5, 'counter', {}],
  ['batches of one', 'Adam', 7, 'counter', { batchSize: 1 }],
];

describeEachBackend('fit', (backendName) => {
  const train = (problem: ReturnType<typeof makeProblem>, options: Partial<FitOptions> = {}) => {
    const { x, y, model, optimizer, loss } = problem;
    return fit(model, { train: new data.TensorDataset(x, y), epochs, batchSize, optimizer, loss, ...options });
  };

  it.each(cases)('without fusing is the loop by hand to the bit: %s', async (_name, kind, rows, masks, options) => {
    const byHand = makeProblem(rows, kind, masks);
    const losses = trainByHand(byHand, { epochs, batchSize, ...options });
    const after = defaultGenerator.getState();

    for (const generator of [undefined, defaultGenerator]) {
      const problem = makeProblem(rows, kind, masks);
      const { shuffle = true } = options;
      const own = generator === undefined ? {} : { generator };
      const history = await train(problem, { fuse: false, shuffle, batchSize: options.batchSize ?? batchSize, ...own });
      expect(numbersOf(problem)).toEqual(numbersOf(byHand));
      expect(
        distance(
          history.epochs.map(({ loss }) => loss),
          losses,
        ),
      ).toBeLessThan(1e-6);
      // Without the option it draws from a fork: the default generator stands elsewhere.
      if (generator === undefined) expect(defaultGenerator.getState()).not.toEqual(after);
      else expect(defaultGenerator.getState()).toEqual(after);
      expect(problem.model.parameters().every(({ grad }) => grad === null)).toBe(true);
    }
  });

  it.each(cases)('with fusing is the same to a few roundings: %s', async (_name, kind, rows, masks, options) => {
    const byHand = makeProblem(rows, kind, masks);
    const losses = trainByHand(byHand, { epochs, batchSize, ...options });
    const problem = makeProblem(rows, kind, masks);
    const { shuffle = true } = options;
    const history = await train(problem, { shuffle, batchSize: options.batchSize ?? batchSize });
    expect(distance(numbersOf(problem), numbersOf(byHand))).toBeLessThan(1e-5);
    expect(
      distance(
        history.epochs.map(({ loss }) => loss),
        losses,
      ),
    ).toBeLessThan(1e-5);
  });

  it('gives the same bits with the same seed, whatever the number of threads and the priority', async () => {
    const runs = [{}, { threads: 1 }, { threads: 2 }, { threads: 2, priority: 'background' as const }];
    const results: unknown[] = [];
    for (const options of runs) {
      const problem = makeProblem(300);
      const { epochs: all } = await train(problem, { ...options, batchSize: 64 });
      results.push([numbersOf(problem), all.map(({ loss }) => loss)]);
    }
    for (const result of results) expect(result).toEqual(results[0]);
    expect(backend.name).toBe(backendName);
  });

  it('measures accuracy, metrics and validation as eager code does', async () => {
    const problem = makeProblem(50);
    const { model, loss } = problem;
    const held = makeProblem(21);
    const rows: number[] = [];
    const { epochs: results } = await train(problem, {
      validation: [held.x, held.y],
      metrics: [
        'accuracy',
        { name: 'largest', fn: (output) => output.max() },
        { name: 'twice', fn: (output, target) => loss.forward(output, target).mul(2) },
      ],
      onEpoch: ({ validation }) => {
        model.eval();
        expect(validation!.loss).toBeCloseTo(meanLoss(held, model, batchSize), 6);
        expect(validation!.accuracy).toBeCloseTo(accuracyOf(held, model), 6);
        model.train();
        rows.push(accuracyOf(held, model));
      },
    });
    expect(rows).toHaveLength(epochs);
    for (const { loss: mean, accuracy, metrics, validation, samples, steps } of results) {
      expect(Object.keys(metrics)).toEqual(['accuracy', 'largest', 'twice']);
      expect(metrics.accuracy).toBe(accuracy);
      expect(metrics.twice).toBeCloseTo(2 * mean, 5);
      expect(validation!.metrics.twice).toBeCloseTo(2 * validation!.loss, 5);
      expect(validation!.metrics.largest).not.toBeCloseTo(metrics.largest!, 5);
      expect(accuracy! * 50).toBeCloseTo(Math.round(accuracy! * 50), 4);
      expect([samples, steps]).toEqual([50, 7]);
    }
  });

  it('tells what an epoch was', async () => {
    const problem = makeProblem(50);
    const told: unknown[] = [];
    const history = await train(problem, { onEpoch: (result) => void told.push(result) });
    expect(told).toEqual(history.epochs);
    expect(history.stopped).toBeNull();
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    for (const { seconds, samplesPerSecond, lr, samples } of history.epochs) {
      expect(lr).toEqual([0.1]);
      expect(samplesPerSecond).toBeGreaterThanOrEqual((samples / seconds) * 0.99);
      expect(seconds).toBeLessThanOrEqual(history.seconds);
    }
    expect(history.epochs[0]).not.toHaveProperty('validation');
    expect(history.epochs[0]).not.toHaveProperty('accuracy');
  });

  it('trains layers in their own modes, and all of a model in evaluation mode, and touches neither', async () => {
    const modesOf = (model: nn.Sequential) => model.modules().map(({ training }) => training);
    const byHand = makeProblem();
    byHand.model.at(2).eval();
    const losses = trainByHand(byHand, { epochs, batchSize });
    const frozen = makeProblem();
    frozen.model.at(2).eval();
    const history = await train(frozen, { fuse: false });
    expect(
      distance(
        history.epochs.map(({ loss }) => loss),
        losses,
      ),
    ).toBeLessThan(1e-6);
    expect(modesOf(frozen.model)).toEqual([true, true, true, false, true]);

    const training = makeProblem();
    trainByHand(training, { epochs, batchSize });
    const evaluating = makeProblem();
    evaluating.model.eval();
    await train(evaluating, { fuse: false, validation: [evaluating.x, evaluating.y] });
    expect(numbersOf(evaluating)).toEqual(numbersOf(training));
    expect(modesOf(evaluating.model)).toEqual([false, false, false, false, false]);
  });

  it('goes on where eager steps have left off, and they where it has', async () => {
    const byHand = makeProblem();
    trainByHand(byHand, { epochs: 4, batchSize });
    const mixed = makeProblem();
    trainByHand(mixed, { epochs: 1, batchSize });
    await train(mixed, { fuse: false, generator: defaultGenerator });
    trainByHand(mixed, { epochs: 1, batchSize });
    expect(numbersOf(mixed)).toEqual(numbersOf(byHand));
  });

  it('sees a rate that is changed between two epochs, in both forms of data', async () => {
    const slow = () => makeProblem();
    const byHand = slow();
    const halve = ({ optimizer }: { optimizer: optim.Optimizer }) => {
      optimizer.paramGroups[0]!.lr *= 0.5;
    };
    trainByHand(byHand, { epochs: 3, batchSize, afterEpoch: () => halve(byHand) });
    const resident = slow();
    await train(resident, { fuse: false, epochs: 3, onEpoch: () => halve(resident) });
    expect(numbersOf(resident)).toEqual(numbersOf(byHand));
    const streamed = slow();
    const { x, y } = streamed;
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize, shuffle: true });
    const { optimizer, loss } = streamed;
    await fit(streamed.model, {
      train: loader,
      epochs: 3,
      optimizer,
      loss,
      fuse: false,
      onEpoch: () => halve(streamed),
    });
    expect(numbersOf(streamed)).toEqual(numbersOf(byHand));
  });

  it('goes on with what the model has become between two epochs', async () => {
    const change = ({ model }: { model: nn.Sequential }) => {
      (model.at(2) as nn.Dropout).p += 0.2;
      model.at(0).requiresGrad_(false);
    };
    const byHand = makeProblem();
    trainByHand(byHand, { epochs: 3, batchSize, afterEpoch: () => change(byHand) });
    const problem = makeProblem();
    await train(problem, { fuse: false, epochs: 3, onEpoch: () => change(problem) });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });

  it('goes on with other settings of modules of the caller', async () => {
    class Scaled extends nn.Module {
      body = new nn.Linear(6, 3);
      scale = 1;

      override forward(x: Tensor): Tensor {
        return this.body.forward(x).mul(this.scale);
      }
    }
    class Weighted extends nn.Module<readonly [Tensor, Tensor]> {
      weight = 1;

      override forward(output: Tensor, target: Tensor): Tensor {
        return functional.crossEntropy(output, target).mul(this.weight);
      }
    }
    const make = () => {
      const problem = makeProblem();
      const model = new Scaled();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const loss = new Weighted();
      const change = () => {
        model.scale += 0.5;
        loss.weight *= 0.5;
      };
      return { ...problem, model, optimizer, loss, change };
    };
    const weights = (model: Scaled) => model.parameters().map((each) => each.toTypedArray());
    const byHand = make();
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const [input, target] of new data.DataLoader(new data.TensorDataset(byHand.x, byHand.y), {
        batchSize: 16,
      })) {
        byHand.optimizer.zeroGrad();
        byHand.loss.forward(byHand.model.forward(input), target).backward();
        byHand.optimizer.step();
      }
      byHand.change();
    }
    const { x, y, model, optimizer, loss, change } = make();
    const onEpoch = () => change();
    const options = { batchSize: 16, shuffle: false, fuse: false, epochs: 3 };
    await fit(model, { train: [x, y], optimizer, loss, onEpoch, ...options });
    expect(weights(model)).toEqual(weights(byHand.model));
  });

  it('trains what is not a classifier, and leaves frozen parameters alone', async () => {
    const x = tensor([0, 1, 2, 3, 4], { shape: [5, 1] });
    const y = tensor([1, 3, 5, 7, 9], { shape: [5, 1] });
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
    model.bias!.requiresGrad = false;
    const bias = model.bias!.item();
    const loss = new nn.MSELoss();
    const before = loss.forward(model.forward(x), y).item();
    const { epochs: results } = await fit(model, { train: [x, y], epochs: 20, batchSize: 2, optimizer, loss });
    expect(model.bias!.item()).toBe(bias);
    expect(results.at(-1)!.loss).toBeLessThan(before);
    expect(loss.forward(model.forward(x), y).item()).toBeLessThan(before);
  });

  it('trains from a dataset of any kind', async () => {
    const byHand = makeProblem(20);
    trainByHand(byHand, { epochs, batchSize });
    const problem = makeProblem(20);
    const { x, y } = problem;
    const rows = { length: 20, get: (i: number) => [x.select(0, i), y.select(0, i)] as const };
    await train(problem, { train: rows, fuse: false });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });
});
