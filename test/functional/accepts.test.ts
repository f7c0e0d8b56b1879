/** What PyTorch takes besides the everyday form of an argument. Values are PyTorch 2.13's. */
import { expect, it, vi } from 'vitest';
import { cat, compile, functional as F, nn, ones, optim, stack, type Tensor, tensor, zeros } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const seen = (t: Tensor) => ({ dtype: t.dtype, shape: [...t.shape], values: Array.from(t.toTypedArray()) });
const float = (shape: number[], values: number[], dtype = 'float32') => ({ dtype, shape, values });
const int = (values: number | number[]) => tensor(values, { dtype: 'int32' });

describeEachBackend('arguments as in PyTorch', () => {
  it('cat leaves tensors of shape [0] out', () => {
    const square = ones(2, 2);
    expect(seen(cat([tensor([]), square]))).toEqual(float([2, 2], [1, 1, 1, 1]));
    expect(seen(cat([square, tensor([])], 1))).toEqual(float([2, 2], [1, 1, 1, 1]));
    expect(seen(cat([tensor([]), square], -1))).toEqual(float([2, 2], [1, 1, 1, 1]));
    expect(seen(cat([tensor([]), tensor([])]))).toEqual(float([0], []));
    expect(seen(cat([zeros(0, { dtype: 'float64' }), tensor([[1n]])]))).toEqual(float([1, 1], [1], 'float64'));
    const [none, some] = [zeros(0, { requiresGrad: true }), ones(1, 2, { requiresGrad: true })];
    cat([none, some, some])
      .mul(tensor([[1], [2]]))
      .sum()
      .backward();
    expect([none.grad?.shape, some.grad?.toArray()]).toEqual([[0], [[3, 3]]]);
  });

  it('cat and stack promote dtypes, and hand gradients back in their own', () => {
    expect(seen(stack([int([1, 2]), ones(2)]))).toEqual(float([2, 2], [1, 2, 1, 1]));
    const x = ones(1, { requiresGrad: true });
    const joined = cat([x, tensor(Float64Array.of(0.1))]);
    expect(seen(joined)).toEqual(float([2], [1, 0.1], 'float64'));
    joined.mul(3).sum().backward();
    expect(seen(x.grad!)).toEqual(float([1], [3]));
  });

  it('reductions take dim and keepdim by position', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 9],
    ]);
    expect(x.sum(1).toArray()).toEqual([6, 18]);
    expect(x.sum(-1, true).toArray()).toEqual([[6], [18]]);
    expect(x.sum([0, 1], true).toArray()).toEqual([[24]]);
    expect(x.sum(null, true).toArray()).toEqual([[24]]);
    expect(x.mean(0).toArray()).toEqual([2.5, 3.5, 6]);
    expect(x.max(1).values.toArray()).toEqual([3, 9]);
    expect(x.min(0, true).indices.toArray()).toEqual([[0, 0, 0]]);
    expect(x.argmax(1).toArray()).toEqual([2, 2]);
    expect(x.argmax(1, true).toArray()).toEqual([[2], [2]]);
    expect(x.argmax({ keepdim: true }).toArray()).toEqual([[5]]);
    expect(F.argmax(x, null).item()).toBe(5);
  });

  it('shapes and dims one by one', () => {
    const x = ones(2, 3);
    expect(x.reshape(-1, 2).shape).toEqual([3, 2]);
    expect(F.reshape(x, 6).shape).toEqual([6]);
    expect(ones(1).reshape([]).shape).toEqual([]);
    expect(x.permute(1, 0).shape).toEqual([3, 2]);
    expect(tensor(1).permute().shape).toEqual([]);
    expect(ones(1, 2, 1, 3).squeeze([0, 2]).shape).toEqual([2, 3]);
  });

  it('linear lets the bias broadcast', () => {
    const [x, w] = [ones(3, 4), ones(2, 4)];
    expect(seen(F.linear(x, w, ones(1)))).toEqual(float([3, 2], [5, 5, 5, 5, 5, 5]));
    expect(seen(F.linear(x, w, tensor(5)))).toEqual(float([3, 2], [9, 9, 9, 9, 9, 9]));
    expect(seen(F.linear(x, w, tensor([[1], [2], [3]])))).toEqual(float([3, 2], [5, 5, 6, 6, 7, 7]));
    expect(F.linear(ones(5, 3, 4), w, ones(3, 2)).shape).toEqual([5, 3, 2]);
    expect(() => F.linear(ones(4), w, ones(3, 2))).toThrow('bias of shape [3, 2] does not broadcast to the output [2]');
    const bias = ones(1, { requiresGrad: true });
    F.linear(x, w, bias).sum().backward();
    expect(bias.grad?.toArray()).toEqual([6]);
  });

  it('indexSelect takes scalars, and another dimension', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(x.indexSelect(int(1)).toArray()).toEqual([[3, 4]]);
    expect(
      tensor(5)
        .indexSelect(int([0]))
        .toArray(),
    ).toBe(5);
    expect(tensor(5).indexSelect(0, int(0)).toArray()).toBe(5);
    expect(() => tensor(5).indexSelect(int([1]))).toThrow('out of bounds');
    expect(x.indexSelect(1, int([1, 1, 0])).toArray()).toEqual([
      [2, 2, 1],
      [4, 4, 3],
    ]);
    const leaf = tensor(5, { requiresGrad: true });
    leaf.indexSelect(int(0)).mul(2).backward();
    expect(leaf.grad?.toArray()).toBe(2);
  });

  it('softmax without a dimension chooses as PyTorch does, with its warning', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      expect(String(new nn.Softmax())).toBe('Softmax(dim=None)');
      expect(new nn.Softmax().forward(zeros(1, 2)).toArray()).toEqual([[0.5, 0.5]]);
      expect(F.softmax(zeros(2)).toArray()).toEqual([0.5, 0.5]);
      expect(F.softmax(zeros(2, 1, 1)).toArray()).toEqual([[[0.5]], [[0.5]]]);
      expect(zeros(1, 2, 1, 1).softmax(null).toArray()).toEqual([[[[0.5]], [[0.5]]]]);
      expect(new nn.LogSoftmax(null).forward(zeros([])).toArray()).toBe(0);
      for (const [message, options] of warning.mock.calls) {
        expect(message).toMatch(
          /^Implicit dimension choice for (log_)?softmax has been deprecated. Change the call to/,
        );
        expect(options).toEqual({ code: 'LANEWISE_IMPLICIT_DIM' });
      }
    } finally {
      warning.mockRestore();
    }
  });

  it('backward converts its gradient', () => {
    for (const gradient of [tensor(Float64Array.of(1, 0.1)), int([1, 3])]) {
      const x = ones(2, { requiresGrad: true });
      x.mul(2).backward(gradient);
      expect(seen(x.grad!)).toEqual(seen(gradient.to('float32').mul(2)));
    }
    const leaf = ones(1, { requiresGrad: true });
    leaf.backward(int([4]));
    expect(seen(leaf.grad!)).toEqual(float([1], [4]));
  });

  it('losses promote dtypes', () => {
    expect(seen(F.mseLoss(ones(2), zeros(2, { dtype: 'float64' })))).toEqual(float([], [1], 'float64'));
  });
});

