/** Losses and distances against PyTorch: as function and as module, eagerly and compiled, printed; at kinks and ends. */
import { describe, expect, it } from 'vitest';
import { compile, functional as F, fit, Generator, nn, optim, randn, type Tensor, tensor } from '../../src/index.js';
import { golden, type ObjectiveCase, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { load } from './models.js';

const { losses, distances, ctc } = golden('objectives');

type Layer = new (options: object) => nn.Module<readonly Tensor[]>;
type Of = (...args: readonly unknown[]) => Tensor;

function optionsOf({ options, tensors, note }: ObjectiveCase): object {
  const buffers = Object.entries(tensors).map(([name, each]) => [name, load(each)]);
  return { ...options, ...Object.fromEntries(buffers), ...(note === 'p = inf' && { p: Number.POSITIVE_INFINITY }) };
}

const made = (one: ObjectiveCase) => new (nn as object as Readonly<Record<string, Layer>>)[one.module]!(optionsOf(one));
const apply = (one: ObjectiveCase): Of => {
  const of = (F as object as Readonly<Record<string, Of>>)[one.function]!;
  return (...inputs) => of(...inputs, optionsOf(one));
};
const named = (list: readonly ObjectiveCase[]) =>
  list.map((one) => {
    const options = JSON.stringify({
      ...one.options,
      ...Object.fromEntries(Object.keys(one.tensors).map((t) => [t, 't'])),
    });
    return { ...one, title: `${one.module} ${options} of ${one.inputs.map(({ shape }) => `[${shape}]`)} ${one.note}` };
  });

/** Differences of numbers near 1e12 and of roots: a few units of the largest element. */
const close = (actual: Tensor, expected: ObjectiveCase['output'], what: string) =>
  expectClose(actual.toTypedArray(), values(expected), { what, tolerance: 4e-6 });

function expectCase(one: ObjectiveCase, run: Of): void {
  const inputs = one.inputs.map((input, i) => (one.grads[i] === null ? load(input) : load(input).requiresGrad_()));
  const output = run(...inputs);
  expect(output.shape).toEqual(one.output.shape);
  close(output, one.output, 'loss');
  output.backward(load(one.gradient));
  one.grads.forEach((grad, i) => {
    if (grad !== null) close(inputs[i]!.grad!, grad, `gradient of input ${i}`);
  });
}

function expectCompiled(one: ObjectiveCase, run: Of): void {
  const step = compile((gradient: Tensor, ...inputs: Tensor[]) => {
    const leaves = inputs.map((input, i) => (one.grads[i] === null ? input : input.detach().requiresGrad_()));
    const output = run(...leaves);
    output.backward(gradient);
    return [output.detach(), ...leaves.flatMap(({ grad }) => (grad === null ? [] : [grad.detach()]))];
  });
  const [output, ...grads] = step(load(one.gradient), ...one.inputs.map(load)) as Tensor[];
  step.dispose();
  close(output!, one.output, 'compiled loss');
  const wanted = one.grads.filter((grad) => grad !== null);
  for (const [i, grad] of wanted.entries()) close(grads[i]!, grad, `compiled gradient ${i}`);
}

describeEachBackend('losses equal PyTorch', () => {
  it.each(named([...losses, ...distances, ...ctc]))('$title', (one) => {
    const layer = made(one);
    expect(String(layer)).toBe(one.text);
    expectCase(one, (...inputs) => layer.forward(...(inputs as Tensor[])));
    expectCase(one, apply(one));
    expectCompiled(one, (...inputs) => layer.forward(...(inputs as Tensor[])));
  });

  it('CTCLoss takes lengths as arrays and as tensors, which a compiled step reads at each run', () => {
    const logProbs = F.logSoftmax(randn(6, 2, 4, { generator: new Generator(5) }), 2);
    const targets = tensor([1, 1, 2, 3, 2, 0], { shape: [2, 3], dtype: 'int32' });
    const int = (...numbers: number[]) => tensor(numbers, { dtype: 'int32' });
    const of = (inputs: Tensor, lengths: Tensor) => F.ctcLoss(logProbs, targets, inputs, lengths);
    const step = compile(of);
    for (const [inputs, lengths] of [
      [
        [6, 6],
        [3, 2],
      ],
      [
        [5, 2],
        [3, 1],
      ],
      [
        [4, 6],
        [1, 0],
      ],
    ] as const) {
      const expected = of(int(...inputs), int(...lengths)).item();
      expect(F.ctcLoss(logProbs, targets, inputs, lengths).item()).toBe(expected);
      expect(step(int(...inputs), int(...lengths)).item()).toBe(expected);
    }
    expect(() => step(int(6, 7), int(3, 2))).toThrow('Expected input_lengths to have value at most 6, but got value 7');
    expect(() => step(int(6, 6), int(4, 2))).toThrow('Expected tensor to have size at least 4 at dimension 1');
    step.dispose();
  });

  it('a compiled loss refuses at each run what the eager one refuses', () => {
    const step = compile((p: Tensor) => F.binaryCrossEntropy(p, p));
    expect(step(tensor([0.5, 1])).item()).toBeCloseTo(0.5 * Math.LN2, 6);
    expect(() => step(tensor([0.5, 1.5]))).toThrow('all elements of input should be between 0 and 1');
    expect(() => step(tensor([0.5, Number.NaN]))).toThrow('all elements of input should be between 0 and 1');
  });
});

describe('losses as modules', () => {
  it('weights are buffers under the names of PyTorch', () => {
    const criterion = new nn.BCEWithLogitsLoss({ weight: tensor([1, 2]), posWeight: tensor([3, 4]) });
    expect(Object.keys(criterion.stateDict())).toEqual(['weight', 'pos_weight']);
    criterion.loadStateDict({ weight: tensor([5, 6]), pos_weight: tensor([7, 8]) });
    expect([criterion.weight?.toArray(), criterion.posWeight?.toArray()]).toEqual([
      [5, 6],
      [7, 8],
    ]);
    expect(Object.keys(new nn.NLLLoss({ weight: tensor([1]) }).stateDict())).toEqual(['weight']);
    expect(new nn.BCELoss().stateDict()).toEqual({});
  });

  it('settings are fields', () => {
    expect(new nn.HuberLoss({ delta: 2 }).delta).toBe(2);
    expect(new nn.KLDivLoss({ reduction: 'batchmean' }).reduction).toBe('batchmean');
    expect([new nn.MultiMarginLoss().p, new nn.TripletMarginLoss({ swap: true }).swap]).toEqual([1, true]);
  });

  it('the loss and its gradient are one pass each in a compiled step', () => {
    const criterion = new nn.BCEWithLogitsLoss();
    const step = compile((x: Tensor, target: Tensor) => {
      const leaf = x.detach().requiresGrad_();
      const loss = criterion.forward(leaf, target);
      loss.backward();
      return [loss.detach(), leaf.grad!.detach()];
    });
    const x = randn([64, 8], { generator: new Generator(1) });
    step(x, x.sigmoid());
    const described = step.describe();
    step.dispose();
    // The loss with its mean, the factor of the gradient (two numbers), and the gradient: no pass for losses of elements or a broadcast.
    expect(described).toMatch(
      /-- after arena\noutput0 = sum\(.*\) \/ 512 .*\n.* = fill.*\n.* = div.*\noutput1 = mul.*\n4 instr/,
    );
  });

  it.each([
    ['NLLLoss', new nn.NLLLoss(), new nn.LogSoftmax(1), tensor([0, 2, 1, 1, 0, 2], { dtype: 'int32' })],
    [
      'BCEWithLogitsLoss',
      new nn.BCEWithLogitsLoss({ posWeight: tensor([2, 1, 1]) }),
      new nn.Identity(),
      randn([6, 3]).gt(0).to('float32'),
    ],
    ['KLDivLoss', new nn.KLDivLoss({ reduction: 'batchmean' }), new nn.LogSoftmax(1), randn([6, 3]).softmax(1)],
    ['L1Loss', new nn.L1Loss({ reduction: 'sum' }), new nn.Identity(), randn([6, 3])],
  ] as const)('%s trains in fit, with weights of samples as by hand', async (_name, loss, head, target) => {
    const x = randn([6, 4], { generator: new Generator(2) });
    const build = () => new nn.Sequential(new nn.Linear(4, 3, { generator: new Generator(3) }), head as nn.Module);
    const sampleWeight = [1, 0.5, 2, 0, 1, 3];
    const model = build();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const history = await fit(model, {
      train: [x, target],
      optimizer,
      loss,
      epochs: 2,
      batchSize: 6,
      shuffle: false,
      sampleWeight,
    });
    const byHand = build();
    const own = new optim.SGD(byHand.parameters(), { lr: 0.1 });
    const kind = loss.constructor as new (options: object) => nn.Module<readonly [Tensor, Tensor]>;
    const rows = new kind({ reduction: 'none', ...('posWeight' in loss && { posWeight: loss.posWeight }) });
    const weights = tensor(sampleWeight);
    const expected: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      own.zeroGrad();
      const losses = rows.forward(byHand.forward(x), target as Tensor);
      const perRow = losses.ndim === 1 ? losses : losses.sum(1);
      const count = loss.reduction === 'mean' && losses.ndim > 1 ? losses.shape[1]! : 1;
      const total = perRow.mul(weights).sum();
      const value = loss.reduction === 'sum' ? total : total.div(7.5 * count);
      value.backward();
      own.step();
      expected.push(value.item());
    }
    const scores = history.epochs.map((epoch) => epoch.loss!);
    const scale = loss.reduction === 'sum' ? 6 : 1;
    scores.forEach((score, i) => {
      expect(score * scale).toBeCloseTo(expected[i]!, 5);
    });
    expectClose(model.parameters()[0]!.toTypedArray(), byHand.parameters()[0]!.toTypedArray(), { tolerance: 1e-5 });
  });
});
