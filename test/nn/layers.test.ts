/** Layers without parameters, and losses: each is its function with the settings it keeps. */
import { expect, it } from 'vitest';
import { Generator, nn, ones, randn, ShapeError, type Tensor, tensor } from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { load } from './models.js';

const input = () => randn([7, 5], { generator: new Generator(4) });

const layers: readonly (readonly [string, nn.Module, (x: Tensor) => Tensor])[] = [
  ['ReLU', new nn.ReLU(), (x) => x.relu()],
  ['Sigmoid', new nn.Sigmoid(), (x) => x.sigmoid()],
  ['Tanh', new nn.Tanh(), (x) => x.tanh()],
  ['Softmax(1)', new nn.Softmax(1), (x) => x.softmax(1)],
  ['Softmax(0)', new nn.Softmax(0), (x) => x.softmax(0)],
  ['LogSoftmax(-1)', new nn.LogSoftmax(-1), (x) => x.logSoftmax(-1)],
];

describeEachBackend('layers', () => {
  it.each(layers)('%s is its function', (_name, layer, fn) => {
    const expected = fn(input()).toArray();
    expect(layer.forward(input()).toArray()).toEqual(expected);
    expect(expected).not.toEqual(input().toArray());
  });

  it('Identity returns its input itself', () => {
    const x = input();
    expect(new nn.Identity().forward(x)).toBe(x);
  });

  it('Flatten keeps the first dimension by default', () => {
    const x = ones([2, 3, 4, 5]);
    expect(new nn.Flatten().forward(x).shape).toEqual([2, 60]);
    expect(new nn.Flatten(0, 2).forward(x).shape).toEqual([24, 5]);
    expect(new nn.Flatten(-2, -1).forward(x).shape).toEqual([2, 3, 20]);
    expect(() => new nn.Flatten(2, 1).forward(x)).toThrow('start_dim cannot come after end_dim');
  });
});

describeEachBackend('losses', () => {
  const { crossEntropy, mse } = golden('losses');

  function expectLoss(
    loss: Tensor,
    input: Tensor,
    row: { gradient: GoldenTensor; loss: GoldenTensor; grad: GoldenTensor },
  ) {
    expect(loss.shape).toEqual(row.loss.shape);
    expectClose(loss.toTypedArray(), values(row.loss), { what: 'loss' });
    loss.backward(load(row.gradient));
    expectClose(input.grad!.toTypedArray(), values(row.grad), { what: 'gradient' });
  }

  it.each(crossEntropy)('CrossEntropyLoss: $name, $reduction', (row) => {
    const criterion = new nn.CrossEntropyLoss({
      weight: row.weight && load(row.weight),
      reduction: row.reduction,
      ...(row.ignoreIndex === null ? {} : { ignoreIndex: row.ignoreIndex }),
      ...(row.labelSmoothing === null ? {} : { labelSmoothing: row.labelSmoothing }),
    });
    const x = load(row.input).requiresGrad_();
    expectLoss(criterion.forward(x, load(row.target)), x, row);
  });

  it.each(mse)('MSELoss: $name, $reduction', (row) => {
    const x = load(row.input).requiresGrad_();
    expectLoss(new nn.MSELoss({ reduction: row.reduction }).forward(x, load(row.target)), x, row);
  });

  it('the weight is part of the state', () => {
    const criterion = new nn.CrossEntropyLoss({ weight: tensor([1, 2]) });
    expect(Object.keys(criterion.stateDict())).toEqual(['weight']);
    criterion.loadStateDict({ weight: tensor([3, 4]) });
    expect(criterion.weight?.toArray()).toEqual([3, 4]);
    expect(new nn.CrossEntropyLoss().stateDict()).toEqual({});
  });

  it('MSELoss refuses what PyTorch would broadcast', () => {
    expect(() => new nn.MSELoss().forward(ones([2, 1]), ones([2]))).toThrow(ShapeError);
  });
});