describeEachBackend('float64', () => {
  const doubles = () => tensor(Float64Array.of(1, 2.1));

  it('converts, copies and computes on every backend', () => {
    const x = doubles();
    expect(seen(x.to('float32'))).toEqual(float([2], [1, Math.fround(2.1)]));
    expect(seen(zeros(2).copy_(x))).toEqual(float([2], [1, Math.fround(2.1)]));
    expect(seen(zeros(2, { dtype: 'float64' }).copy_(ones(2)))).toEqual(float([2], [1, 1], 'float64'));
    expect(seen(x.add(1))).toEqual(float([2], [2, 3.1], 'float64'));
    expect(seen(x.mean())).toEqual(float([], [1.55], 'float64'));
    expect(seen(x.reshape(1, 2).transpose(0, 1))).toEqual(float([2, 1], [1, 2.1], 'float64'));
  });

  it('trains a float64 layer, eager and compiled the same to the bit', () => {
    const train = (isCompiled: boolean): number[] => {
      const layer = new nn.Linear(2, 1, { dtype: 'float64' });
      layer.loadStateDict({ weight: tensor([[0.1, 0.2]]), bias: tensor([0.3]) });
      const optimizer = new optim.Adam(layer.parameters(), { lr: 0.1 });
      const eager = (x: Tensor) => {
        optimizer.zeroGrad();
        const loss = layer.forward(x).pow(2).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = isCompiled ? compile(eager) : eager;
      const losses = [1, 2, 3].map(() => step(doubles()).item());
      return [...losses, ...layer.weight.toTypedArray()];
    };
    const eager = train(false);
    expect(new Set(eager).size).toBe(5);
    expect(train(true)).toEqual(eager);
  });

  it('converts inside a compiled function', () => {
    const step = compile((x: Tensor) => x.to('float32').mul(2));
    expect(seen(step(doubles()))).toEqual(float([2], [2, Math.fround(2.1) * 2]));
    step.dispose();
  });
});
