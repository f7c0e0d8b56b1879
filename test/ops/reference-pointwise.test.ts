/** Tests of the oracle: pointwise programs, alone and behind products, against values worked out by hand (where special, checked with PyTorch 2.13.0). */
import { describe, expect, it } from 'vitest';
import { maskKeeps, maskKey, maskScale, maskThreshold } from '../../src/ops/mask.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { floats } from '../helpers/values.js';
import { layout } from './cases/layouts.js';
import { dropout } from './cases/pointwise-masks.js';
import { nodeOf, programOf } from './cases/programs.js';
import { dynamicScalar, evaluate, expectValues, float64, fresh, int32 } from './plain.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('reference treats special values as PyTorch does', () => {
  const special = [nan, inf, -inf, 0, -0, 1, -1];
  const e = Math.E;
  it.each([
    ['sign', [0, 1, -1, 0, 0, 1, -1]],
    ['relu', [nan, inf, 0, 0, 0, 1, 0]],
    ['sigmoid', [nan, 1, 0, 0.5, 0.5, e / (1 + e), 1 / (1 + e)]],
    ['tanh', [nan, 1, -1, 0, -0, 0.761594155955765, -0.761594155955765]],
    ['exp', [nan, inf, 0, 1, 1, e, 1 / e]],
    ['log', [nan, inf, nan, -inf, -inf, 0, nan]],
    ['sqrt', [nan, inf, nan, 0, -0, 1, nan]],
    ['abs', [nan, inf, inf, 0, 0, 1, 1]],
    ['neg', [nan, -inf, inf, -0, 0, -1, 1]],
    ['expm1', [nan, inf, -1, 0, -0, e - 1, 1 / e - 1]],
    ['log1p', [nan, inf, nan, 0, -0, Math.LN2, -inf]],
    ['sin', [nan, nan, nan, 0, -0, 0.8414709848078965, -0.8414709848078965]],
    ['cos', [nan, nan, nan, 1, 1, 0.5403023058681398, 0.5403023058681398]],
    ['erf', [nan, 1, -1, 0, -0, 0.8427007929497149, -0.8427007929497149]],
    ['floor', [nan, inf, -inf, 0, -0, 1, -1]],
    ['ceil', [nan, inf, -inf, 0, -0, 1, -1]],
    ['round', [nan, inf, -inf, 0, -0, 1, -1]],
  ] as const)('%s', (node, expected) => {
    expectValues(evaluate(nodeOf(node), [special])[0]!, expected);
  });

  it('round, halves to the even neighbour; floor and ceil of negative numbers', () => {
    const values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.3, -0.3, 0.7, -0.7, 2 ** 52 + 1, 4503599627370495.5];
    const of = (node: 'round' | 'floor' | 'ceil') => evaluate(nodeOf(node), [values])[0]!;
    expectValues(of('round'), [0, 2, 2, -0, -2, -2, 0, -0, 1, -1, 2 ** 52 + 1, 2 ** 52]);
    expectValues(of('floor'), [0, 1, 2, -1, -2, -3, 0, -1, 0, -1, 2 ** 52 + 1, 2 ** 52 - 1]);
    expectValues(of('ceil'), [1, 2, 3, -0, -1, -2, 1, -0, 1, -0, 2 ** 52 + 1, 2 ** 52]);
  });

  it('pow', () => {
    const a = [1, nan, 0, -1, -1, 1, -2, -2, inf, -inf, -inf, 0, 0, -0, 2, 0.5];
    const b = [nan, 0, 0, inf, -inf, inf, 0.5, 3, -1, 3, 2, -1, nan, -1, inf, inf];
    expectValues(evaluate(nodeOf('pow'), [a, b])[0]!, [
      1,
      1,
      1,
      1,
      1,
      1,
      nan,
      -8,
      0,
      -inf,
      inf,
      inf,
      nan,
      -inf,
      inf,
      0,
    ]);
  });

  it('max and min of two, the second of two equal ones', () => {
    const a = [1, 2, nan, 1, nan, 0, -0, inf, -inf];
    const b = [2, 1, 1, nan, nan, -0, 0, 1, 1];
    expectValues(evaluate(nodeOf('max'), [a, b])[0]!, [2, 2, nan, nan, nan, -0, 0, inf, 1]);
    expectValues(evaluate(nodeOf('min'), [a, b])[0]!, [1, 1, nan, nan, nan, -0, 0, 1, -inf]);
  });

  it('choices: every comparison with NaN is false, zeros are equal', () => {
    const a = [1, 2, 1, nan, 1, nan, 0, -inf];
    const b = [2, 1, 1, 1, nan, nan, -0, inf];
    const [yes, no] = [a.map(() => 7), a.map(() => -7)];
    const of = (node: 'selectLess' | 'selectLessEqual' | 'selectEqual') =>
      Array.from(evaluate(nodeOf(node), [a, b, yes, no])[0]!, (value) => value > 0);
    expect(of('selectLess')).toEqual([true, false, false, false, false, false, false, true]);
    expect(of('selectLessEqual')).toEqual([true, false, true, false, false, false, true, true]);
    expect(of('selectEqual')).toEqual([false, false, true, false, false, false, true, false]);
  });

  it('clamp and its gradient, in float32, where bounds are rounded first', () => {
    const clamp = programOf(1, 2, ([x], [low, high]) => x.maximum(low).minimum(high));
    const gradient = programOf(1, 2, ([x], [low, high]) => low.le(x).where(x.le(high).where(1, 0), 0));
    const of = (program: PointwiseProgram, values: readonly number[], low: number, high: number) => [
      ...evaluate(program, [values], { scalars: [low, high], dtype: 'float32' })[0]!,
    ];
    expect(of(clamp, special, -0.5, 0.5)).toEqual([nan, 0.5, -0.5, 0, -0, 0.5, -0.5]);
    expect(of(clamp, special, 1, -1)).toEqual([nan, -1, -1, -1, -1, -1, -1]);
    expect(of(gradient, [-0.6, -0.5, 0, 0.5, 0.6, nan], -0.5, 0.5)).toEqual([0, 1, 1, 1, 0, 0]);
    expect(of(gradient, [0.1, 0.2], 0.1, 0.1)).toEqual([1, 0]);
    expect(of(gradient, [0.7, 0.8], 0.7, 0.7)).toEqual([1, 0]);
  });
});

