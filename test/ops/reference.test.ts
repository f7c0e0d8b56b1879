/**
 * Tests of the oracle: the reference against values worked out by hand (where special, checked with PyTorch 2.13.0),
 * and against definitions written a second time in the plainest way.
 */
import { describe, expect, it } from 'vitest';
import { type IntegerOperation, integerOperations, type OpName } from '../../src/ops/ops.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { floats, ints } from '../helpers/values.js';
import { contiguous, layout } from './cases/layouts.js';
import { nodeOf } from './cases/programs.js';
import { float32, float64, fresh, int32 } from './plain.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('reference treats special values as PyTorch does', () => {
  it('extreme', () => {
    const values = [1, 3, 3, 2, nan, 5, nan, 1, -inf, -inf, -inf, -inf, 2, nan, 7, 1];
    const along = (largest: boolean, outer: number, inner: number): (number[] | string)[] => {
      const [out, index] = [fresh(4), int32([0, 0, 0, 0])];
      referenceOps.extreme({ x: float64(values), out, index, outer, size: 4, inner, largest });
      return [[...out.read()], [...index.read()]];
    };
    expect(along(true, 4, 1)).toEqual([
      [3, nan, -inf, nan],
      [1, 0, 0, 1],
    ]);
    expect(along(false, 4, 1)).toEqual([
      [1, nan, -inf, nan],
      [0, 0, 0, 1],
    ]);
    expect(along(true, 1, 4)).toEqual([
      [nan, nan, nan, 2],
      [1, 3, 1, 0],
    ]);
  });

  it('cast', () => {
    const out = int32(new Array(9).fill(9));
    referenceOps.cast({ x: float32([nan, inf, -inf, 3e9, -3e9, -0.9, 1.9, -1.9, 2147483648]), out, n: 9 });
    expect([...out.read()]).toEqual([0, 2147483647, -2147483648, 2147483647, -2147483648, 0, 1, -1, 2147483647]);
  });
});

