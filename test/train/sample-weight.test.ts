/** Weights of samples: the loop by hand with losses of rows, to the bit, and PyTorch's numbers. */
import { expect, it } from 'vitest';
import {
  data,
  type FitOptions,
  fit,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  type Tensor,
  TerminateOnNaN,
  type TrainingData,
  tensor,
} from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { distance, makeProblem, numbersOf, type Problem } from './problem.js';

type Triple = readonly [input: Tensor, target: Tensor, weight: Tensor];

const load = (from: GoldenTensor) => tensor(values(from), { shape: from.shape });

/** 50 weights, some of them 0; all of batch 2 of 8 when `idle`. */
const weightsOf = (idle = false) =>
  Array.from({ length: 50 }, (_, i) => (i % 9 === 4 || (idle && Math.floor(i / 8) === 2) ? 0 : 0.25 * (1 + (i % 5))));

const each = new nn.CrossEntropyLoss({ reduction: 'none' });

/** Trains as one writes it by hand, shuffled; gives the weighted loss of each epoch. */
function byHand({ x, y, model, optimizer }: Problem, weights: Tensor, epochs = 2): number[] {
  const loader = new data.DataLoader(new data.TensorDataset(x, y, weights), { batchSize: 8, shuffle: true });
  return Array.from({ length: epochs }, () => {
    let [numerator, denominator] = [0, 0];
    for (const [input, target, w] of loader) {
      optimizer.zeroGrad();
      const weighted = each.forward(model.forward(input), target).mul(w).sum();
      weighted.div(w.sum()).backward();
      optimizer.step();
      numerator += weighted.item();
      denominator += w.sum().item();
    }
    return numerator / denominator;
  });
}

const train = ({ x, y, model, optimizer, loss }: Problem, options: Partial<FitOptions>) =>
  fit(model, { train: [x, y], optimizer, loss, epochs: 2, batchSize: 8, ...options });

/** The score of all rows at once, of a model whose weights stay. */
function scoreOf({ x, y, model }: Problem, weights: readonly number[], rows: readonly number[]): number {
  const losses = noGrad(() => each.forward(model.forward(x), y)).toTypedArray();
  const weight = rows.reduce((sum, i) => sum + weights[i]!, 0);
  return rows.reduce((sum, i) => sum + weights[i]! * losses[i]!, 0) / weight;
}

/** Nothing moves, so that there is one right value for each score. */
function still(): Problem {
  const problem = makeProblem();
  (problem.model.at(2) as nn.Dropout).p = 0;
  return { ...problem, optimizer: new optim.SGD(problem.model.parameters(), { lr: 0 }) };
}

const all = [...Array(50).keys()];

