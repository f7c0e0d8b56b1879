/** Repetition, pieces and positions, asked for what is not there. Sentences are PyTorch's where it has one. */
import { functional as F, Slice, tensor, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

const int32 = (values: number[]) => tensor(values, { dtype: 'int32' });

export const movingRows: readonly Row[] = [
  shape(
    'expand: too few sizes',
    ({ matrix }) => matrix.expand([3]),
    'must be greater or equal to the number of dimensions',
  ),
  shape(
    'expand: another size',
    ({ matrix }) => matrix.expand([4, 3]),
    'The expanded size of the tensor (4) must match the existing size (2) at non-singleton dimension 0.',
  ),
  shape(
    'expand: -1 in front',
    ({ matrix }) => matrix.expand([-1, 2, 3]),
    "(-1) isn't allowed in a leading, non-existing dimension 0",
  ),
  argument('expand: -2', ({ matrix }) => matrix.expand([-2, 3]), 'must not be negative, got -2'),
  argument('expand: text', ({ vector }) => vector.expand(bad('3')), 'a shape is an array of sizes, got "3"'),
  shape(
    'repeat: too few',
    ({ matrix }) => matrix.repeat([2]),
    'can not be smaller than number of dimensions of tensor',
  ),
  argument('repeat: -1', ({ matrix }) => matrix.repeat([-1, 2]), 'must not be negative, got -1'),
  shape('repeat: too many elements', ({ matrix }) => matrix.repeat([2 ** 31, 1]), 'has too many elements'),
  argument('repeatInterleave: -1', ({ matrix }) => matrix.repeatInterleave(-1), 'Repeats must be non-negative'),
  argument(
    'repeatInterleave: 0.5',
    ({ matrix }) => matrix.repeatInterleave(0.5),
    'repeats must be an integer, got 0.5',
  ),
  argument('repeatInterleave: floats', ({ vector }) => vector.repeatInterleave(vector), 'int32 repeats, got float32'),
  shape(
    'repeatInterleave: two for three',
    ({ vector }) => vector.repeatInterleave(int32([1, 2])),
    'repeats must have the same size as input along dim, but got repeats.size(0) = 2 and input.size(0) = 3',
  ),
  argument(
    'repeatInterleave: a negative one',
    ({ vector }) => vector.repeatInterleave(int32([1, -2, 3])),
    'repeats can not be negative',
  ),
  shape(
    'repeatInterleave: a matrix of repeats',
    ({ integers, vector }) => vector.repeatInterleave(integers),
    'repeats must be 0-dim or 1-dim tensor',
  ),
  argument(
    'repeatInterleave: more than can be',
    () => zeros([2]).repeatInterleave(int32([2147483647, 2147483647])),
    'repetitions are too many',
  ),
  argument(
    'split: -1',
    ({ matrix }) => matrix.split(-1),
    'split expects split_size be non-negative, but got split_size=-1',
  ),
  argument(
    'split: 0',
    ({ matrix }) => matrix.split(0),
    'split_size can only be 0 if dimension size is 0, but got dimension size of 2',
  ),
  argument(
    'split: sizes that do not add up',
    ({ matrix }) => matrix.split([1, 1], 1),
    "split_with_sizes expects split_sizes to sum exactly to 3 (input tensor's size at dimension 1), but got split_sizes=[1, 1]",
  ),
  argument(
    'split: a negative size',
    ({ matrix }) => matrix.split([4, -1], 1),
    'have only non-negative entries, but got split_sizes=[4, -1]',
  ),
  shape('split: a scalar', ({ scalar }) => scalar.split(1), 'split expects at least a 1-dimensional tensor'),
  argument('split: text', ({ matrix }) => matrix.split(bad('2')), 'split_size must be an integer, got "2"'),
  argument('chunk: 0', ({ matrix }) => matrix.chunk(0), 'chunk expects `chunks` to be greater than 0, got: 0'),
  argument('chunk: 1.5', ({ matrix }) => matrix.chunk(1.5), 'got: 1.5'),
  shape('chunk: a scalar', ({ scalar }) => scalar.chunk(1), 'chunk expects at least a 1-dimensional tensor'),
  argument('size: dimension 2 of 2', ({ matrix }) => matrix.size(2), 'expected to be in range of [-2, 1], but got 2'),
  argument(
    'size: of a scalar',
    ({ scalar }) => scalar.size(0),
    'Dimension specified as 0 but tensor has no dimensions',
  ),

  argument('Slice: step 0', () => new Slice(0, 1, 0), 'slice step cannot be zero'),
  argument('Slice: step -1', () => new Slice(null, null, -1), 'step must be greater than zero'),
  argument('Slice: step 0.5', () => new Slice(0, 1, 0.5), 'step must be an integer, got 0.5'),
  argument('Slice: text', () => new Slice(bad('1')), 'a bound must be an integer or null, got "1"'),
  argument('slice: dim 2', ({ matrix }) => matrix.slice(2, 0), 'slice: Dimension out of range'),
  shape('slice: a scalar', ({ scalar }) => scalar.slice(0), 'slice() cannot be applied to a 0-dim tensor'),
  argument('index: 2 of 2', ({ matrix }) => matrix.index(2), 'index 2 is out of bounds for dimension 0 with size 2'),
  argument(
    'index: -4 of 3',
    ({ matrix }) => matrix.index(0, -4),
    'index -4 is out of bounds for dimension 1 with size 3',
  ),
  argument('index: too many', ({ matrix }) => matrix.index(0, 0, 0), 'too many indices for tensor of dimension 2'),
  argument('index: of a scalar', ({ scalar }) => scalar.index(0), 'too many indices for tensor of dimension 0'),
  argument('index: two ellipses', ({ matrix }) => matrix.index('...', '...'), "at most one '...'"),
  argument('index: text', ({ matrix }) => matrix.index(bad('x')), 'got "x"'),
  argument('index: an array', ({ matrix }) => matrix.index(bad([0, 1])), 'got [0, 1]'),
  argument('index: undefined', ({ matrix }) => matrix.index(bad(undefined)), 'got undefined'),
  argument(
    'index: floats',
    ({ matrix, vector }) => matrix.index(vector),
    'tensors used as indices must be int32, got float32',
  ),
  argument('index: two tensors', ({ matrix, labels }) => matrix.index(labels, labels), 'at most one tensor'),
  argument('index: a row out of bounds', ({ matrix, labels }) => matrix.index(labels), 'index 2 is out of bounds'),
  shape('maskedSelect: shapes', ({ matrix, x }) => matrix.maskedSelect(x), 'do not broadcast'),
  argument('maskedSelect: an array', ({ vector }) => F.maskedSelect(vector, bad([1, 0, 1])), 'got [1, 0, 1]'),

  state('indexPut_: a leaf', ({ leaf }) => leaf.indexPut_([0], 1), 'a leaf Variable that requires grad'),
  argument('indexPut_: no list', ({ matrix }) => matrix.indexPut_(bad(0), 1), 'expected an array of indices, got 0'),
  argument('indexPut_: out of bounds', ({ matrix }) => matrix.indexPut_([2], 1), 'index 2 is out of bounds'),
  argument('indexPut_: a tensor index', ({ matrix, labels }) => matrix.indexPut_([labels], 1), 'use scatter'),
  argument('indexPut_: text', ({ matrix }) => matrix.indexPut_([0], bad('1')), 'a Tensor or a number, got "1"'),
  argument('indexPut_: NaN into int32', ({ integers }) => integers.indexPut_([0], Number.NaN), 'without overflow'),
  shape(
    'indexPut_: a value that does not fit',
    ({ matrix, x }) => matrix.indexPut_([0], x),
    'value tensor of shape [2, 4] cannot be broadcast to indexing result of shape [3]',
  ),
];