describe('reference runs programs by the definitions', () => {
  const noProgram = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0, packed: false };
  const linear = { rows: 2, inFeatures: 3, outFeatures: 2 };
  const [x, weight] = [float64([1, 2, 3, 4, 5, 6]), float64([1, 0, -1, 2, 1, 0])];

  it('linear', () => {
    const out = fresh(4);
    referenceOps.linear({ x, weight, bias: float64([10, 20]), out, ...linear, ...noProgram });
    expect([...out.read()]).toEqual([8, 24, 8, 33]);
  });

  it('linear with a program: a matrix, a row and an element next to it, two outputs', () => {
    const [out, second] = [fresh(4), fresh(4)];
    const program = programOf(4, 1, ([sum, matrix, row, element], [s]) => [
      sum.mul(element).add(matrix),
      sum.sub(row).mul(s),
    ]);
    const inputs = [float64([1, 2, 3, 4]), float64([100, 200]), float64([2])];
    const given = { program, inputs, scalars: [dynamicScalar(-1)], outputs: [second] };
    referenceOps.linear({ x, weight, bias: float64([10, 20]), out, ...linear, ...noProgram, ...given });
    expect([...out.read()]).toEqual([17, 50, 19, 70]);
    expect([...second.read()]).toEqual([92, 176, 92, 167]);
  });

  it('linear with a mask, whose rows are those of the product', () => {
    const key = maskKey(7, 1, 2, 3);
    const [rows, columns, p, rowOffset] = [9, 21, 0.3, 5];
    const out = fresh(rows * columns);
    referenceOps.linear({
      ...{ x: float64(new Array(rows).fill(1)), weight: float64(new Array(columns).fill(1)), bias: null, out },
      ...{ rows, inFeatures: 1, outFeatures: columns, packed: false, inputs: [], outputs: [], rowOffset },
      ...{ program: programOf(1, 1, ([sum], [q], graph) => sum.mul(graph.mask(0, q))), keys: [int32([...key])] },
      scalars: [p],
    });
    out.read().forEach((value: number, i: number) => {
      const keep = maskKeeps(key, rowOffset + Math.floor(i / columns), i % columns, columns, maskThreshold(p));
      expect(value).toBe(keep ? maskScale(p) : 0);
    });
  });

  it('the gradient of linear for its input, a program, and the sums of what it gives', () => {
    const [out, biasGrad] = [fresh(6), fresh(3)];
    const program = programOf(2, 0, ([g, y]) => y.le(0).where(0, g.mul(2)));
    const given = { program, inputs: [float64([1, 0, 1, -1, 1, 1])] };
    const grad = float64([1, 2, 3, -1]);
    referenceOps.linearInputGradient({ grad, weight, out, biasGrad, ...linear, ...noProgram, ...given });
    // grad·weight is [5, 2, -1], [1, -1, -3].
    expect([...out.read()]).toEqual([10, 0, -2, 0, -2, -6]);
    expect([...biasGrad.read()]).toEqual([10, -2, -8]);
  });

  it('an update of a weight with its gradient, in place, which counts a step', () => {
    const [param, buffer, step] = [float64([1, 2, 3, 4, 5, 6]), float64([6, 5, 4, 3, 2, 1]), int32([4])];
    const program = programOf(3, 2, ([g, p, b], [lr, t]) => [p.sub(g.mul(lr)), b.add(t)]);
    const grad = float64([1, 2, 3, -1]);
    const places = { inputs: [param, buffer], outputs: [param, buffer] };
    const rest = { program, scalars: [0.5], step, packed: false };
    referenceOps.linearWeightUpdate({ grad, x, ...places, ...rest, ...linear });
    // gradᵀ·x is [13, 17, 21], [-2, -1, 0].
    expect([...param.read()]).toEqual([-5.5, -6.5, -7.5, 5, 5.5, 6]);
    expect([...buffer.read()]).toEqual([11, 10, 9, 8, 7, 6]);
    expect([...step.read()]).toEqual([5]);
  });

  it('a program reduced: sums, means, and extremes with their places', () => {
    const program = programOf(2, 1, ([a, b], [s]) => a.mul(b).add(s));
    const inputs = [float64([1, 2, 3, 4, 5, 6]), float64([1, -1])];
    const shared = { program, inputs, scalars: [dynamicScalar(10)], layout: layout([3, 2], [2, 1], [0, 1]) };
    // The program gives [11, 8], [13, 6], [15, 4].
    const reduced = (outer: number, size: number, inner: number, kind: number, divisor = 1): number[][] => {
      const [out, index] = [fresh(outer * inner), int32(new Array(outer * inner).fill(-1))];
      referenceOps.reduce({
        ...{ ...shared, out, index: kind === 0 ? null : index, outer, size, inner, kind, divisor },
      });
      return [[...out.read()], [...index.read()]];
    };
    expect(reduced(1, 3, 2, 0)[0]).toEqual([39, 18]);
    expect(reduced(3, 2, 1, 0, 2)[0]).toEqual([9.5, 9.5, 9.5]);
    expect(reduced(1, 3, 2, 1)).toEqual([
      [15, 8],
      [2, 0],
    ]);
    expect(reduced(1, 6, 1, 2)).toEqual([[4], [5]]);
  });

  it('a program of float32 rounds what all elements share, and once at the end', () => {
    const program = programOf(1, 1, ([x], [s]) => [x.mul(s), x.mul(x).mul(x), s]);
    const third = Math.fround(1 / 3);
    const outputs = evaluate(program, [[third, 3]], { scalars: [0.1], dtype: 'float32' });
    const tenth = Math.fround(0.1);
    expect([...outputs[0]!]).toEqual([Math.fround(third * tenth), Math.fround(3 * tenth)]);
    expect([...outputs[1]!]).toEqual([Math.fround(third ** 3), 27]);
    expect([...outputs[2]!]).toEqual([tenth, tenth]);
    expect([...evaluate(program, [[third, 3]], { scalars: [0.1] })[2]!]).toEqual([0.1, 0.1]);
  });

  it('values of scalars are computed in float64, and those that leave the range of float32 are infinite', () => {
    const program = programOf(1, 2, ([x], [s, t]) => [s.mul(t), s.add(x), x.mul(t).mul(t).div(t).div(t)]);
    const outputs = evaluate(program, [[1, -1]], { scalars: [1e300, 1e-300], dtype: 'float32' });
    expect(outputs.map((values) => [...values])).toEqual([
      [1, 1],
      [inf, inf],
      // 1e-300 is 0 as a float32.
      [nan, nan],
    ]);
    const [large] = evaluate(
      programOf(1, 0, ([x]) => x.mul(x).div(x)),
      [[1e30, -1e30, 10]],
      { dtype: 'float32' },
    );
    expect([...large!]).toEqual([inf, -inf, 10]);
  });

  it('dropout, element by element from the mask', () => {
    const [rows, columns, p, rowOffset] = [5, 37, 0.3, 4];
    const key = maskKey(7, 1, 2, 3);
    const values = [...floats(rows * columns, 5)];
    const out = fresh(rows * columns);
    referenceOps.pointwise({
      ...{ program: dropout, inputs: [float64(values)], keys: [int32([...key])], scalars: [p], outputs: [out] },
      ...{ step: null, layout: layout([rows * columns], [1]), columns, rowOffset },
    });
    out.read().forEach((value: number, i: number) => {
      const keep = maskKeeps(key, rowOffset + Math.floor(i / columns), i % columns, columns, maskThreshold(p));
      expect(value).toBe(values[i]! * (keep ? maskScale(p) : 0));
    });
  });
});
