/** Arithmetic of int32 tensors, with the results and dtypes of PyTorch 2.13 (where it says int64, int32 here). */
import { expect, it } from 'vitest';
import { compile, functional as F, type NestedArray, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const i = (values: number | number[] | number[][]) => tensor(values, { dtype: 'int32' });
const [least, most] = [-2147483648, 2147483647];
const { POSITIVE_INFINITY: inf, NaN: nan } = Number;

type Row = readonly [what: string, (x: Tensor) => Tensor, x: Tensor, dtype: string, values: NestedArray];
const rows: readonly Row[] = [
  ['x + 2', (x) => x.add(2), i([1, 2]), 'int32', [3, 4]],
  ['x + 2.5', (x) => x.add(2.5), i([1, 2]), 'float32', [3.5, 4.5]],
  ['2 - x', (x) => F.sub(2, x), i([1, 5]), 'int32', [1, -3]],
  ['x · ∞', (x) => x.mul(inf), i([1]), 'float32', [inf]],
  ['x + 1 wraps', (x) => x.add(1), i([most]), 'int32', [least]],
  ['x · x wraps', (x) => x.mul(65536), i([65536, 3]), 'int32', [0, 196608]],
  ['x + x', (x) => x.add(x), i([[1], [2]]), 'int32', [[2], [4]]],
  [
    'x + a row',
    (x) => x.add(i([10, 20])),
    i([[1], [2]]),
    'int32',
    [
      [11, 21],
      [12, 22],
    ],
  ],
  ['x / 2', (x) => x.div(2), i([1, 2]), 'float32', [0.5, 1]],
  ['x / x', (x) => x.div(i([2, 0])), i([1, 0]), 'float32', [0.5, nan]],
  ['x³', (x) => x.pow(3), i([2, -3]), 'int32', [8, -27]],
  ['x^21', (x) => x.pow(21), i([3]), 'int32', [1870418611]],
  ['√x by pow', (x) => x.pow(0.5), i([4]), 'float32', [2]],
  ['powers', (x) => x.pow(i([-1, -2, -3, 0, -2])), i([2, 1, -1, 0, -1]), 'int32', [0, 1, -1, 1, 1]],
  ['2^x', (x) => F.pow(2, x), i([3, -1]), 'int32', [8, 0]],
  ['2.5^x', (x) => F.pow(2.5, x), i([3]), 'float32', [15.625]],
  ['x + a float scalar', (x) => x.add(tensor(0.5)), i([1]), 'float32', [1.5]],
  ['x + float64', (x) => x.add(tensor(Float64Array.of(0.1))), i([1]), 'float64', [1.1]],
  ['-x', (x) => x.neg(), i([least, 5]), 'int32', [least, -5]],
  ['|x|', (x) => x.abs(), i([least, -5]), 'int32', [least, 5]],
  ['sign', (x) => x.sign(), i([least, -5, 0, 3]), 'int32', [-1, -1, 0, 1]],
  ['relu', (x) => x.relu(), i([-1, 2]), 'int32', [0, 2]],
  ['clamp', (x) => x.clamp(-1, 2), i([-5, 0, 3]), 'int32', [-1, 0, 2]],
  ['clamp below', (x) => x.clamp(0), i([-5, 3]), 'int32', [0, 3]],
  ['clamp by fractions', (x) => x.clamp(-1.5, 2.5), i([-5, 0, 3]), 'float32', [-1.5, 0, 2.5]],
  ['exp', (x) => x.exp(), i([0]), 'float32', [1]],
  ['log', (x) => x.log(), i([1]), 'float32', [0]],
  ['sqrt', (x) => x.sqrt(), i([9]), 'float32', [3]],
  ['sigmoid', (x) => x.sigmoid(), i([0]), 'float32', [0.5]],
  ['tanh', (x) => x.tanh(), i([0]), 'float32', [0]],
  ['sum', (x) => x.sum(), i([16777217, 2]), 'int32', 16777219],
  [
    'sum along',
    (x) => x.sum(0, true),
    i([
      [1, 2],
      [3, 4],
    ]),
    'int32',
    [[4, 6]],
  ],
  ['max', (x) => x.max(), i([16777216, 16777217]), 'int32', 16777217],
  [
    'min along',
    (x) => x.min(1).values,
    i([
      [5, 4],
      [3, 8],
    ]),
    'int32',
    [4, 3],
  ],
  ['argmax', (x) => x.argmax(), i([16777216, 16777217]), 'int32', 1],
  ['dropout in evaluation', (x) => F.dropout(x, 0.5, false), i([7]), 'int32', [7]],
  ['dropout of all', (x) => F.dropout(x, 1), i([7]), 'int32', [0]],
  ['mseLoss', (x) => F.mseLoss(tensor([1, 2]), x), i([0, 0]), 'float32', 2.5],
  ['cat with floats', (x) => F.cat([x, tensor([0.5])]), i([1]), 'float32', [1, 0.5]],
  ['to the dtype of a tensor', (x) => x.to(tensor(0.5)), i([1]), 'float32', [1]],
];

describeEachBackend('int32', () => {
  it.each(rows)('%s', (_what, fn, x, dtype, values) => {
    const eager = fn(x);
    expect({ dtype: eager.dtype, values: eager.toArray() }).toEqual({ dtype, values });
    expect(eager.requiresGrad).toBe(false);
    const program = compile((input: Tensor) => {
      const result = fn(input);
      // A result that is the argument itself is no result of a program.
      return result === input ? result.clone() : result;
    });
    const compiled = program(x);
    expect({ dtype: compiled.dtype, values: compiled.toArray() }).toEqual({ dtype, values });
    program.dispose();
  });

  it('takes part in products that need gradients', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    x.mul(i([3, 4]))
      .sum()
      .backward();
    expect(x.grad?.toArray()).toEqual([3, 4]);
  });

  it('gives way to float64 where gradients are float64', () => {
    const x = tensor([0.1, 2], { dtype: 'float64', requiresGrad: true });
    F.cat([x, tensor([1]), i([2])])
      .sum()
      .backward();
    expect(x.grad?.dtype).toBe('float64');
  });
});