describe('reference moves and adds by the definitions', () => {
  it('copy and broadcasting, element by element from the formula', () => {
    const sizes = [3, 4, 5];
    const [from, to] = [
      [2, 30, 6],
      [40, 1, 8],
    ];
    const source = [...floats(200, 1)];
    const target = [...floats(200, 2)];
    const out = float64(target);
    referenceOps.copy({ x: float64(source), out, layout: layout(sizes, from, to), xOffset: 3, outOffset: 2 });
    const sum = fresh(60);
    const [a, b] = [
      [0, 5, 1],
      [1, 0, 3],
    ];
    referenceOps.pointwise({
      ...{ program: nodeOf('sub'), inputs: [float64(source), float64(target)], outputs: [sum] },
      ...{ keys: [], scalars: [], step: null, columns: 1, rowOffset: 0, layout: layout(sizes, a, b) },
    });
    const dense = contiguous(sizes);
    const dot = (indices: number[], strides: number[]): number => indices.reduce((n, i, d) => n + i * strides[d]!, 0);
    const expected = [...target];
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 4; j++) {
        for (let k = 0; k < 5; k++) {
          const at = [i, j, k];
          expected[2 + dot(at, to)] = source[3 + dot(at, from)]!;
          expect(sum.read()[dot(at, dense)]).toBe(source[dot(at, a)]! - target[dot(at, b)]!);
        }
      }
    }
    expect([...out.read()]).toEqual(expected);
  });

  it('rows by index, and their gradient', () => {
    const picked = fresh(6);
    const index = int32([2, 0, 2]);
    referenceOps.indexSelect({ x: float64([1, 2, 3, 4, 5, 6]), index, out: picked, rows: 3, width: 2, count: 3 });
    expect([...picked.read()]).toEqual([5, 6, 1, 2, 5, 6]);
    const added = fresh(6);
    referenceOps.indexAdd({ grad: float64([1, 2, 3, 4, 5, 6]), index, out: added, rows: 3, width: 2, count: 3 });
    expect([...added.read()]).toEqual([3, 4, 0, 0, 6, 8]);
  });

  it('sum', () => {
    const out = fresh(4);
    referenceOps.sum({ x: float64([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), out, outer: 2, size: 3, inner: 2 });
    expect([...out.read()]).toEqual([9, 12, 27, 30]);
  });

  it('sum and extremes of int32, exact beyond what float32 holds', () => {
    const x = int32([2147483647, -2147483648, 16777217, 16777216, -1, 7]);
    const [out, index] = [int32([0, 0]), int32([0, 0])];
    referenceOps.sum({ x, out, outer: 2, size: 3, inner: 1 });
    expect([...out.read()]).toEqual([16777216, 16777222]);
    referenceOps.extreme({ x, out, index, outer: 1, size: 3, inner: 2, largest: false });
    expect([...out.read(), ...index.read()]).toEqual([-1, -2147483648, 2, 0]);
    const one = { x: int32([2147483647, 1]), out: int32([0]), outer: 1, size: 2, inner: 1 };
    expect(() => referenceOps.sum(one)).toThrow(/out cannot hold the sum 2147483648/);
  });

  it('arithmetic and comparisons of int32', () => {
    const of = (operation: IntegerOperation, a: number[], b: number[]): number[] => {
      const out = int32(a.map(() => 9));
      const given = { a: int32(a), b: int32(b), out, layout: layout([a.length], [1], [1]) };
      referenceOps.integers({ ...given, operation: integerOperations[operation] });
      return [...out.read()];
    };
    const [a, b] = [
      [2147483647, -7, 3, -2147483648, 5],
      [1, 3, 3, -1, -2],
    ];
    expect(of('add', a, b)).toEqual([-2147483648, -4, 6, 2147483647, 3]);
    expect(of('sub', a, b)).toEqual([2147483646, -10, 0, -2147483647, 7]);
    expect(of('mul', a, b)).toEqual([2147483647, -21, 9, -2147483648, -10]);
    expect(of('pow', a, b)).toEqual([2147483647, -343, 27, 0, 0]);
    expect(of('maximum', a, b)).toEqual([2147483647, 3, 3, -1, 5]);
    expect(of('minimum', a, b)).toEqual([1, -7, 3, -2147483648, -2]);
    expect(of('lt', a, b)).toEqual([0, 1, 0, 1, 0]);
    expect(of('le', a, b)).toEqual([0, 1, 1, 1, 0]);
    expect(of('eq', a, b)).toEqual([0, 0, 1, 0, 0]);
  });

  it('gather, scatter and scatterAdd: elements by index, the last one stays', () => {
    const at = { index: int32([2, 0, 2, 2, 1, 1, 0, 1]), outer: 2, size: 3, count: 2, inner: 2 };
    const taken = fresh(8);
    referenceOps.gather({ x: float64([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]), out: taken, ...at });
    expect([...taken.read()]).toEqual([14, 11, 14, 15, 18, 19, 16, 19]);
    const x = float64([1, 2, 3, 4, 5, 6, 7, 8]);
    const put = float64(new Array(12).fill(9));
    referenceOps.scatter({ x, out: put, ...at });
    expect([...put.read()]).toEqual([9, 2, 9, 9, 3, 4, 7, 9, 5, 8, 9, 9]);
    const sums = float64(new Array(12).fill(9));
    referenceOps.scatterAdd({ x, out: sums, ...at });
    expect([...sums.read()]).toEqual([9, 11, 9, 9, 13, 13, 16, 9, 14, 23, 9, 9]);
  });

  it('argsort: stable both ways, NaN is the largest', () => {
    const x = float64([3, nan, -0, 0, -inf, nan, inf, 3]);
    const order = (descending: boolean) => {
      const index = int32(new Array(8).fill(-1));
      referenceOps.argsort({ x, index, outer: 1, size: 8, inner: 1, descending });
      return [...index.read()];
    };
    expect(order(false)).toEqual([4, 2, 3, 0, 7, 6, 1, 5]);
    expect(order(true)).toEqual([1, 5, 6, 0, 7, 2, 3, 4]);
  });

  it('cumsum, from either end; int32 wraps around', () => {
    const sizes = { outer: 1, size: 3, inner: 2 };
    const out = fresh(6);
    referenceOps.cumsum({ x: float64([1, 10, 2, 20, 3, 30]), out, ...sizes, reverse: false });
    expect([...out.read()]).toEqual([1, 10, 3, 30, 6, 60]);
    referenceOps.cumsum({ x: float64([1, 10, 2, 20, 3, 30]), out, ...sizes, reverse: true });
    expect([...out.read()]).toEqual([6, 60, 5, 50, 3, 30]);
    const ints = int32([0, 0]);
    referenceOps.cumsum({ x: int32([2147483647, 1]), out: ints, outer: 1, size: 2, inner: 1, reverse: false });
    expect([...ints.read()]).toEqual([2147483647, -2147483648]);
  });

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('matmul, one dot product after another, transposed %s and %s', (transA, transB) => {
    const [batch, m, n, k] = [2, 5, 7, 9];
    const [a, b] = [ints(batch * m * k, 3, -9, 9), ints(batch * k * n, 4, -9, 9)];
    const out = fresh(batch * m * n);
    const sizes = { batch, m, n, k, transA, transB, aStride: m * k, bStride: k * n };
    referenceOps.matmul({ a: float64([...a]), b: float64([...b]), out, ...sizes });
    for (let g = 0; g < batch; g++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let dot = 0;
          for (let p = 0; p < k; p++) {
            const left = a[g * m * k + (transA ? p * m + i : i * k + p)]!;
            dot += left * b[g * k * n + (transB ? j * k + p : p * n + j)]!;
          }
          expect(out.read()[(g * m + i) * n + j]).toBe(dot);
        }
      }
    }
  });
});

it('the reference refuses memory of the wrong kind', () => {
  const call = (op: OpName, args: unknown): void => (referenceOps[op] as (args: unknown) => void)(args);
  const message = { float: /expected float memory, got int32/, int: /expected int32 memory, got floats/ };
  const one = { scalars: [], keys: [], step: null, layout: layout([1], [1]), columns: 1, rowOffset: 0 };
  const neg = { program: nodeOf('neg'), ...one };
  expect(() => call('pointwise', { ...neg, inputs: [int32([1])], outputs: [fresh(1)] })).toThrow(message.float);
  expect(() => call('pointwise', { ...neg, inputs: [fresh(1)], outputs: [int32([1])] })).toThrow(message.float);
  const args = { x: fresh(1), out: fresh(1), index: fresh(1), outer: 1, size: 1, inner: 1 };
  expect(() => call('extreme', { ...args, largest: true })).toThrow(message.int);
});
