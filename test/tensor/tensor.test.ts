import { describe, expect, it } from 'vitest';
import {
  arange,
  eye,
  functional as F,
  full,
  linspace,
  manualSeed,
  noGrad,
  ones,
  onesLike,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const list = (t: Tensor) => Array.from(t.toTypedArray());

describe('tensor()', () => {
  it('reads numbers, nested arrays and typed arrays', () => {
    expect(tensor(3).shape).toEqual([]);
    expect(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]).shape,
    ).toEqual([2, 3]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor(Float64Array.of(1, 2)).dtype).toBe('float64');
    expect(tensor(Int32Array.of(1, 2)).dtype).toBe('int32');
    expect(tensor(Uint8Array.of(1, 255)).dtype).toBe('float32');
    expect(tensor(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(Float32Array.of(1.5), { dtype: 'float64' }).dtype).toBe('float64');
  });

  it('copies in and out', () => {
    const source = Float32Array.of(1, 2);
    const t = tensor(source);
    source[0] = 9;
    t.toTypedArray()[1] = 9;
    expect(list(t)).toEqual([1, 2]);
    expect(() => (t.shape as number[]).push(1)).toThrow(TypeError);
  });

  it('copies out as the typed array of a dtype that is named', () => {
    const total: number = tensor([1, 2, 4])
      .toTypedArray('float32')
      .reduce((sum, value) => sum + value, 0);
    expect(total).toBe(7);
    const doubled: Int32Array = tensor(Int32Array.of(1, 2))
      .toTypedArray('int32')
      .map((value) => 2 * value);
    expect(doubled).toEqual(Int32Array.of(2, 4));
    const doubles: Float64Array = tensor(Float64Array.of(0.1)).toTypedArray('float64');
    expect(doubles).toEqual(Float64Array.of(0.1));
  });

  it('reads a view into a larger buffer at any alignment of its type', () => {
    const buffer = new Float32Array([0, 1, 2, 3, 4]).buffer;
    expect(list(tensor(new Float32Array(buffer, 4, 3)))).toEqual([1, 2, 3]);
  });
});

describeEachBackend('tensors', () => {
  it('makes the usual ones', () => {
    expect(zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(ones([2], { dtype: 'int32' }).dtype).toBe('int32');
    expect(list(full([2], 1.5))).toEqual([1.5, 1.5]);
    expect(list(full([2], 7, { dtype: 'int32' }))).toEqual([7, 7]);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(list(arange(4))).toEqual([0, 1, 2, 3]);
    expect(list(arange(1, 6, 2, { dtype: 'int32' }))).toEqual([1, 3, 5]);
    expect(list(arange(3, 0, -1))).toEqual([3, 2, 1]);
    expect(list(arange(0))).toEqual([]);
    expect(list(linspace(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(list(linspace(2, 5, 1))).toEqual([2]);
    expect(list(onesLike(zeros([2], { dtype: 'int32' })))).toEqual([1, 1]);
    expect(zerosLike(ones([3, 0])).shape).toEqual([3, 0]);
  });

  it('draws from the seeded generator', () => {
    manualSeed(3);
    const first = [list(rand([3])), list(randn([20])), list(randint(0, 10, [5])), list(randperm(5))];
    manualSeed(3);
    expect([list(rand([3])), list(randn([20])), list(randint(0, 10, [5])), list(randperm(5))]).toEqual(first);
    expect(randint(0, 2, [1]).dtype).toBe('int32');
  });

  it('converts dtypes', () => {
    expect(list(tensor([1.9, -1.9, Number.NaN, 1e20]).to('int32'))).toEqual([1, -1, 0, 2147483647]);
    expect(tensor([3], { dtype: 'int32' }).to('float32').dtype).toBe('float32');
    const x = tensor([1]);
    expect(x.to('float32')).toBe(x);
  });

  it('promotes an integer operand', () => {
    expect(list(tensor([1, 2], { dtype: 'int32' }).mul(tensor([0.5])))).toEqual([0.5, 1]);
  });

  it('shares memory where PyTorch does for reshapes, and copies parts', () => {
    const x = arange(6);
    const view = x.reshape([2, 3]);
    const row = view.select(0, 1);
    x.copy_(zeros([6]));
    expect(view.toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(list(row)).toEqual([3, 4, 5]);
    const one = tensor([5]);
    const sum = one.sum();
    one.copy_(tensor([7]));
    expect(sum.item()).toBe(5);
  });

  it('copy_ broadcasts and converts, and refuses leaves that require a gradient', () => {
    const x = zeros([2, 3]);
    x.copy_(tensor([1, 2, 3], { dtype: 'int32' }));
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(() => x.copy_(ones([4]))).toThrow(/does not broadcast/);
    const leaf = zeros([1], { requiresGrad: true });
    expect(() => leaf.copy_(ones([1]))).toThrow(
      'a leaf Variable that requires grad is being used in an in-place operation.',
    );
    noGrad(() => leaf.copy_(ones([1])));
    expect(leaf.item()).toBe(1);
  });

  it('moves dimensions of any dtype', () => {
    const x = arange(24, { dtype: 'int32' }).reshape([2, 3, 4]);
    expect(x.permute([2, 0, 1]).select(0, 3).toArray()).toEqual([
      [3, 7, 11],
      [15, 19, 23],
    ]);
    expect(list(x.transpose(0, -1).select(1, 2).select(1, 1))).toEqual([20, 21, 22, 23]);
    expect(x.narrow(1, -2, 1).shape).toEqual([2, 1, 4]);
    expect(F.cat([x, x.narrow(1, 0, 0)], 1).shape).toEqual([2, 3, 4]);
    expect(F.stack([x, x], -1).shape).toEqual([2, 3, 4, 2]);
    expect(list(x.flatten().indexSelect(tensor([23, 0], { dtype: 'int32' })))).toEqual([23, 0]);
  });

  it('keeps the shape of what has no elements', () => {
    const x = zeros([3, 0, 2]);
    expect(x.permute([2, 0, 1]).shape).toEqual([2, 3, 0]);
    expect(x.sum({ dim: 1 }).toArray()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(x.add(ones([2])).relu().shape).toEqual([3, 0, 2]);
    expect(x.flatten().softmax(0).shape).toEqual([0]);
    expect(zeros([0, 4]).matmul(zeros([4, 2])).shape).toEqual([0, 2]);
    expect(
      zeros([2, 0])
        .matmul(zeros([0, 2]))
        .toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(x.reshape([0, 5]).shape).toEqual([0, 5]);
    expect(() => x.reshape([0, -1])).toThrow(/ambiguous/);
  });
});