describeEachBackend('sampleWeight', () => {
  it.each(golden('losses').weighted)('gives the numbers of PyTorch: $kind, $name', async (one) => {
    for (const fuse of [true, false]) {
      const model = new nn.Linear(4, 3);
      model.loadStateDict({ weight: load(one.initial.weight!), bias: load(one.initial.bias!) });
      const { weight, ...others } = one.options;
      const options = { ...others, weight: weight === null ? null : load(weight) };
      const loss = one.kind === 'mse' ? new nn.MSELoss(others as nn.LossOptions) : new nn.CrossEntropyLoss(options);
      const { epochs } = await fit(model, {
        train: [load(one.inputs), load(one.target)],
        sampleWeight: load(one.sampleWeight),
        optimizer: new optim.SGD(model.parameters(), { lr: one.lr }),
        loss,
        epochs: one.losses.length,
        batchSize: one.batchSize,
        shuffle: false,
        fuse,
      });
      for (const name of ['weight', 'bias'] as const)
        expect(distance([...model[name]!.toTypedArray()], [...values(one.after[name]!)])).toBeLessThan(1e-6);
      const losses = epochs.map((epoch) => epoch.loss);
      expect(distance(losses, one.losses)).toBeLessThan(1e-6);
    }
  });

  it('goes with the rows through shuffles, to the bit of a loop by hand', async () => {
    const given = weightsOf();
    const forms = [given, tensor(given), Float32Array.from(given), Float64Array.from(given)];
    for (const sampleWeight of forms) {
      const hand = makeProblem();
      const expected = byHand(hand, tensor(given));
      const problem = makeProblem();
      const { epochs } = await train(problem, { sampleWeight, fuse: false });
      expect(numbersOf(problem)).toEqual(numbersOf(hand));
      expect(
        distance(
          epochs.map(({ loss }) => loss),
          expected,
        ),
      ).toBeLessThan(1e-6);
    }
    const hand = makeProblem();
    byHand(hand, tensor(given));
    const unweighted = makeProblem();
    await train(unweighted, { fuse: false });
    expect(numbersOf(unweighted)).not.toEqual(numbersOf(hand));
  });

  it('is copied, and no part of the gradients', async () => {
    const given = tensor(weightsOf(), { requiresGrad: true });
    const hand = makeProblem();
    byHand(hand, given.detach());
    const problem = makeProblem();
    const training = train(problem, { sampleWeight: given, fuse: false });
    noGrad(() => given.copy_(given.mul(0)));
    await training;
    expect(numbersOf(problem)).toEqual(numbersOf(hand));
    expect(given.grad).toBeNull();
  });

  it('of integers and of rows that all count alike', async () => {
    const plain = makeProblem();
    const { epochs } = await train(plain, {});
    const ones = makeProblem();
    const weighted = await train(ones, { sampleWeight: new Uint8Array(50).fill(3) });
    expect(distance(numbersOf(ones), numbersOf(plain))).toBeLessThan(1e-5);
    expect(weighted.epochs[1]!.loss).toBeCloseTo(epochs[1]!.loss, 5);
  });

  it('makes a batch without weight count for nothing', async () => {
    const weights = weightsOf(true);
    const problem = still();
    const steps: number[] = [];
    const { epochs } = await train(problem, {
      sampleWeight: weights,
      shuffle: false,
      callbacks: [new TerminateOnNaN()],
      onStep: ({ loss }) => void steps.push(loss),
    });
    expect(steps.slice(0, 7).map((loss) => loss === 0)).toEqual([false, false, true, false, false, false, false]);
    expect(epochs[0]!.loss).toBeCloseTo(scoreOf(problem, weights, all), 5);
    const moving = makeProblem();
    const before = numbersOf(moving);
    await train(moving, { sampleWeight: new Float32Array(50) });
    expect(numbersOf(moving).slice(0, before.length)).toEqual(before);
  });

  it('leaves metrics alone, and weighs what validationSplit holds out', async () => {
    const weights = weightsOf();
    const problem = still();
    const options = { metrics: ['accuracy'], shuffle: false, batchSize: 7 } as const;
    const split = { ...options, validationSplit: 0.4 };
    const { epochs } = await train(problem, { ...split, sampleWeight: weights });
    const [epoch] = epochs;
    expect(epoch!.loss).toBeCloseTo(scoreOf(problem, weights, all.slice(0, 30)), 5);
    expect(epoch!.validation!.loss).toBeCloseTo(scoreOf(problem, weights, all.slice(30)), 5);
    const unweighted = (await train(problem, split)).epochs[0]!;
    expect(epoch!.accuracy).toBe(unweighted.accuracy);
    expect(epoch!.validation!.accuracy).toBe(unweighted.validation!.accuracy);
    expect(epoch!.validation!.loss).not.toBeCloseTo(unweighted.validation!.loss, 3);
  });

  it('does not weigh separate validation data, also with a loss that gives a value for each row', async () => {
    const weights = weightsOf();
    const problem = still();
    const { x, y } = problem;
    const ones = weights.map(() => 1);
    for (const loss of [problem.loss, each, (output: Tensor, target: Tensor) => each.forward(output, target)]) {
      const { epochs } = await train(problem, { loss, sampleWeight: weights, validation: [x, y], shuffle: false });
      expect(epochs[0]!.loss).toBeCloseTo(scoreOf(problem, weights, all), 5);
      expect(epochs[0]!.validation!.loss).toBeCloseTo(scoreOf(problem, ones, all), 5);
    }
  });

  it('counts accuracy over labels that are not ignored, whatever their weights', async () => {
    for (const ignoreIndex of [-100, 1]) {
      const problem = still();
      const labels = problem.y.toTypedArray('int32').map((label, i) => (i % 3 === 0 ? ignoreIndex : label));
      const y = tensor(labels);
      const found = noGrad(() => problem.model.forward(problem.x))
        .argmax({ dim: 1 })
        .toTypedArray();
      const counted = all.filter((i) => labels[i] !== ignoreIndex);
      const hits = counted.filter((i) => labels[i] === found[i]).length;
      const loss = new nn.CrossEntropyLoss({ ignoreIndex });
      const options = { train: [problem.x, y], loss, metrics: ['accuracy'] } as const;
      for (const weighed of [{ sampleWeight: weightsOf() }, {}])
        expect((await train(problem, { ...options, ...weighed })).epochs[0]!.accuracy).toBeCloseTo(
          hits / counted.length,
          12,
        );
    }
  });

  it('comes with batches: forward returns it, in training and in validation', async () => {
    const given = weightsOf();
    const hand = makeProblem();
    const expected = byHand(hand, tensor(given));
    for (const form of ['stream', 'tensors']) {
      const problem = makeProblem();
      const { x, y, model, optimizer, loss } = problem;
      const samples = new data.TensorDataset(x, y, tensor(given));
      const train: TrainingData<Triple> =
        form === 'stream' ? new data.DataLoader(samples, { batchSize: 8, shuffle: true }) : samples;
      const validation: Iterable<Triple> = [[x, y, tensor(given)]];
      const { epochs } = await fit(model, {
        train,
        validation,
        ...(form === 'stream' ? {} : { batchSize: 8 }),
        forward: (net, [input, target, sampleWeight]) => ({ output: net.forward(input), target, sampleWeight }),
        optimizer,
        loss,
        epochs: 2,
        fuse: false,
      });
      expect(numbersOf(problem)).toEqual(numbersOf(hand));
      expect(
        distance(
          epochs.map((epoch) => epoch.loss),
          expected,
        ),
      ).toBeLessThan(1e-6);
      model.eval();
      expect(epochs[1]!.validation!.loss).toBeCloseTo(scoreOf(problem, given, all), 5);
    }
  });

  it('may come with some batches only', async () => {
    const problem = still();
    const { x, y, model, optimizer, loss } = problem;
    const weights = weightsOf();
    const [first, second] = [all.slice(0, 20), all.slice(20)];
    const batches = [
      { x: x.narrow(0, 0, 20), y: y.narrow(0, 0, 20), w: tensor(weights.slice(0, 20)) },
      { x: x.narrow(0, 20, 30), y: y.narrow(0, 20, 30) },
    ];
    const { epochs } = await fit(model, {
      train: batches,
      forward: (net, batch: { x: Tensor; y: Tensor; w?: Tensor }) => ({
        output: net.forward(batch.x),
        target: batch.y,
        sampleWeight: batch.w,
      }),
      optimizer,
      loss,
    });
    const expected = weights.map((weight, i) => (first.includes(i) ? weight : 1));
    expect(second).toHaveLength(30);
    expect(epochs[0]!.loss).toBeCloseTo(scoreOf(problem, expected, all), 5);
  });

  it('goes with class weights and ignored labels of several labels a row', async () => {
    manualSeed(5);
    const x = rand([6, 4]);
    const labels = Int32Array.of(0, 1, 2, -100, 1, 1, -100, -100, 2, 0, 1, 2);
    const y = tensor(labels, { shape: [6, 2] });
    const weights = [0.5, 1, 2, 3, 0, 1.5];
    const ofClass = [0.5, 2, 1.25];
    const classes = tensor(ofClass);
    const body = new nn.Linear(4, 6);
    const optimizer = new optim.SGD(body.parameters(), { lr: 0.1 });
    const inEach = new nn.CrossEntropyLoss({ weight: classes, reduction: 'none' });
    const own = Array.from(labels, (label, i) => (label < 0 ? 0 : weights[i >> 1]! * ofClass[label]!));
    const losses = inEach.forward(body.forward(x).reshape([6, 3, 2]), y);
    const weighted = losses.mul(tensor(weights).reshape([6, 1])).sum();
    const loss = weighted.div(own.reduce((sum, weight) => sum + weight, 0));
    loss.backward();
    const expected = body.weight.sub(body.weight.grad!.mul(0.1)).toTypedArray();
    const { epochs } = await fit(body, {
      train: [x, y],
      forward: (model, [input, target]) => ({ output: model.forward(input).reshape([6, 3, 2]), target }),
      sampleWeight: weights,
      optimizer,
      loss: new nn.CrossEntropyLoss({ weight: classes }),
    });
    expect(epochs[0]!.loss).toBeCloseTo(loss.item(), 5);
    expect(distance([...body.weight.toTypedArray()], [...expected])).toBeLessThan(1e-6);
  });

  it('weighs each of the losses of a row alike', async () => {
    manualSeed(4);
    const [x, y] = [rand([6, 4]), rand([6, 4])];
    const weights = [0, 1, 2, 0.5, 3, 1];
    const model = new nn.Sequential(new nn.Linear(4, 4));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const options = { train: [x, y], sampleWeight: weights, optimizer, batchSize: 4 } as const;
    const expected = noGrad(() => model.forward(x).sub(y)).toTypedArray('float32');
    const byRow = weights.map((_, i) => expected.slice(4 * i, 4 * i + 4).reduce((sum, d) => sum + d * d, 0));
    const sum = byRow.reduce((all, value, i) => all + value * weights[i]!, 0);
    const mean = await fit(model, { ...options, loss: new nn.MSELoss() });
    expect(mean.epochs[0]!.loss).toBeCloseTo(sum / (4 * 7.5), 5);
    const total = await fit(model, { ...options, loss: new nn.MSELoss({ reduction: 'sum' }) });
    expect(total.epochs[0]!.loss).toBeCloseTo(sum / 6, 5);
  });
});
