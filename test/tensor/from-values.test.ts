import { describe, expect, it } from 'vitest';
import { arange, compile, full, linspace, ones, rand, randn, type Tensor, tensor, zeros } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const seen = (t: Tensor) => ({ dtype: t.dtype, values: t.toArray() });
const int32 = { dtype: 'int32' } as const;

describe('tensor() reads', () => {
  it('booleans and bigints, as int32; next to a number they become float32', () => {
    expect(seen(tensor(true))).toEqual({ dtype: 'int32', values: 1 });
    expect(seen(tensor([[true, false]]))).toEqual({ dtype: 'int32', values: [[1, 0]] });
    expect(seen(tensor([true, 2.5]))).toEqual({ dtype: 'float32', values: [1, 2.5] });
    expect(seen(tensor([3n, -4n]))).toEqual({ dtype: 'int32', values: [3, -4] });
    expect(seen(tensor(true, { dtype: 'float32' }))).toEqual({ dtype: 'float32', values: 1 });
  });

  it('rows that are typed arrays', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(seen(tensor(rows))).toEqual({
      dtype: 'float32',
      values: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(seen(tensor([[Int32Array.of(7)], [Int32Array.of(8)]]))).toEqual({ dtype: 'int32', values: [[[7]], [[8]]] });
    expect(seen(tensor([Uint8Array.of(200, 5)]))).toEqual({ dtype: 'float32', values: [[200, 5]] });
    expect(seen(tensor([[0.1], Float64Array.of(0.2)]))).toEqual({ dtype: 'float64', values: [[0.1], [0.2]] });
    expect(tensor([new Float32Array(0), new Float32Array(0)]).shape).toEqual([2, 0]);
  });

  it('arrays of bigints, bytes and halves', () => {
    expect(seen(tensor(BigInt64Array.of(5n, -6n)))).toEqual({ dtype: 'int32', values: [5, -6] });
    expect(seen(tensor(BigUint64Array.of(5n), { dtype: 'float64' }))).toEqual({ dtype: 'float64', values: [5] });
    expect(seen(tensor(Uint8Array.of(255), int32))).toEqual({ dtype: 'int32', values: [255] });
  });

  it.skipIf(!('Float16Array' in globalThis))('a Float16Array as float32', () => {
    const halves: Float32Array = Reflect.construct(Reflect.get(globalThis, 'Float16Array'), [[0.5, 65504]]);
    expect(seen(tensor(halves))).toEqual({ dtype: 'float32', values: [0.5, 65504] });
  });

  it('a tensor, and lists of one-element tensors', () => {
    const source = tensor([[1, 2]], { requiresGrad: true });
    const copy = tensor(source.mul(2));
    expect(copy.requiresGrad).toBe(false);
    expect(seen(copy)).toEqual({ dtype: 'float32', values: [[2, 4]] });
    expect(seen(tensor(source, int32))).toEqual({ dtype: 'int32', values: [[1, 2]] });
    expect(tensor(source, { requiresGrad: true }).isLeaf).toBe(true);
    expect(seen(tensor([tensor(1), tensor([2]), 3]))).toEqual({ dtype: 'float32', values: [1, 2, 3] });
    expect(seen(tensor([tensor(1n), tensor(2n)]))).toEqual({ dtype: 'int32', values: [1, 2] });
  });

  it('fractions into int32, cut off as in PyTorch', () => {
    expect(tensor([1.5, -2.7, -0.5], int32).toArray()).toEqual([1, -2, 0]);
    expect(tensor(Float32Array.of(1.5, -2.7), int32).toArray()).toEqual([1, -2]);
    expect(tensor([Float64Array.of(2147483647.9)], int32).toArray()).toEqual([[2147483647]]);
    expect(full([2], 1.5, int32).toArray()).toEqual([1, 1]);
    expect(arange(0, 2.5, 0.5, int32).toArray()).toEqual([0, 0, 0, 0, 0]);
    expect(arange(0, 7, 2.5, int32).toArray()).toEqual([0, 2, 4]);
    expect(arange(0.5, 3.5, int32).toArray()).toEqual([0, 1, 2]);
    expect(linspace(0, 10, 5, int32).toArray()).toEqual([0, 2, 5, 7, 10]);
    expect(linspace(-3, 3, 8, int32).toArray()).toEqual([-3, -2, -1, 0, 0, 1, 2, 3]);
    expect(linspace(0.5, 3.7, 4, int32).toArray()).toEqual([0, 1, 2, 3]);
  });
});

describeEachBackend('creation', () => {
  it('takes sizes one by one, as PyTorch does', () => {
    expect(zeros(2, 3).shape).toEqual([2, 3]);
    expect(seen(ones(2, int32))).toEqual({ dtype: 'int32', values: [1, 1] });
    expect(rand(2, 0, { dtype: 'float64' }).shape).toEqual([2, 0]);
    expect(randn(4, undefined).shape).toEqual([4]);
    expect(zeros([]).shape).toEqual([]);
    const sizes: readonly number[] = [1, 2];
    expect(ones(...sizes, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  it('copies a tensor again at each run of a compiled function', () => {
    const step = compile((x: Tensor) => tensor(x.add(1), int32));
    expect(step(tensor([1.5])).toArray()).toEqual([2]);
    expect(seen(step(tensor([7.5])))).toEqual({ dtype: 'int32', values: [8] });
    step.dispose();
  });
});
