/** Functions that move numbers around, asked for what is not there. */
import { cat, functional as F, stack } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const notDims: readonly (readonly [shown: string, value: unknown])[] = [
  ['3', 3],
  ['-4', -4],
  ['0.5', 0.5],
  ['NaN', Number.NaN],
  ['"0"', '0'],
  ['null', null],
];

export const shapeRows: readonly Row[] = [
  ...notDims.flatMap(([shown, dim]) => [
    argument(`transpose: dim ${shown}`, ({ matrix }) => matrix.transpose(0, bad(dim)), shown),
    argument(`squeeze: dim ${shown}`, ({ matrix }) => matrix.squeeze(bad(dim)), shown),
    argument(`unsqueeze: dim ${shown}`, ({ matrix }) => matrix.unsqueeze(bad(dim)), shown),
    argument(`flatten: dim ${shown}`, ({ matrix }) => matrix.flatten(bad(dim)), shown),
    argument(`select: dim ${shown}`, ({ matrix }) => matrix.select(bad(dim), 0), shown),
    argument(`narrow: dim ${shown}`, ({ matrix }) => matrix.narrow(bad(dim), 0, 1), shown),
    argument(`permute: dim ${shown}`, ({ matrix }) => matrix.permute([0, bad(dim)]), shown),
    argument(`cat: dim ${shown}`, ({ matrix }) => cat([matrix, matrix], bad(dim)), shown),
    argument(`stack: dim ${shown}`, ({ matrix }) => stack([matrix, matrix], bad(dim)), shown),
  ]),
  shape('reshape: 4', ({ matrix }) => matrix.reshape([4]), "shape '[4]' is invalid for input of size 6"),
  shape('reshape: [4, -1]', ({ matrix }) => matrix.reshape([4, -1]), "shape '[4, -1]' is invalid for input of size 6"),
  shape('reshape: [] of six', ({ matrix }) => matrix.reshape([]), 'invalid for input of size 6'),
  argument('reshape: two -1', ({ matrix }) => matrix.reshape([-1, -1]), 'only one dimension can be inferred'),
  shape('reshape: -1 next to 0', ({ empty }) => empty.reshape([0, -1]), 'ambiguous'),
  argument('reshape: nothing', ({ matrix }) => matrix.reshape(), 'reshape: expected a shape or sizes, got nothing'),
  argument('reshape: text', ({ matrix }) => matrix.reshape(bad('6')), 'reshape: a shape is an array of sizes, got "6"'),
  argument('reshape: sizes and text', ({ matrix }) => matrix.reshape(2, bad('3')), 'must be an integer, got "3"'),
  argument('flatten: backwards', ({ cube }) => cube.flatten(2, 0), 'start_dim cannot come after end_dim'),
  argument('permute: too few', ({ matrix }) => matrix.permute([0]), 'expected 2 dims for shape [2, 3], got 1'),
  argument('permute: one twice', ({ matrix }) => matrix.permute([0, -2]), 'duplicate dims'),
  argument('permute: text', ({ matrix }) => matrix.permute(bad('1')), 'expected an array of dims, got "1"'),
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  argument('permute: a hole', ({ matrix }) => matrix.permute(bad([0, ,])), 'dim must be an integer, got undefined'),
  argument(
    'select: index 2 of 2',
    ({ matrix }) => matrix.select(0, 2),
    'index 2 out of range for tensor of size [2, 3] at dimension 0',
  ),
  argument('select: index -3 of 2', ({ matrix }) => matrix.select(0, -3), 'index -3 out of range'),
  argument('select: index 0.5', ({ matrix }) => matrix.select(0, 0.5), 'index must be an integer, got 0.5'),
  argument('select: a scalar', ({ scalar }) => scalar.select(0, 0), '0-dim tensor'),
  argument('select: of nothing', ({ empty }) => empty.select(0, 0), 'index 0 out of range for tensor of size [0, 3]'),
  argument(
    'narrow: beyond the end',
    ({ matrix }) => matrix.narrow(1, 1, 3),
    'start (1) + length (3) exceeds dimension size (3)',
  ),
  argument('narrow: start 4 of 3', ({ matrix }) => matrix.narrow(1, 4, 0), 'but got 4'),
  argument('narrow: start NaN', ({ matrix }) => matrix.narrow(1, Number.NaN, 1), 'start must be an integer, got NaN'),
  argument('narrow: length -1', ({ matrix }) => matrix.narrow(1, 0, -1), 'length must not be negative'),
  argument('narrow: a scalar', ({ scalar }) => scalar.narrow(0, 0, 1), '0-dim tensor'),
  argument(
    'cat: no list',
    ({ matrix }) => cat(bad(matrix)),
    'cat: expected an array of tensors, got a value of type Tensor',
  ),
  argument('cat: an empty list', () => cat([]), 'non-empty list'),
  argument(
    'cat: an array among them',
    ({ matrix }) => cat([matrix, bad([1])]),
    'expected an array of tensors, got [1]',
  ),
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  argument('cat: a hole', ({ matrix }) => cat(bad([matrix, ,])), 'got undefined'),
  shape(
    'cat: sizes',
    ({ matrix, x }) => cat([matrix, x]),
    'Sizes of tensors must match except in dimension 0. Expected [2, 3] but got [2, 4]',
  ),
  shape('cat: ranks', ({ matrix, cube }) => cat([matrix, cube]), 'for tensor number 1 in the list'),
  shape('cat: scalars', ({ scalar }) => cat([scalar, scalar]), 'zero-dimensional tensor'),
  shape('cat: an empty matrix', ({ empty, x }) => cat([empty, x]), 'for tensor number 1 in the list'),
  argument('stack: an empty list', () => stack([]), 'non-empty list'),
  shape('stack: shapes', ({ matrix, x }) => stack([matrix, x]), 'got [2, 3] at entry 0 and [2, 4] at entry 1'),
  argument(
    'indexSelect: out of bounds',
    ({ matrix, labels }) => matrix.indexSelect(labels),
    'index 2 is out of bounds for dimension 0 with size 2',
  ),
  argument(
    'indexSelect: floats',
    ({ matrix, vector }) => matrix.indexSelect(vector),
    'expected int32 indices, got float32',
  ),
  argument('indexSelect: an array', ({ matrix }) => matrix.indexSelect(bad([0])), 'expected an int32 Tensor, got [0]'),
  shape(
    'indexSelect: two dimensions',
    ({ matrix, integers }) => matrix.indexSelect(integers),
    'Index is supposed to be a vector, got shape [1, 3]',
  ),
  shape(
    'indexSelect: of a scalar',
    ({ scalar, labels }) => F.indexSelect(scalar, labels),
    'Index to scalar can have only 1 value',
  ),
];
