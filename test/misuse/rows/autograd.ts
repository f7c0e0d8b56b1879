/** The tape, reading and writing tensors, and losses. */
import { functional as F, noGrad, Tensor, tensor, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, ownError, type Row, shape, state } from '../row.js';

const int32 = (values: number[], sizes = [values.length]) => tensor(values, { dtype: 'int32', shape: sizes });

/** The result of `act` a second time, after the first went well and changed what it should. */
const graphOf = (leaf: Tensor) => leaf.detach().clone().requiresGrad_();

export const autogradRows: readonly Row[] = [
  state('backward: no gradients', ({ matrix }) => matrix.sum().backward(), 'does not require grad'),
  state('backward: several elements', ({ leaf }) => leaf.mul(2).backward(), 'only for scalar outputs'),
  state('backward: under noGrad', ({ leaf }) => noGrad(() => leaf.sum()).backward(), 'does not require grad'),
  shape(
    'backward: gradient of another shape',
    ({ leaf, x }) => leaf.mul(2).backward(x),
    'has shape [2, 4] and the output has shape [2, 3]',
  ),
  argument('backward: a number', ({ leaf }) => leaf.sum().backward(bad(1)), 'the gradient must be a Tensor, got 1'),
  argument(
    'backward: retainGraph 1',
    ({ leaf }) => leaf.sum().backward(undefined, { retainGraph: bad(1) }),
    'retainGraph must be a boolean',
  ),
  state(
    'backward: a second time',
    ({ leaf }) => {
      const own = graphOf(leaf);
      const loss = own.mul(own).sum();
      loss.backward();
      loss.backward();
    },
    'Trying to backward through the graph a second time',
  ),
  state(
    'backward: after a write to what was saved',
    ({ leaf, matrix }) => {
      const factor = matrix.clone();
      const loss = leaf.mul(factor).sum();
      factor.copy_(zeros([]));
      loss.backward();
    },
    'has been modified by an inplace operation',
  ),

  state(
    'copy_: to a leaf',
    ({ leaf, matrix }) => leaf.copy_(matrix),
    'a leaf Variable that requires grad is being used in an in-place operation',
  ),
  state(
    'copy_: to a parameter',
    ({ model }) => model.parameters()[0]?.copy_(zeros([])),
    'a leaf Variable that requires grad',
  ),
  state('copy_: to a result', ({ leaf, matrix }) => leaf.mul(2).copy_(matrix), 'cannot be written in place'),
  argument(
    'toTypedArray: of another dtype',
    ({ vector }) => vector.toTypedArray('int32'),
    'toTypedArray: the tensor is float32, not "int32"; convert it with to()',
  ),
  argument(
    'new Tensor: of numbers',
    () => new Tensor(bad([1, 2]), bad(undefined)),
    'Tensor: tensors are made by tensor(values) and its kin, got [1, 2]',
  ),
  shape('copy_: shape', ({ matrix, x }) => matrix.copy_(x), 'copy_: shape [2, 4] does not broadcast to [2, 3]'),
  shape('copy_: a larger one', ({ vector, matrix }) => vector.copy_(matrix), '[2, 3] does not broadcast to [3]'),
  argument('copy_: an array', ({ vector }) => vector.copy_(bad([1, 2, 3])), 'copy_: expected a Tensor, got [1, 2, 3]'),

  state('item: six elements', ({ matrix }) => matrix.item(), 'a Tensor with 6 elements cannot be converted'),
  state('item: none', ({ empty }) => empty.item(), 'a Tensor with 0 elements'),
  argument(
    'grad = a number',
    ({ leaf }) => Reflect.set(leaf, 'grad', bad(0)),
    'grad: expected a Tensor or null, got 0',
  ),
  shape(
    'grad = another shape',
    ({ leaf, x }) => Reflect.set(leaf, 'grad', x),
    'grad: expected shape [2, 3], got [2, 4]',
  ),
  argument(
    'grad = another dtype',
    ({ leaf, doubles }) => Reflect.set(leaf, 'grad', doubles),
    'grad: expected float32, got float64',
  ),

  argument('noGrad: no function', () => noGrad(bad(5)), 'noGrad: expected a function, got 5'),
  state('noGrad: an async function', () => noGrad(async () => 1), 'must not be async'),
  state(
    'noGrad: an async function that fails',
    () => noGrad(() => Promise.reject(new Error('later'))),
    'must not be async',
  ),
  ownError(
    'noGrad: a function that throws',
    () =>
      noGrad(() => {
        throw new Error('from inside');
      }),
    'from inside',
  ),

  argument(
    'crossEntropy: label 3 of 3',
    ({ matrix }) => F.crossEntropy(matrix, int32([0, 3])),
    'Target 3 is out of bounds.',
  ),
  argument(
    'crossEntropy: label -1',
    ({ matrix }) => F.crossEntropy(matrix, int32([-1, 0])),
    'Target -1 is out of bounds.',
  ),
  argument(
    'crossEntropy: the second label only',
    ({ matrix }) => F.crossEntropy(matrix, int32([0, 2147483647])),
    'Target 2147483647',
  ),
  argument(
    'crossEntropy: float labels',
    ({ matrix }) => F.crossEntropy(matrix, tensor([0, 1])),
    'labels are int32, got float32 of shape [2]',
  ),
  argument(
    'crossEntropy: labels as an array',
    ({ matrix }) => F.crossEntropy(matrix, bad([0, 1])),
    'expected a Tensor of targets, got [0, 1]',
  ),
  shape(
    'crossEntropy: three labels for two',
    ({ matrix }) => F.crossEntropy(matrix, int32([0, 1, 2])),
    'input batch_size (2) to match target batch_size (3)',
  ),
  shape(
    'crossEntropy: labels [2, 1]',
    ({ matrix }) => F.crossEntropy(matrix, int32([0, 1], [2, 1])),
    'take labels of shape [2], got [2, 1]',
  ),
  shape(
    'crossEntropy: one label for a batch',
    ({ matrix }) => F.crossEntropy(matrix, int32([0], [])),
    'take labels of shape [2], got []',
  ),
  shape(
    'crossEntropy: logits of a scalar',
    ({ scalar }) => F.crossEntropy(scalar, int32([0])),
    'expected logits of shape [N, C], got a scalar',
  ),
  argument(
    'crossEntropy: probabilities of float64',
    ({ matrix, doubles }) => F.crossEntropy(matrix, doubles),
    'same dtype, got float32 and float64',
  ),
  shape(
    'crossEntropy: weights of two for three',
    ({ matrix, labels, x }) => F.crossEntropy(matrix, labels, { weight: x.select(1, 0) }),
    'all 3 classes',
  ),
  shape(
    'crossEntropy: weights of two dimensions',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { weight: matrix }),
    'expected a weight of shape [classes], got [2, 3]',
  ),
  argument(
    'crossEntropy: weights as an array',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { weight: bad([1, 1, 1]) }),
    'weight: expected a Tensor, got [1, 1, 1]',
  ),
  argument(
    'crossEntropy: smoothing 1.5',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { labelSmoothing: 1.5 }),
    'between 0.0 and 1.0. Got: 1.5',
  ),
  argument(
    'crossEntropy: smoothing NaN',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { labelSmoothing: Number.NaN }),
    'Got: NaN',
  ),
  argument(
    'crossEntropy: reduction avg',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { reduction: bad('avg') }),
    'reduction must be one of none, mean, sum, got "avg"',
  ),
  argument(
    'crossEntropy: reduction toString',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { reduction: bad('toString') }),
    'reduction must be one of',
  ),
  argument(
    'crossEntropy: ignoreIndex 0.5',
    ({ matrix, labels }) => F.crossEntropy(matrix, labels, { ignoreIndex: 0.5 }),
    'ignoreIndex must be a 32-bit integer, got 0.5',
  ),
  shape(
    'mseLoss: shapes that would broadcast',
    ({ matrix, vector }) => F.mseLoss(matrix, vector),
    'target size ([3]) that is different to the input size ([2, 3])',
  ),
  argument('mseLoss: an array', ({ matrix }) => F.mseLoss(matrix, bad([[1, 2, 3]])), 'mseLoss: expected a Tensor'),
  argument(
    'mseLoss: reduction 1',
    ({ matrix }) => F.mseLoss(matrix, matrix, { reduction: bad(1) }),
    'reduction must be one of none, mean, sum, got 1',
  ),

  ...(
    [
      'item',
      'toArray',
      'toTypedArray',
      'detach',
      'copy_',
      'requiresGrad_',
      'backward',
      'add',
      'reshape',
      'sum',
    ] as const
  ).map((method) =>
    argument(
      `${method} of what is no tensor`,
      ({ matrix }) => Reflect.apply(Tensor.prototype[method], {}, [matrix]),
      new RegExp(`^${method}: expected a Tensor( or a number)?, got an object$`),
    ),
  ),
];
