/** Dimensions of size 0 are legal everywhere: they keep their shape through forward, loss, backward and step. */
import { describe, expect, it } from 'vitest';
import { cat, data, functional as F, nn, optim, Slice, type Tensor, tensor, zeros } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const labels = (rows: number) => zeros([rows], { dtype: 'int32' });
const makeModel = (features: number, hidden: number) =>
  new nn.Sequential(new nn.Linear(features, hidden), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(hidden, 3));

const optimizers: readonly (readonly [
  name: string,
  make: (params: Tensor[]) => optim.SGD | optim.Adam | optim.AdamW,
])[] = [
  ['SGD', (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 })],
  ['Adam', (params) => new optim.Adam(params)],
  ['AdamW', (params) => new optim.AdamW(params, { amsgrad: true })],
];
const fixtures: readonly (readonly [name: string, rows: number, features: number, hidden: number])[] = [
  ['no rows', 0, 4, 5],
  ['no features', 2, 0, 5],
  ['no hidden units', 2, 4, 0],
  ['nothing at all', 0, 0, 0],
];

describeEachBackend('training with', () => {
  describe.each(fixtures)('%s', (_name, rows, features, hidden) => {
    it.each(optimizers)('%s', (_optimizer, make) => {
      const model = makeModel(features, hidden);
      const shapes = model.parameters().map(({ shape }) => [...shape]);
      const optimizer = make(model.parameters());
      for (let step = 0; step < 2; step++) {
        optimizer.zeroGrad();
        const output = model.forward(zeros([rows, features]));
        expect(output.shape).toEqual([rows, 3]);
        const loss = F.crossEntropy(output, labels(rows), { reduction: 'sum' });
        expect(loss.shape).toEqual([]);
        expect(loss.item()).toBe(rows === 0 ? 0 : loss.item());
        loss.backward();
        optimizer.step();
      }
      expect(model.parameters().map(({ shape }) => [...shape])).toEqual(shapes);
      for (const parameter of model.parameters()) {
        expect(parameter.grad?.shape).toEqual(parameter.shape);
        expect([...parameter.toTypedArray()].every(Number.isFinite)).toBe(true);
        if (rows === 0) expect([...(parameter.grad?.toTypedArray() ?? [])].every((value) => value === 0)).toBe(true);
      }
    });
  });

  it('a mean over nothing is NaN, a sum 0', () => {
    const leaf = zeros([0, 3], { requiresGrad: true });
    expect(F.crossEntropy(leaf, labels(0)).item()).toBeNaN();
    expect(F.mseLoss(leaf, zeros([0, 3])).item()).toBeNaN();
    expect(leaf.mean().item()).toBeNaN();
    expect(leaf.sum().item()).toBe(0);
    expect(F.crossEntropy(leaf, labels(0), { reduction: 'none' }).shape).toEqual([0]);
  });
});

