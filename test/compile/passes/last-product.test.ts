/** The last large gradient, whose sum over ranks begins in parts. */
import { describe, expect, it } from 'vitest';
import { splitLastProduct } from '../../../src/compile/passes/last-product.js';
import type { Graph, Instruction } from '../../../src/ops/graph.js';

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly batch?: number;
}

const product = (out: number, { m, n, batch = 1 }: Sizes): Instruction => ({
  op: 'matmul',
  args: { a: 0, b: 1, out, batch, m, n, k: 8, transA: true, transB: false, aStride: 0, bStride: 0 },
});
const start = (x: number[], out: number[]): Instruction => ({ op: 'allReduceStart', args: { x, out, divisor: 2 } });
const wait = (out: number[]): Instruction => ({ op: 'allReduceWait', args: { out } });

function run(instructions: readonly Instruction[], lengths: readonly number[]): readonly Instruction[] {
  const values = lengths.map((length) => ({ dtype: 'float32', length, kind: 'temporary', index: -1, panels: null }));
  return splitLastProduct({ values, instructions, arena: -1, dynamicScalars: 0, keySources: 0 } as unknown as Graph)
    .instructions;
}

describe('the pass last-product', () => {
  const small = [10, 10, 10];
  it.each([
    [256, 784, 2],
    [1024, 1024, 4],
    [384, 300, null],
    [128, 4096, null],
    [512, 384, 3],
  ])('a product of %d x %d is %s parts', (m, n, parts) => {
    const list = [product(3, { m, n }), start([3], [3]), start([2], [2]), wait([3]), wait([2])];
    const found = run(list, [...small, m * n]);
    if (parts === null) {
      expect(found).toEqual(list);
      return;
    }
    expect(found.map(({ op }) => op)).toEqual([
      ...['allReduceMatmulStart', 'allReduceStart', 'allReduceWait', 'allReduceWait'],
    ]);
    const sizes = { a: 0, b: 1, out: 3, m, n, k: 8, transA: true, transB: false };
    expect(found[0]!.args).toEqual({ ...sizes, parts, divisor: 2 });
  });

  it('is the last one that is large', () => {
    const sizes = { m: 512, n: 512 };
    const list = [product(3, sizes), start([3], [3]), product(4, sizes), start([4], [4])];
    const found = run(list, [...small, 512 * 512, 512 * 512]);
    expect(found.map(({ op }) => op)).toEqual(['matmul', 'allReduceStart', 'allReduceMatmulStart']);
  });

  it('leaves alone what is not a product in place, or of several matrices', () => {
    const sizes = { m: 512, n: 512 };
    const lengths = [...small, 512 * 512, 512 * 512];
    for (const list of [
      [product(3, sizes), start([3], [4])],
      [product(3, { ...sizes, batch: 2 }), start([3], [3])],
      [product(3, sizes), start([3, 4], [3, 4])],
      [product(3, sizes), product(4, sizes), start([3], [3])],
    ])
      expect(run(list, lengths)).toEqual(list);
  });
});
