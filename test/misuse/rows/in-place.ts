/** Writing in place where it cannot be. */
import { randLike, randnLike, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

const writers = {
  add_: [1],
  sub_: [1],
  mul_: [2],
  div_: [2],
  fill_: [0],
  zero_: [],
  uniform_: [],
  normal_: [],
} as const;
const names = Object.keys(writers) as (keyof typeof writers)[];
const combining = ['add_', 'sub_', 'mul_', 'div_'] as const;

export const inPlaceRows: readonly Row[] = [
  ...names.flatMap((name) => [
    state(
      `${name}: a leaf`,
      ({ leaf }) => Reflect.apply(leaf[name], leaf, writers[name]),
      `${name}: a leaf Variable that requires grad is being used in an in-place operation.`,
    ),
    state(
      `${name}: a result`,
      ({ leaf }) => {
        const result = leaf.mul(2);
        Reflect.apply(result[name], result, writers[name]);
      },
      'cannot be written in place',
    ),
    argument(
      `${name} of what is no tensor`,
      ({ matrix }) => Reflect.apply(matrix[name], {}, writers[name]),
      `${name}: expected a Tensor, got an object`,
    ),
  ]),
  ...combining.flatMap((name) => [
    shape(
      `${name}: a larger shape`,
      ({ vector, matrix }) => vector[name](matrix),
      `${name}: output with shape [3] doesn't match the broadcast shape [2, 3]`,
    ),
    shape(`${name}: another shape`, ({ matrix, x }) => matrix[name](x), 'do not broadcast'),
    argument(`${name}: text`, ({ matrix }) => matrix[name](bad('1')), 'expected a Tensor or a number, got "1"'),
    argument(
      `${name}: floats into int32`,
      ({ integers, vector }) => integers[name](vector),
      "result type float32 can't be cast to the desired output type int32",
    ),
    state(`${name}: an operand that requires grad`, ({ matrix, leaf }) => matrix[name](leaf), 'no gradient flows'),
  ]),
  argument('add_: alpha NaN', ({ matrix }) => matrix.add_(1, { alpha: Number.NaN }), 'alpha must be a number, got NaN'),
  state(
    'sub_: alpha times what requires grad',
    ({ matrix, leaf }) => matrix.sub_(leaf, { alpha: 2 }),
    'use sub(), or detach() the operand',
  ),
  shape(
    'fill_: a vector',
    ({ matrix, vector }) => matrix.fill_(vector),
    'fill_ only supports 0-dimension value tensor but got tensor with 1 dimensions.',
  ),
  argument('fill_: text', ({ matrix }) => matrix.fill_(bad('1')), 'fill_: expected a Tensor or a number, got "1"'),
  argument('fill_: NaN into int32', ({ integers }) => integers.fill_(Number.NaN), 'without overflow'),
  argument('fill_: 2^31 into int32', ({ integers }) => integers.fill_(2 ** 31), 'without overflow'),
  argument('uniform_: int32', ({ integers }) => integers.uniform_(), 'expected a float32 or float64 tensor, got int32'),
  argument('normal_: int32', ({ integers }) => integers.normal_(), 'expected a float32 or float64 tensor, got int32'),
  argument('uniform_: from 2 to 1', ({ matrix }) => matrix.uniform_(2, 1), 'but found from=2 > to=1'),
  argument(
    'uniform_: to Infinity',
    ({ matrix }) => matrix.uniform_(0, Number.POSITIVE_INFINITY),
    'to is out of bounds for float',
  ),
  argument('normal_: std -1', ({ matrix }) => matrix.normal_(0, -1), 'normal expects std >= 0.0, but found std -1'),
  argument(
    'uniform_: no generator',
    ({ matrix }) => matrix.uniform_(0, 1, { generator: bad(1) }),
    'generator must be a Generator',
  ),
  argument('randnLike: an array', () => randnLike(bad([1])), 'randnLike: expected a Tensor, got [1]'),
  argument(
    'randLike: of int32',
    () => randLike(tensor([1], { dtype: 'int32' })),
    'dtype must be float32 or float64, got int32',
  ),
];