/** What every function makes of an input of shape [0, 3], and of [3, 0]. */
const functions: readonly (readonly [
  name: string,
  fn: (x: Tensor) => Tensor,
  shape: number[],
  transposed: number[],
])[] = [
  ['relu', (x) => x.relu(), [0, 3], [3, 0]],
  ['exp', (x) => x.exp(), [0, 3], [3, 0]],
  ['clamp', (x) => x.clamp(0, 1), [0, 3], [3, 0]],
  ['pow', (x) => x.pow(2), [0, 3], [3, 0]],
  ['add a number', (x) => x.add(1), [0, 3], [3, 0]],
  ['add a row', (x) => x.add(zeros([1, x.shape[1]!])), [0, 3], [3, 0]],
  ['mul a column', (x) => x.mul(zeros([x.shape[0]!, 1])), [0, 3], [3, 0]],
  ['matmul', (x) => x.matmul(zeros([x.shape[1]!, 2])), [0, 2], [3, 2]],
  ['linear', (x) => F.linear(x, zeros([4, x.shape[1]!]), zeros([4])), [0, 4], [3, 4]],
  ['sum over 0', (x) => x.sum({ dim: 0 }), [3], [0]],
  ['sum over 1', (x) => x.sum({ dim: 1, keepdim: true }), [0, 1], [3, 1]],
  ['softmax', (x) => x.softmax(1), [0, 3], [3, 0]],
  ['logSoftmax over 0', (x) => x.logSoftmax(0), [0, 3], [3, 0]],
  ['dropout', (x) => F.dropout(x, 0.5), [0, 3], [3, 0]],
  ['dropout2d', (x) => F.dropout2d(x, 0.5), [0, 3], [3, 0]],
  ['transpose', (x) => x.transpose(0, 1), [3, 0], [0, 3]],
  ['reshape', (x) => x.reshape([5, 0]), [5, 0], [5, 0]],
  ['flatten', (x) => x.flatten(), [0], [0]],
  ['unsqueeze', (x) => x.unsqueeze(1), [0, 1, 3], [3, 1, 0]],
  ['narrow to nothing', (x) => x.narrow(0, 0, 0), [0, 3], [0, 0]],
  ['clone', (x) => x.clone(), [0, 3], [3, 0]],
  ['cat', (x) => cat([x, x], 1), [0, 6], [3, 0]],
  ['gather', (x) => x.gather(1, zeros([x.shape[0]!, 0], { dtype: 'int32' })), [0, 0], [3, 0]],
  ['scatterAdd of nothing', (x) => x.scatterAdd(0, zeros([0, 0], { dtype: 'int32' }), zeros([0, 0])), [0, 3], [3, 0]],
  ['sort', (x) => x.sort({ dim: 0 }).values, [0, 3], [3, 0]],
  ['topk', (x) => x.topk(0).values, [0, 0], [3, 0]],
  ['cumsum', (x) => x.cumsum(1), [0, 3], [3, 0]],
  ['expand', (x) => x.expand([2, ...x.shape]), [2, 0, 3], [2, 3, 0]],
  ['repeat', (x) => x.repeat([2, 2]), [0, 6], [6, 0]],
  ['repeat to nothing', (x) => x.repeat([1, 0]), [0, 0], [3, 0]],
  ['repeatInterleave', (x) => x.repeatInterleave(2, { dim: 1 }), [0, 6], [3, 0]],
  ['split', (x) => x.split(2, 0).at(-1)!, [0, 3], [1, 0]],
  ['chunk', (x) => x.chunk(2, 1)[1]!, [0, 1], [3, 0]],
  ['slice', (x) => x.slice(1, 1, null, 2), [0, 1], [3, 0]],
  ['index', (x) => x.index(new Slice(1), null), [0, 1, 3], [2, 1, 0]],
  ['maskedSelect', (x) => x.maskedSelect(zeros([])), [0], [0]],
  ['indexSelect of no rows', (x) => x.indexSelect(labels(0)), [0, 3], [0, 0]],
];

describeEachBackend('on tensors without elements', () => {
  it.each(functions)('%s keeps its shape, and so does its gradient', (_name, fn, shape, transposed) => {
    for (const [from, to] of [
      [[0, 3], shape],
      [[3, 0], transposed],
    ] as const) {
      const leaf = zeros(from, { requiresGrad: true });
      const output = fn(leaf);
      expect(output.shape).toEqual(to);
      output.sum().backward();
      expect(leaf.grad?.shape).toEqual(from);
      expect(output.toTypedArray().every((value) => value === 0)).toBe(true);
    }
  });
});

describe('data without samples', () => {
  it('gives no batch', () => {
    const loader = new data.DataLoader(new data.TensorDataset(zeros([0, 3]), labels(0)), { batchSize: 4 });
    expect(loader.length).toBe(0);
    expect([...loader]).toEqual([]);
  });

  it('may have samples without features', () => {
    const loader = new data.DataLoader(new data.TensorDataset(zeros([3, 0])), { batchSize: 2 });
    expect([...loader].map(([batch]) => batch.shape)).toEqual([
      [2, 0],
      [1, 0],
    ]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });
});
