/**
 * The one list of gradient checks. Every differentiable function of `functional` is named here at least once; a test
 * fails for one that is not.
 */
import { functional as F, Generator, Slice, type Tensor, tensor } from '../../src/index.js';
import { activationGradients } from './activation-gradients.js';
import { apart, labels, type Name, numbers, of, on } from './gradient-inputs.js';
import { normGradients } from './gradient-norms.js';
import { poolGradients } from './gradient-pools.js';
import { lossGradients } from './loss-gradients.js';
import { spaceGradientCases } from './space-gradient-cases.js';

const broadcasts: [string, number[], number[]][] = [
  ['same shape', [3, 4], [3, 4]],
  ['row', [3, 4], [4]],
  ['column', [3, 4], [3, 1]],
  ['scalar', [3, 4], []],
  ['both repeated', [3, 1, 2], [4, 1]],
  ['empty', [0, 4], [4]],
];

const binary = broadcasts.flatMap(([detail, a, b]) => [
  of(
    'add',
    detail,
    () => [numbers(a), numbers(b)],
    (x, y) => F.add(x!, y!),
  ),
  of(
    'sub',
    detail,
    () => [numbers(a), numbers(b)],
    (x, y) => F.sub(x!, y!),
  ),
  of(
    'mul',
    detail,
    () => [numbers(a), numbers(b)],
    (x, y) => F.mul(x!, y!),
  ),
  of(
    'div',
    detail,
    () => [numbers(a), apart(b)],
    (x, y) => F.div(x!, y!),
  ),
  ...(['maximum', 'minimum'] as const).map((name) =>
    of(
      name,
      detail,
      () => [numbers(a), numbers(b)],
      (x, y) => F[name](x!, y!),
    ),
  ),
  of(
    'pow',
    detail,
    () => [numbers(a, 0.3, 2), numbers(b)],
    (x, y) => F.pow(x!, y!),
  ),
]);

const products: [string, number[], number[]][] = [
  ['matrices', [3, 4], [4, 5]],
  ['vectors', [4], [4]],
  ['matrix and vector', [3, 4], [4]],
  ['vector and matrix', [4], [4, 3]],
  ['batches', [2, 3, 4], [2, 4, 5]],
  ['one matrix for a batch', [2, 3, 4], [4, 5]],
  ['batches broadcast', [2, 1, 3, 4], [3, 4, 2]],
  ['no inner size', [3, 0], [0, 2]],
];

const losses: [string, number[], number[], NonNullable<Parameters<typeof F.crossEntropy>[2]>][] = [
  ['mean', [4, 3], [0, 2, 1, 2], {}],
  ['sum', [4, 3], [0, 2, 1, 2], { reduction: 'sum' }],
  ['none', [4, 3], [0, 2, 1, 2], { reduction: 'none' }],
  ['smoothing and ignored rows', [4, 3], [0, -1, 1, 2], { labelSmoothing: 0.2, ignoreIndex: -1 }],
  ['one row', [5], [3], { labelSmoothing: 0.1 }],
  ['images', [2, 3, 2], [0, 1, 2, 1], {}],
];
const classWeights = (like: Tensor) => tensor([0.5, 1.5, 0.25], { dtype: like.dtype });
const probabilityRows = [0.5, 0.25, 0.25, 1, 0, 0, 0.125, 0.75, 0.125, 0.25, 0.25, 0.5];
const probabilities = (dtype: Tensor['dtype']) => tensor(probabilityRows, { shape: [4, 3], dtype });

const formula = F.pointwise(
  (x, y, z, { a }) =>
    x
      .lt(0)
      .where(x.mul(a).expm1(), x.abs().pow(y))
      .sub(z.cos().fma(y.log1p(), z.mul(z).reciprocal().neg())),
  { inputs: 3, scalars: { a: 1 } },
);

