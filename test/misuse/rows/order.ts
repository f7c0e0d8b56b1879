/** Elements by index and orders, asked for what is not there. Sentences are PyTorch's where it has one. */
import { functional as F, type Tensor, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const int32 = (values: number[], sizes = [values.length]): Tensor => tensor(values, { dtype: 'int32', shape: sizes });
const one = () => int32([0], [1, 1]);

export const orderRows: readonly Row[] = [
  ...(['gather', 'scatter', 'scatterAdd'] as const).flatMap((name) => {
    const call = (x: Tensor, dim: number, index: Tensor) =>
      name === 'gather' ? F.gather(x, dim, index) : F[name](x, dim, index, x);
    return [
      argument(
        `${name}: dim 2`,
        ({ matrix }) => call(matrix, 2, one()),
        'expected to be in range of [-2, 1], but got 2',
      ),
      argument(
        `${name}: floats`,
        ({ matrix }) => call(matrix, 0, matrix),
        `${name}(): Expected dtype int32 for index, got float32`,
      ),
      argument(
        `${name}: an array as index`,
        ({ matrix }) => call(matrix, 0, bad([[0]])),
        'expected an int32 Tensor, got [[0]]',
      ),
      shape(
        `${name}: rank`,
        ({ matrix }) => call(matrix, 0, int32([0])),
        'Index tensor must have the same number of dimensions as',
      ),
      argument(
        `${name}: too large`,
        ({ matrix }) => call(matrix, 1, int32([0, 3], [2, 1])),
        'index 3 is out of bounds for dimension 1 with size 3',
      ),
      argument(
        `${name}: negative`,
        ({ matrix }) => call(matrix, 0, int32([-1], [1, 1])),
        'index -1 is out of bounds for dimension 0 with size 2',
      ),
      shape(
        `${name}: an index larger than the tensor`,
        ({ matrix }) => call(matrix, 1, int32([0, 0, 0], [3, 1])),
        name === 'gather'
          ? 'Size does not match at dimension 0 expected index [3, 1] to be no larger than self [2, 3] apart from dimension 1'
          : 'Expected index [3, 1] to be no larger than self [2, 3] apart from dimension 1',
      ),
    ];
  }),
  shape(
    'scatter: an index larger than src',
    ({ matrix }) => matrix.scatter(1, int32([0, 0], [1, 2]), tensor([[1]])),
    'and to be no larger size than src [1, 1]',
  ),
  argument(
    'scatter: dtypes',
    ({ matrix }) => matrix.scatter(1, one(), int32([1], [1, 1])),
    'scatter(): Expected self.dtype to be equal to src.dtype',
  ),
  shape(
    'scatter: rank of src',
    ({ matrix, vector }) => matrix.scatter(1, one(), vector),
    'same number of dimensions as src',
  ),
  argument('scatter: text', ({ matrix }) => matrix.scatter(1, one(), bad('1')), 'a Tensor or a number, got "1"'),
  argument('scatter: NaN into int32', ({ integers }) => integers.scatter(1, one(), Number.NaN), 'without overflow'),
  argument('sort: dim 2', ({ matrix }) => matrix.sort({ dim: 2 }), 'expected to be in range of [-2, 1], but got 2'),
  argument(
    'sort: descending 1',
    ({ matrix }) => matrix.sort({ descending: bad(1) }),
    'descending must be a boolean, got 1',
  ),
  argument('topk: 4 of 3', ({ matrix }) => matrix.topk(4), 'topk: selected index k out of range'),
  argument('topk: -1', ({ matrix }) => matrix.topk(-1), 'topk: selected index k out of range'),
  argument('topk: 1.5', ({ matrix }) => matrix.topk(1.5), 'topk: k must be an integer, got 1.5'),
  argument('cumsum: dim 2', ({ matrix }) => matrix.cumsum(2), 'but got 2'),
  argument(
    'oneHot: floats',
    ({ vector }) => F.oneHot(vector),
    'one_hot is only applicable to int32 labels, got float32',
  ),
  argument('oneHot: negative', () => F.oneHot(int32([1, -1])), 'Class values must be non-negative.'),
  argument(
    'oneHot: too few classes',
    ({ labels }) => F.oneHot(labels, 2),
    'index 2 is out of bounds for dimension 1 with size 2',
  ),
  argument('oneHot: no classes', ({ labels }) => F.oneHot(labels, 0), 'Class values must be smaller than num_classes.'),
  argument('oneHot: -2 classes', ({ labels }) => F.oneHot(labels, -2), 'numClasses must not be negative, got -2'),
  argument('oneHot: of nothing', () => F.oneHot(int32([])), 'Can not infer total number of classes from empty tensor.'),
];
