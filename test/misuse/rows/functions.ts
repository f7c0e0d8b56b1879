/** Every function of `functional`, given what is no tensor, or a tensor of a dtype that it does not take. */
import { functional as F, ones, type Tensor, tensor } from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

type Name = keyof typeof F;
/** Calls a function with `input` instead of its first tensor, and with what fits otherwise. */
type Call = (input: Tensor, fixture: Fixture) => unknown;

/** Those that take more than a tensor, or than two of one shape. `input` fits when it is [2, 3]. */
const special: Readonly<Partial<Record<Name, Call>>> = {
  bilinear: (input, { matrix }) => F.bilinear(input, matrix, ones(1, 3, 3)),
  bmm: (input, { cube }) => F.bmm(input, cube),
  cat: (input) => F.cat([input, input]),
  chunk: (input) => F.chunk(input, 2),
  clamp: (input) => F.clamp(input, 0),
  crossEntropy: (input, { labels }) => F.crossEntropy(input, labels),
  cosineEmbeddingLoss: (input, { matrix, labels }) => F.cosineEmbeddingLoss(input, matrix, labels),
  cosineSimilarity: (input, { matrix }) => F.cosineSimilarity(input, matrix),
  cumsum: (input) => F.cumsum(input, 0),
  einsum: (input, { matrix }) => F.einsum('ij,ij', input, matrix),
  embedding: (input, { matrix }) => F.embedding(input, matrix),
  embeddingBag: (input, { matrix }) => F.embeddingBag(input, matrix),
  expand: (input) => F.expand(input, [4, 2, 3]),
  gather: (input) => F.gather(input, 0, tensor([[0, 1, 0]], { dtype: 'int32' })),
  index: (input) => F.index(input, 0),
  indexSelect: (input) => F.indexSelect(input, tensor([0], { dtype: 'int32' })),
  gaussianNllLoss: (input, { matrix }) => F.gaussianNllLoss(input, matrix, 1),
  logSoftmax: (input) => F.logSoftmax(input, 1),
  maskedSelect: (input) => F.maskedSelect(input, tensor([1, 0, 1], { dtype: 'int32' })),
  marginRankingLoss: (input, { matrix }) => F.marginRankingLoss(input, matrix, matrix),
  matmul: (input, { vector }) => F.matmul(input, vector),
  multiMarginLoss: (input, { labels }) => F.multiMarginLoss(input, labels),
  multilabelMarginLoss: (input) =>
    F.multilabelMarginLoss(
      input,
      tensor(
        [
          [0, 1, -1],
          [2, -1, 0],
        ],
        { dtype: 'int32' },
      ),
    ),
  narrow: (input) => F.narrow(input, 0, 0, 1),
  nllLoss: (input, { labels }) => F.nllLoss(input, labels),
  oneHot: (input) => F.oneHot(input, 4),
  outer: (input, { vector }) => F.outer(F.reshape(input, [-1]), vector),
  permute: (input) => F.permute(input, [1, 0]),
  pointwise: (input, { matrix }) => F.pointwise((x, y) => x.mul(y).sin())(input, matrix),
  maskedFill: (input, { matrix }) => F.maskedFill(input, matrix, 0),
  pow: (input) => F.pow(input, 2),
  repeat: (input) => F.repeat(input, [2, 2]),
  repeatInterleave: (input) => F.repeatInterleave(input, 2),
  reshape: (input) => F.reshape(input, [3, 2]),
  scatter: (input) => F.scatter(input, 1, tensor([[0], [1]], { dtype: 'int32' }), 2),
  scatterAdd: (input) => F.scatterAdd(input, 1, tensor([[0], [1]], { dtype: 'int32' }), input),
  select: (input) => F.select(input, 0, 0),
  slice: (input) => F.slice(input, 1, 0, 2),
  softmax: (input) => F.softmax(input, 1),
  softmin: (input) => F.softmin(input, 1),
  split: (input) => F.split(input, 1),
  stack: (input) => F.stack([input, input]),
  threshold: (input) => F.threshold(input, 0.5, 20),
  to: (input) => F.to(input, 'float32'),
  tripletMarginLoss: (input, { matrix }) => F.tripletMarginLoss(input, matrix, matrix),
  topk: (input) => F.topk(input, 1),
  transpose: (input) => F.transpose(input, 0, 1),
  where: (input, { matrix }) => F.where(input, matrix, 0),
  unsqueeze: (input) => F.unsqueeze(input, 0),
};

/** Functions of a tensor whose other arguments may be left out, though they have no defaults. */
const alone: readonly Name[] = [
  ...([
    'argmax',
    'argmin',
    'argsort',
    'max',
    'mean',
    'min',
    'norm',
    'prod',
    'sort',
    'squeeze',
    'std',
    'sum',
    'var',
  ] as const),
];