export const gradientCases = [
  ...activationGradients,
  ...lossGradients,
  on('embedding', 'with repeats', [4, 3], (w) => F.embedding(labels([1, 3, 1, 0, 3, 3], [2, 3]), w)),
  ...(['sum', 'mean', 'max'] as const).map((mode) =>
    on('embeddingBag', mode, [4, 3], (w) =>
      F.embeddingBag(labels([1, 3, 2, 0, 3]), w, labels([0, 2, 2]), { mode, paddingIdx: 2 }),
    ),
  ),
  of(
    'embeddingBag',
    'weights of samples',
    () => [numbers([4, 3]), numbers([2, 2])],
    (w, s) => F.embeddingBag(labels([1, 3, 1, 0], [2, 2]), w!, null, { mode: 'sum', perSampleWeights: s! }),
  ),
  of(
    'bilinear',
    '',
    () => [numbers([3, 2]), numbers([3, 4]), numbers([5, 2, 4]), numbers([5])],
    (a, b, w, c) => F.bilinear(a!, b!, w!, c!),
  ),
  ...binary,
  ...poolGradients,
  ...normGradients,
  of(
    'pow',
    'number',
    () => [apart([5])],
    (x) => F.pow(x!, 3),
  ),
  on('pow', 'exponent 0', [5], (x) => F.pow(x, 0)),
  of(
    'div',
    'number by tensor',
    () => [apart([5])],
    (x) => F.div(2, x!),
  ),
  ...(['neg', 'exp', 'expm1', 'sin', 'cos', 'erf'] as const).map((name) =>
    of(
      name,
      '',
      () => [numbers([3, 5])],
      (x) => F[name](x!),
    ),
  ),
  ...(['abs', 'sign', 'floor', 'ceil', 'round'] as const).map((name) =>
    of(
      name,
      '',
      () => [apart([3, 5])],
      (x) => F[name](x!),
    ),
  ),
  ...(['log', 'log1p', 'sqrt'] as const).map((name) =>
    of(
      name,
      '',
      () => [numbers([3, 5], 0.3, 3)],
      (x) => F[name](x!),
    ),
  ),
  of(
    'maximum',
    'with a number',
    () => [apart([5])],
    (x) => F.maximum(0.5, F.minimum(x!, 1)),
  ),
  of(
    'pointwise',
    'a formula with numbers and a choice, broadcast',
    () => [apart([3, 4]), numbers([4], 0.3, 2), numbers([3, 1])],
    (x, y, z) => formula(x!, y!, z!, { a: 0.75 }),
  ),
  of(
    'where',
    'by a comparison, broadcast',
    () => [numbers([3, 4]), numbers([4])],
    (x, y) => F.where(x!.detach().gt(0.1), x!, y!),
  ),
  on('maskedFill', 'where it is negative', [20], (x) => F.maskedFill(x, x.detach().lt(0), 0.5)),
  on('clamp', 'both sides', [20], (x) => F.clamp(x, -0.7, 0.9)),
  on('clamp', 'one side', [20], (x) => F.clamp(x, undefined, 0.5)),
  on('to', 'same dtype', [3], (x) => F.to(x, x.dtype)),

  on('sum', 'all', [2, 3, 4], (x) => F.sum(x)),
  on('sum', 'middle', [2, 3, 4], (x) => F.sum(x, { dim: 1 })),
  on('sum', 'two apart, kept', [2, 3, 4], (x) => F.sum(x, { dim: [0, -1], keepdim: true })),
  on('mean', 'all', [2, 3, 4], (x) => F.mean(x)),
  on('mean', 'two neighbours', [2, 3, 4], (x) => F.mean(x, { dim: [1, 2] })),
  on('max', 'all', [2, 3, 4], (x) => F.max(x)),
  on('max', 'along', [2, 3, 4], (x) => F.max(x, { dim: 1 }).values),
  on('min', 'all', [2, 3, 4], (x) => F.min(x)),
  on('min', 'along, kept', [2, 3, 4], (x) => F.min(x, { dim: -1, keepdim: true }).values),

  on('reshape', '', [2, 6], (x) => F.reshape(x, [3, -1])),
  on('flatten', '', [2, 3, 2], (x) => F.flatten(x, 1)),
  on('squeeze', '', [2, 1, 3], (x) => F.squeeze(x)),
  on('unsqueeze', '', [2, 3], (x) => F.unsqueeze(x, 1)),
  on('transpose', '', [2, 3, 4], (x) => F.transpose(x, 0, 2)),
  on('permute', '', [2, 3, 4], (x) => F.permute(x, [2, 0, 1])),
  on('select', '', [2, 3, 4], (x) => F.select(x, 1, -1)),
  on('narrow', '', [2, 5, 2], (x) => F.narrow(x, 1, 1, 3)),
  on('clone', '', [2, 3], (x) => F.clone(x)),
  of(
    'cat',
    '',
    () => [numbers([2, 3]), numbers([2, 1])],
    (a, b) => F.cat([a!, b!], 1),
  ),
  of(
    'stack',
    '',
    () => [numbers([2, 3]), numbers([2, 3])],
    (a, b) => F.stack([a!, b!], 1),
  ),
  on('expand', 'front and middle', [3, 1, 2], (x) => F.expand(x, [2, -1, 4, -1])),
  on('expand', 'nothing repeated', [3, 2], (x) => F.expand(x, [3, 2])),
  on('repeat', '', [2, 3], (x) => F.repeat(x, [2, 3, 2])),
  on('repeatInterleave', 'flat', [2, 3], (x) => F.repeatInterleave(x, 3)),
  on('repeatInterleave', 'middle', [2, 3, 2], (x) => F.repeatInterleave(x, 2, { dim: 1 })),
  on('repeatInterleave', 'by a tensor', [2, 3, 2], (x) => F.repeatInterleave(x, labels([2, 0, 3]), { dim: 1 })),
  on('split', '', [2, 5], (x) => F.split(x, 2, 1)[1]!),
  on('chunk', '', [2, 5], (x) => F.chunk(x, 2, 1)[1]!),
  on('slice', 'steps', [2, 7], (x) => F.slice(x, 1, 1, 6, 2)),
  on('index', 'integers and slices', [3, 4, 5], (x) => F.index(x, -1, null, '...', new Slice(0, null, 2))),
  on('index', 'a tensor', [3, 4, 2], (x) => F.index(x, new Slice(1), labels([2, 0, 2, 2], [2, 2]))),
  on('maskedSelect', '', [2, 3], (x) => F.maskedSelect(x, labels([1, 0, 1]))),
  on('gather', 'with repeats', [3, 4], (x) => F.gather(x, 1, labels([3, 0, 3, 1, 1, 2], [2, 3]))),
  on('gather', 'first', [3, 2], (x) => F.gather(x, 0, labels([2, 0, 2, 1, 0, 0, 1, 2], [4, 2]))),
  ...(['scatter', 'scatterAdd'] as const).map((name) =>
    of(
      name,
      'a smaller index',
      () => [numbers([3, 4]), numbers([2, 3])],
      (x, y) => F[name](x!, 1, labels([3, 0, 1, 2], [2, 2]), y!),
    ),
  ),
  on('scatter', 'a number', [3, 4], (x) => F.scatter(x, 0, labels([2, 0, 1, 1], [1, 4]), 7)),
  on('var', 'all', [2, 3], (x) => F.var(x)),
  on('var', 'middle, correction', [2, 4, 3], (x) => F.var(x, { dim: 1, correction: 0, keepdim: true })),
  on('std', 'two', [2, 4, 3], (x) => F.std(x, { dim: [0, 1] })),
  on('prod', 'all', [5], (x) => F.prod(x)),
  on('prod', 'middle', [2, 5, 2], (x) => F.prod(x, { dim: 1 })),
  ...[2, 1, 3, 0.5, -1, Number.POSITIVE_INFINITY].map((p) =>
    of(
      'norm',
      `${p}`,
      () => [apart([3, 4])],
      (x) => F.norm(x!, p, { dim: 1 }),
    ),
  ),
  of(
    'bmm',
    '',
    () => [numbers([2, 3, 4]), numbers([2, 4, 2])],
    (x, y) => F.bmm(x!, y!),
  ),
  of(
    'outer',
    '',
    () => [numbers([3]), numbers([4])],
    (x, y) => F.outer(x!, y!),
  ),
  of(
    'dot',
    '',
    () => [numbers([4]), numbers([4])],
    (x, y) => F.dot(x!, y!),
  ),
  of(
    'einsum',
    'diagonal, batch and sum',
    () => [numbers([2, 2, 3]), numbers([3, 4])],
    (x, y) => F.einsum('iij,jk->ik', x!, y!),
  ),
  on('sort', '', [3, 5], (x) => F.sort(x, { dim: 0 }).values),
  on('sort', 'descending', [3, 5], (x) => F.sort(x, { descending: true }).values),
  on('topk', '', [3, 5], (x) => F.topk(x, 2).values),
  on('cumsum', 'middle', [2, 3, 2], (x) => F.cumsum(x, 1)),
  on('indexSelect', 'with repeats', [4, 3], (x) => F.indexSelect(x, labels([2, 0, 2]))),

  ...products.map(([detail, a, b]) =>
    of(
      'matmul',
      detail,
      () => [numbers(a), numbers(b)],
      (x, y) => F.matmul(x!, y!),
    ),
  ),
  of(
    'linear',
    'with bias',
    () => [numbers([3, 4]), numbers([5, 4]), numbers([5])],
    (x, w, b) => F.linear(x!, w!, b!),
  ),
  of(
    'linear',
    'without bias, 3 dimensions',
    () => [numbers([2, 3, 4]), numbers([5, 4])],
    (x, w) => F.linear(x!, w!),
  ),
  of(
    'linear',
    'no rows',
    () => [numbers([0, 4]), numbers([5, 4]), numbers([5])],
    (x, w, b) => F.linear(x!, w!, b!),
  ),

  on('softmax', 'last', [3, 5], (x) => F.softmax(x, -1)),
  on('softmax', 'first', [3, 5], (x) => F.softmax(x, 0)),
  on('logSoftmax', 'last', [3, 5], (x) => F.logSoftmax(x, -1)),
  on('logSoftmax', 'middle', [2, 3, 2], (x) => F.logSoftmax(x, 1)),

  on('dropout', 'counter', [4, 9], (x) => F.dropout(x, 0.4, true, new Generator(3))),
  of(
    'dropout',
    'mt19937',
    () => [numbers([4, 9])],
    (x) => {
      return F.dropout(x!, 0.4, true, new Generator(3, { masks: 'mt19937' }));
    },
  ),
  on('dropout', 'p = 1', [4], (x) => F.dropout(x, 1, true)),
  on('dropout2d', 'counter', [3, 4, 2, 2], (x) => F.dropout2d(x, 0.5, true, new Generator(3))),
  ...spaceGradientCases,
  ...([false, true] as const).map((isCausal) =>
    of(
      'scaledDotProductAttention',
      isCausal ? 'causal' : 'with a mask that is added',
      () => [numbers([2, 3, 4]), numbers([2, 3, 4]), numbers([2, 3, 2]), ...(isCausal ? [] : [numbers([3, 3])])],
      (q, k, v, attnMask) => F.scaledDotProductAttention(q!, k!, v!, attnMask ? { attnMask } : { isCausal }),
    ),
  ),
  of(
    'scaledDotProductAttention',
    'with grouped heads and a mask',
    () => [numbers([2, 4, 3, 5]), numbers([2, 2, 4, 5]), numbers([2, 2, 4, 3])],
    (q, k, v) =>
      F.scaledDotProductAttention(q!, k!, v!, { enableGqa: true, attnMask: labels([1, 0, 1, 1], [4]), scale: 0.4 }),
  ),
  of(
    'scaledDotProductAttention',
    'with operands that broadcast',
    () => [numbers([2, 1, 3, 4]), numbers([3, 2, 4]), numbers([2, 2])],
    (q, k, v) => F.scaledDotProductAttention(q!, k!, v!),
  ),

  ...losses.map(([detail, shape, target, options]) => {
    const targetShape = shape.length === 1 ? [] : shape.toSpliced(1, 1);
    return of(
      'crossEntropy',
      detail,
      () => [numbers(shape)],
      (x) => F.crossEntropy(x!, labels(target, targetShape), options),
    );
  }),
  of(
    'crossEntropy',
    'class weights',
    () => [numbers([4, 3])],
    (x) => {
      return F.crossEntropy(x!, labels([0, 2, 1, 2]), { weight: classWeights(x!), labelSmoothing: 0.1 });
    },
  ),
  of(
    'crossEntropy',
    'probabilities',
    () => [numbers([4, 3]), probabilities('float64')],
    (x, q) => F.crossEntropy(x!, q!),
  ),
  of(
    'crossEntropy',
    'probabilities, weights',
    () => [numbers([4, 3])],
    (x) => {
      return F.crossEntropy(x!, probabilities(x!.dtype), {
        weight: classWeights(x!),
        labelSmoothing: 0.1,
        reduction: 'sum',
      });
    },
  ),
  of(
    'mseLoss',
    'mean',
    () => [numbers([3, 4]), numbers([3, 4])],
    (x, y) => F.mseLoss(x!, y!),
  ),
  of(
    'mseLoss',
    'none',
    () => [numbers([3, 4]), numbers([3, 4])],
    (x, y) => F.mseLoss(x!, y!, { reduction: 'none' }),
  ),
];

/** Exports of `functional` that have no gradient by nature. */
export const notDifferentiable: readonly Name[] = [
  ...(['allclose', 'argmax', 'argmin', 'argsort', 'equal', 'oneHot'] as const),
  ...(['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'isnan', 'isinf', 'isfinite'] as const),
];