/** A call of each: with the tensor alone, or with another of its shape, by how many arguments the function needs. */
const callOf = (name: Name): Call => {
  const fn = F[name] as (...args: unknown[]) => unknown;
  return (
    special[name] ?? ((input, { matrix }) => (fn.length === 1 || alone.includes(name) ? fn(input) : fn(input, matrix)))
  );
};

export const calls = Object.fromEntries((Object.keys(F) as Name[]).map((name) => [name, callOf(name)])) as Readonly<
  Record<Name, Call>
>;

const notTensors: readonly (readonly [shown: string, value: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['"x"', 'x'],
  ['[[1, 2, 3]]', [[1, 2, 3]]],
  ['a value of type Float32Array', new Float32Array(3)],
  ['an object', { shape: [2, 3], dtype: 'float32', numel: 6, ndim: 2, storage: {} }],
  ['a function', () => 1],
];

/** Functions that need fractions, as in PyTorch. */
const needFloats: readonly Name[] = [
  ...(['crossEntropy', 'dropout', 'dropout2d', 'linear', 'logSoftmax', 'matmul', 'mean', 'softmax'] as const),
  ...(['elu', 'gelu', 'glu', 'hardswish', 'mish', 'prelu', 'rrelu', 'silu', 'softmin', 'softplus'] as const),
  ...(['binaryCrossEntropy', 'gaussianNllLoss', 'klDiv', 'l1Loss', 'multiMarginLoss', 'nllLoss'] as const),
  ...(['pairwiseDistance', 'cosineSimilarity'] as const),
  ...(['bmm', 'dot', 'einsum', 'norm', 'prod', 'scatterAdd', 'std', 'var'] as const),
];
/** Functions of two tensors, which must agree in dtype, as far as they do not convert. */
const needTheSame: readonly Name[] = ['bmm', 'dot', 'einsum', 'linear', 'matmul'];

const names = Object.keys(calls) as Name[];
export const functionRows: readonly Row[] = [
  ...names.flatMap((name) =>
    notTensors.map(([shown, value]) =>
      argument(`${name}(${shown})`, (fixture) => calls[name](bad(value), fixture), shown),
    ),
  ),
  ...needFloats.map((name) =>
    argument(`${name} of int32`, (fixture) => calls[name](fixture.integers, fixture), /int32/),
  ),
  ...needTheSame.map((name) =>
    argument(
      `${name} of float64 and float32`,
      (fixture) => calls[name](fixture.doubles, fixture),
      'same dtype, got float64 and float32',
    ),
  ),
  argument('add: two numbers', () => F.add(1, 2), 'at least one Tensor'),
  argument('add: a bigint', ({ matrix }) => F.add(matrix, bad(1n)), 'add: expected a Tensor or a number, got 1n'),
  argument(
    'add: int32 and 3e9',
    ({ integers }) => integers.add(3e9),
    'value 3000000000 cannot be converted to type int32',
  ),
  argument('sum: beyond int32', ({ integers }) => integers.mul(2 ** 29).sum(), 'cannot hold the sum 3221225472'),
  argument('mean: int32', ({ integers }) => integers.mean(), 'mean: could not infer output dtype'),
  argument(
    'pow: int32 to -1',
    ({ integers }) => integers.pow(-1),
    'pow: Integers to negative integer powers are not allowed.',
  ),
  argument('sum: keepdim twice', ({ matrix }) => matrix.sum(bad({ dim: 1 }), true), 'keepdim is one of the options'),
  argument(
    'sum: keepdim 1 by position',
    ({ matrix }) => matrix.sum(1, bad(1)),
    'sum: keepdim must be a boolean, got 1',
  ),
  ...(['max', 'min'] as const).map((name) =>
    argument(
      `${name}: no dim`,
      ({ matrix }) => matrix[name](bad({ keepdim: true })),
      'dim must be an integer, got undefined',
    ),
  ),
  argument('max: keepdim without dim', ({ matrix }) => matrix.max(bad(undefined), true), 'dim must be an integer'),
  shape(
    'add: [2, 3] and [2]',
    ({ matrix, labels }) => F.add(matrix, labels),
    '[2, 3] and [2] do not broadcast: 3 against 2',
  ),
  shape('mul: [2, 3] and [2, 4]', ({ matrix, x }) => matrix.mul(x), 'mul: shapes [2, 3] and [2, 4]'),
  shape('matmul: inner sizes', ({ matrix }) => matrix.matmul(matrix), 'cannot be multiplied (2x3 and 2x3)'),
  shape('matmul: a scalar', ({ matrix, scalar }) => matrix.matmul(scalar), 'at least 1D'),
  shape(
    'matmul: batches',
    ({ cube }) => F.matmul(cube.reshape([2, 1, 3]), F.cat([cube, cube.narrow(0, 0, 1)]).transpose(1, 2)),
    'do not broadcast',
  ),
  argument('matmul: a number', ({ matrix }) => matrix.matmul(bad(2)), 'matmul: expected a Tensor, got 2'),
  argument('clamp: no bound', ({ matrix }) => matrix.clamp(), "At least one of 'min' or 'max'"),
  argument('clamp: NaN', ({ matrix }) => matrix.clamp(Number.NaN), 'min must be a number, got NaN'),
  argument('clamp: text', ({ matrix }) => matrix.clamp(bad('0')), 'min must be a number, got "0"'),
  argument(
    'to: an unknown dtype',
    ({ matrix }) => matrix.to(bad('int64')),
    'dtype must be one of float32, float64, int32, got "int64"',
  ),

  shape(
    'linear: features',
    ({ matrix, x }) => F.linear(x, matrix),
    'linear: expected 3 features in the last dimension, got shape [2, 4]',
  ),
  shape('linear: a scalar', ({ matrix, scalar }) => F.linear(scalar, matrix), 'got shape []'),
  shape(
    'linear: weight of one dimension',
    ({ matrix, vector }) => F.linear(matrix, vector),
    'expected a weight of shape [out, in], got [3]',
  ),
  shape(
    'linear: bias',
    ({ matrix, vector }) => F.linear(matrix, matrix, vector),
    'linear: shapes [2, 2] and [3] do not broadcast',
  ),
  argument(
    'linear: bias true',
    ({ matrix }) => F.linear(matrix, matrix, bad(true)),
    'linear: expected a Tensor, got true',
  ),

  ...([-0.1, 1.5, Number.POSITIVE_INFINITY, Number.NaN] as const).flatMap((p) => [
    argument(
      `dropout: p ${p}`,
      ({ x }) => F.dropout(x, p),
      `dropout probability has to be between 0 and 1, but got ${p}`,
    ),
    argument(`dropout2d: p ${p}`, ({ x }) => F.dropout2d(x, p), `between 0 and 1, but got ${p}`),
  ]),
  argument('dropout: p as text', ({ x }) => F.dropout(x, bad('0.5')), 'dropout: p must be a number, got "0.5"'),
  argument('dropout: p null', ({ x }) => F.dropout(x, bad(null)), 'dropout: p must be a number, got null'),
  argument('dropout: training 1', ({ x }) => F.dropout(x, 0.5, bad(1)), 'training must be a boolean, got 1'),
  argument('dropout: p bad in evaluation', ({ x }) => F.dropout(x, 2, false), 'between 0 and 1'),
  argument('dropout: generator 5', ({ x }) => F.dropout(x, 0.5, true, bad(5)), 'generator must be a Generator, got 5'),
  argument(
    'dropout2d: generator null',
    ({ x }) => F.dropout2d(x, 0.5, true, bad(null)),
    'generator must be a Generator, got null',
  ),
  shape(
    'dropout2d: one dimension',
    ({ vector }) => F.dropout2d(vector),
    'at least 2 dimensions in the input, got shape [3]',
  ),

  ...(['sum', 'mean'] as const).flatMap((name) => [
    argument(`${name}: dim 2`, ({ matrix }) => matrix[name]({ dim: 2 }), 'range of [-2, 1], but got 2'),
    argument(`${name}: dim 0.5`, ({ matrix }) => matrix[name]({ dim: 0.5 }), 'dim must be an integer, got 0.5'),
    argument(`${name}: dim "0"`, ({ matrix }) => matrix[name]({ dim: bad('0') }), 'dim must be an integer, got "0"'),
    argument(`${name}: dim twice`, ({ matrix }) => matrix[name]({ dim: [0, -2] }), 'appears multiple times'),
    argument(
      `${name}: keepdim 1`,
      ({ matrix }) => matrix[name]({ dim: 0, keepdim: bad(1) }),
      'keepdim must be a boolean',
    ),
  ]),
  ...(['max', 'min', 'argmax'] as const).flatMap((name) => [
    argument(`${name}: dim 2`, ({ matrix }) => matrix[name]({ dim: 2 }), 'but got 2'),
    argument(
      `${name}: two dims`,
      ({ matrix }) => matrix[name]({ dim: bad([0, 1]) }),
      'dim must be an integer, got [0, 1]',
    ),
    argument(`${name}: nothing`, ({ empty }) => empty[name](), 'input.numel() == 0'),
    argument(
      `${name}: an empty dimension`,
      ({ empty }) => empty[name]({ dim: 0 }),
      'dim 0 to have non-zero size, got shape [0, 3]',
    ),
  ]),
  argument('softmax: text', ({ matrix }) => matrix.softmax(bad('1')), 'dim must be an integer, got "1"'),
  argument('logSoftmax: dim -3', ({ matrix }) => matrix.logSoftmax(-3), 'but got -3'),
];
