/** Functions of tensors that can be exported: each op of the library that has an ONNX form is in one of them. */
import {
  cat,
  functional as F,
  full,
  nn,
  ones,
  pointwise,
  Slice,
  stack,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { floats, ints } from '../helpers/values.js';
import { type Case, type CaseInput, one, x } from './case.js';
import { sequenceCases } from './sequence-cases.js';

export type { Case, CaseInput } from './case.js';

const within = (low: number, high: number, ...sizes: number[]): CaseInput => ({ sizes, low, high });
const indices = (bound: number, ...sizes: number[]): CaseInput => ({ sizes, dtype: 'int32', low: 0, high: bound });
const integers: CaseInput = { sizes: [4], dtype: 'int32', low: -9, high: 9 };

const two = (name: string, run: Case['run'], a: CaseInput = x(4), b: CaseInput = x(4)): Case => ({
  name,
  inputs: [a, b],
  run,
});

const table = tensor(floats(7 * 3, 11), { dtype: 'float32' }).reshape(7, 3);
const square = tensor(floats(16, 12)).reshape(4, 4);
const row = tensor(floats(4, 13));

/** Gives the shape of both, and the numbers of the first. */
const second = pointwise((a, _b) => a.mul(2));

const elementwise: Case[] = [
  ...(['neg', 'abs', 'exp', 'expm1', 'sin', 'cos', 'tanh', 'sigmoid', 'erf', 'floor', 'ceil', 'round'] as const).map(
    (name) => one(name, (a) => F[name](a!)),
  ),
  one('sign', (a) => F.sign(a!.sub(a!.relu()).add(a!.gt(1)))),
  one('halves are rounded to even', (a) => F.round(F.round(a!).add(0.5))),
  one('relu', (a) => a!.relu()),
  one('leakyRelu', (a) => F.leakyRelu(a!, 0.1)),
  one('log', (a) => a!.log(), within(0.1, 4, 4)),
  one('log1p', (a) => a!.log1p(), within(-0.9, 4, 4)),
  one('log1p near 0', (a) => a!.mul(1e-6).log1p().mul(1e6)),
  one('expm1 near 0', (a) => a!.mul(1e-6).expm1().mul(1e6)),
  one('sqrt', (a) => a!.sqrt(), within(0, 4, 4)),
  one('clamp', (a) => a!.clamp(-1, 0.5)),
  one('clamp from below', (a) => a!.clamp(-1)),
  one('pow of a number', (a) => a!.pow(3)),
  one('pow of tensors', (a) => a!.pow(a!), within(0.1, 3, 4)),
  one('numbers on the left', (a) => F.sub(1, F.div(2, a!.add(3)))),
  two('add, sub, mul, div', (a, b) => ({ add: a!.add(b!), sub: a!.sub(b!), mul: a!.mul(b!), div: a!.div(b!) })),
  two('maximum, minimum', (a, b) => [a!.maximum(b!), a!.minimum(b!)]),
  two('comparisons', (a, b) => ({ lt: a!.lt(b!), le: a!.le(b!), gt: a!.gt(b!), ge: a!.ge(b!) })),
  one('equality', (a) => ({ eq: F.round(a!).eq(0), ne: F.round(a!).ne(1) })),
  two('where', (a, b) => a!.where(b!.gt(0), b!)),
  two('where of a condition with numbers', (a, b) => F.where(a!.lt(b!), 1, b!.mul(2))),
  one('maskedFill', (a) => a!.maskedFill(a!.gt(0), -5)),
  one('isnan, isinf, isfinite', (a) => [a!.isnan(), a!.div(a!.relu()).isinf(), a!.div(a!.relu()).isfinite()]),
  one('a row is added', (a) => a!.add(row)),
  one('a column is multiplied', (a) => a!.mul(a!.select(1, 0).unsqueeze(1)), x(4)),
  one('three dimensions and one in the middle', (a) => a!.mul(tensor([[1], [2], [3]])), x(3, 5)),
  one('three dimensions and the last', (a) => a!.mul(row), x(3, 4)),
  one('an outer product', (a) => a!.unsqueeze(2).mul(a!.unsqueeze(1))),
  two('a formula that does not use what it broadcasts with', (a, b) => second(b!.select(0, 0), a!)),
  one('what is written in place', (a) => a!.clone().mul_(2).add_(1).sub_(row).div_(3)),
  one('numbers made in between', (a) =>
    a!
      .add(full([4], 2))
      .mul(ones(4))
      .sub(zeros([1])),
  ),
  one('zeros for each row', (a) => a!.add(zeros([a!.shape[0]!, 4])).add(ones([a!.shape[0]!, 1]))),
];

const ofIntegers: Case[] = [
  two('int32 arithmetic', (a, b) => [a!.add(b!), a!.sub(b!), a!.mul(b!), a!.neg(), a!.abs()], integers, integers),
  two('int32 extremes', (a, b) => [a!.maximum(b!), a!.minimum(b!), a!.clamp(-2, 3), a!.sign()], integers, integers),
  two('int32 comparisons', (a, b) => [a!.lt(b!), a!.le(b!), a!.eq(b!), a!.ne(b!)], integers, integers),
  one('int32 powers', (a) => a!.pow(3), integers),
  one('int32 to float and back', (a) => a!.to('float32').mul(1.5).to('int32'), integers),
  one('int32 sums and orders', (a) => [a!.sum(1), a!.cumsum(1), a!.max(1).values, a!.argmax(1)], integers),
  one('int32 and float', (a) => a!.div(2).add(a!), integers),
];

const alongOneDimension: Case[] = [
  one(
    'sum',
    (a) => ({ all: a!.sum(), rows: a!.sum(1), kept: a!.sum(1, true), two: a!.sum([1, 2]), last: a!.sum(2) }),
    x(3, 5),
  ),
  one('sum over the batch', (a) => a!.sum(0)),
  one('mean', (a) => ({ all: a!.mean(), rows: a!.mean(1), batch: a!.mean(0) }), x(3)),
  one('max, min', (a) => {
    const [max, min] = [a!.max(1), a!.min(1, true)];
    return { max: max.values, at: max.indices, min: min.values, minAt: min.indices, most: a!.max(), least: a!.min() };
  }),
  one('argmax, argmin', (a) => [a!.argmax(1), a!.argmin(1), a!.argmax(2, true)], x(3, 5)),
  one('softmax', (a) => [a!.softmax(1), a!.softmax(-1), a!.logSoftmax(1)], x(3, 5)),
  one('softmax over the batch', (a) => a!.softmax(0)),
  one('sort', (a) => {
    const up = F.sort(a!, { dim: 1 });
    const down = F.sort(a!, { dim: 1, descending: true });
    return { up: up.values, upAt: up.indices, down: down.values, downAt: down.indices };
  }),
  one('equal numbers keep their order', (a) => F.argsort(F.round(a!), { dim: 1 }), x(9)),
  one('topk', (a) => F.topk(a!, 2, { dim: 1 }).values),
  one('cumsum', (a) => [a!.cumsum(1), a!.cumsum(2)], x(3, 4)),
  one('var, std, norm, prod', (a) => ({
    var: a!.var({ dim: 1 }),
    std: a!.std({ dim: 1, correction: 0 }),
    norm: a!.norm(2, { dim: 1 }),
    cube: a!.norm(3, { dim: 1 }),
    inf: a!.norm(Number.POSITIVE_INFINITY, { dim: 1 }),
    prod: a!.prod({ dim: 1 }),
  })),
  two(
    'crossEntropy',
    (a, t) => [F.crossEntropy(a!, t!), F.crossEntropy(a!, t!, { reduction: 'none' })],
    x(3),
    indices(3),
  ),
  two(
    'crossEntropy with weights',
    (a, t) => F.crossEntropy(a!, t!, { weight: tensor([1, 2, 3]), reduction: 'sum' }),
    x(3),
    indices(3),
  ),
  two(
    'other losses',
    (a, b) => [
      F.binaryCrossEntropy(a!.sigmoid(), b!.sigmoid()),
      F.klDiv(a!.logSoftmax(1), b!.softmax(1), { reduction: 'sum' }),
      F.cosineSimilarity(a!, b!),
      F.smoothL1Loss(a!, b!, { reduction: 'none' }),
    ],
    x(3),
    x(3),
  ),
  two('nllLoss', (a, t) => F.nllLoss(a!, t!, { weight: tensor([1, 2, 3]) }), x(3), indices(3)),
  one('activations', (a) => [F.gelu(a), F.mish(a), F.elu(a, 2), F.hardswish(a), F.glu(a), F.softplus(a)], x(4)),
  two('mseLoss, huberLoss', (a, b) => [F.mseLoss(a!, b!), F.huberLoss(a!, b!, { reduction: 'none' })]),
];

const moving: Case[] = [
  one('reshape', (a) => [a!.reshape(-1, 5), a!.reshape(a!.shape[0]!, 15), a!.flatten(), a!.flatten(1)], x(3, 5)),
  one('reshape that splits the rows', (a) => a!.reshape(a!.shape[0]!, 2, 2)),
  one('transpose', (a) => [a!.transpose(0, 1), a!.transpose(1, 2), a!.permute(2, 0, 1), a!.permute(2, 1, 0)], x(3, 5)),
  one('four dimensions in an order that is not its own inverse', (a) => a!.permute(2, 0, 3, 1), x(2, 3, 4)),
  one('a corner', (a) => a!.index('...', new Slice(1, 3), new Slice(1, 4)), x(3, 5)),
  one('transposed twice', (a) => a!.transpose(0, 2).transpose(1, 2), x(3, 5)),
  one('narrow and select', (a) => [a!.narrow(1, 1, 2), a!.select(1, 1), a!.select(2, 4), a!.narrow(2, 2, 3)], x(3, 5)),
  one(
    'the first and the last row',
    (a) => [a!.select(0, 0), a!.select(0, -1), a!.narrow(0, 1, a!.shape[0]! - 1)],
    x(3, 5),
  ),
  one('steps', (a) => [a!.slice(1, 0, null, 2), a!.slice(2, 1, null, 2), a!.slice(1, 1, 7, 3)], x(7, 5)),
  one('index', (a) => a!.index('...', 1, new Slice(null, null, 2)), x(3, 5)),
  one('index by a tensor', (a) => a!.index(new Slice(), tensor([2, 0, 2], { dtype: 'int32' })), x(3, 5)),
  one('split and chunk', (a) => [...a!.split(2, 1), ...a!.chunk(2, 2)], x(3, 5)),
  one('cat', (a) => [cat([a!, a!.mul(2)], 1), cat([a!, a!.neg(), a!], 2), cat([a!, a!.mul(3)], 0)], x(3, 5)),
  one('cat of different sizes', (a) => cat([a!.narrow(1, 0, 1), a!, a!.narrow(1, 1, 2)], 1)),
  one('cat with a row that is always there', (a) => cat([a!, row.unsqueeze(0)], 0)),
  one('stack', (a) => [stack([a!, a!.mul(2)], 0), stack([a!, a!.mul(2)], 1), stack([a!, a!.mul(2)], 2)]),
  one('expand', (a) => [
    a!.unsqueeze(1).expand(-1, 3, -1),
    a!.unsqueeze(2).expand(-1, -1, 2),
    row.expand(a!.shape[0]!, 4).add(a!),
  ]),
  one('repeat', (a) => [a!.repeat(1, 2), a!.repeat(2, 1), a!.repeat(3, 1, 1), F.repeatInterleave(a!, 2, { dim: 1 })]),
  one('squeeze and unsqueeze', (a) => [a!.squeeze(1), a!.unsqueeze(0), a!.unsqueeze(-1)], x(1, 4)),
  one('what is written into a part', (a) => a!.clone().indexPut_([new Slice(), new Slice(1, 3)], 7)),
  one('the diagonal', (a) => F.einsum('bii->bi', a!), x(4, 4)),
  one('returned as it came', (a) => ({ own: a!, same: a!, row })),
];

const byIndex: Case[] = [
  one('rows of a table', (a) => F.indexSelect(table, a!.flatten()).reshape(-1, 2, 3), indices(7, 2)),
  one('indexSelect along another dimension', (a) => F.indexSelect(a!, 1, tensor([3, 0], { dtype: 'int32' }))),
  two('gather', (a, i) => [F.gather(a!, 1, i!), F.gather(a!, 1, i!.narrow(1, 0, 2))], x(4), indices(4, 4)),
  two('gather along the middle', (a, i) => F.gather(a!, 1, i!), x(4, 3), indices(4, 2, 3)),
  two('scatter', (a, i) => F.scatter(a!, 1, F.argsort(i!, { dim: 1 }), a!.mul(10)), x(4), indices(99, 4)),
  two('scatterAdd', (a, i) => F.scatterAdd(a!, 1, i!, a!.mul(10)), x(4), indices(4, 4)),
  one('oneHot', (a) => F.oneHot(a!, 5).to('float32'), indices(5)),
  one('oneHot of rows', (a) => F.oneHot(a!, 5), indices(5, 3)),
];

const products: Case[] = [
  one('linear', (a) => [F.linear(a!, square), F.linear(a!, square, row)]),
  one('linear of three dimensions', (a) => F.linear(a!, square, row).relu().add(a!), x(3, 4)),
  one('linear with a computed weight', (a) => F.linear(a!, square.mul(2).softmax(1))),
  one('matmul', (a) => [a!.matmul(square), a!.matmul(row), a!.matmul(a!.transpose(0, 1))]),
  two('matmul of batches', (a, b) => [a!.matmul(b!), a!.bmm(b!.relu())], x(3, 4), x(4, 5)),
  one('one matrix for all of the batch', (a) => [a!.matmul(square), square.matmul(a!)], x(4, 4)),
  two('attention', (q, k) => q!.matmul(k!.transpose(1, 2)).div(2).softmax(-1).matmul(k!), x(3, 4), x(3, 4)),
  one(
    'heads',
    (a) => {
      const split = a!.reshape(a!.shape[0]!, 3, 2, 2).permute(0, 2, 1, 3);
      const scores = split.matmul(split.transpose(2, 3)).softmax(-1);
      return scores.matmul(split).permute(0, 2, 1, 3).reshape(a!.shape[0]!, 3, 4);
    },
    x(3, 4),
  ),
  two('einsum', (a, b) => F.einsum('bij,bjk->bik', a!, b!), x(3, 4), x(4, 5)),
  one('outer', (a) => F.outer(a!.select(0, 0), row)),
];

const layers: Case[] = [
  ...(
    [
      ['Linear', () => new nn.Linear(4, 3), x(4)],
      ['Linear without bias', () => new nn.Linear(4, 3, { bias: false }), x(2, 4)],
      ['ReLU', () => new nn.ReLU(), x(4)],
      ['LeakyReLU', () => new nn.LeakyReLU({ negativeSlope: 0.2 }), x(4)],
      ['Sigmoid', () => new nn.Sigmoid(), x(4)],
      ['Tanh', () => new nn.Tanh(), x(4)],
      ['Softmax', () => new nn.Softmax(1), x(4)],
      ['LogSoftmax', () => new nn.LogSoftmax(-1), x(4)],
      ['Dropout', () => new nn.Dropout(0.9), x(4)],
      ['Dropout2d', () => new nn.Dropout2d(0.9), x(2, 2, 2)],
      ['Flatten', () => new nn.Flatten(), x(2, 3, 4)],
      ['Identity', () => new nn.Identity(), x(4)],
      ['Conv1d', () => new nn.Conv1d(2, 3, 3, { padding: 'same' }), x(2, 7)],
      ['Conv2d', () => new nn.Conv2d(3, 4, 3), x(3, 5, 6)],
      [
        'Conv2d with a rest, groups and dilation',
        () => new nn.Conv2d(4, 6, [3, 2], { stride: 2, padding: [2, 1], dilation: [1, 2], groups: 2, bias: false }),
        x(4, 7, 6),
      ],
      ['Conv2d, even and same', () => new nn.Conv2d(2, 3, 4, { padding: 'same' }), x(2, 5, 6)],
      ['Conv2d, circular', () => new nn.Conv2d(2, 3, 3, { padding: 1, paddingMode: 'circular' }), x(2, 4, 5)],
      ['Conv3d', () => new nn.Conv3d(2, 3, [1, 2, 3], { padding: [0, 1, 1] }), x(2, 2, 3, 4)],
      ['ConvTranspose1d', () => new nn.ConvTranspose1d(2, 3, 3, { stride: 2 }), x(2, 5)],
      [
        'ConvTranspose2d',
        () =>
          new nn.ConvTranspose2d(4, 6, [3, 2], { stride: [3, 2], padding: [1, 0], outputPadding: [2, 1], groups: 2 }),
        x(4, 4, 3),
      ],
      ['ZeroPad2d, cut off on one side', () => new nn.ZeroPad2d([1, 2, -1, 0]), x(2, 3, 4)],
      ['ConstantPad1d', () => new nn.ConstantPad1d(2, 0.5), x(2, 3)],
      ['ReflectionPad2d', () => new nn.ReflectionPad2d([1, 2, 0, 1]), x(2, 3, 4)],
      ['ReplicationPad1d', () => new nn.ReplicationPad1d(3), x(2, 3)],
      ['CircularPad2d', () => new nn.CircularPad2d(1), x(2, 3, 4)],
      ['Unfold', () => new nn.Unfold(2, { padding: 1, stride: 2 }), x(2, 4, 5)],
      ['Fold', () => new nn.Fold([4, 5], 2, { padding: 1 }), x(8, 30)],
      ['Upsample, nearest', () => new nn.Upsample({ scaleFactor: 2 }), x(2, 3, 4)],
      ['Upsample, bilinear', () => new nn.Upsample({ size: [5, 7], mode: 'bilinear' }), x(2, 3, 4)],
      ['PixelShuffle', () => new nn.PixelShuffle(2), x(8, 2, 3)],
      ['PixelUnshuffle', () => new nn.PixelUnshuffle(2), x(2, 4, 6)],
      ['Unflatten', () => new nn.Unflatten(1, [2, -1]), x(6)],
      ['AlphaDropout', () => new nn.AlphaDropout(0.9), x(4)],
    ] as const
  ).map(([name, make, input]): Case => {
    const layer = make().eval();
    return one(name, (a) => (layer as nn.Module).forward(a!), input);
  }),
];

const images = x(3, 7, 9);
const pooling: Case[] = [
  one('maxPool1d', (a) => F.maxPool1d(a!, 3, { stride: 2, dilation: 2, padding: 1 }), x(3, 13)),
  one('maxPool2d', (a) => F.maxPool2d(a!, 2), images),
  one('maxPool2d, padded, ceil', (a) => F.maxPool2d(a!, [3, 2], { stride: 2, padding: 1, ceilMode: true }), images),
  one('maxPool2d with indices', (a) => F.maxPool2d(a!, 3, { stride: 1, returnIndices: true }), images),
  one('maxPool2d of one window', (a) => F.maxPool2d(a!, [5, 9]), images),
  one('adaptiveMaxPool2d', (a) => F.adaptiveMaxPool2d(a!, [1, 3]), images),
  one('avgPool1d', (a) => F.avgPool1d(a!, 3), x(3, 13)),
  one('avgPool2d, padded', (a) => F.avgPool2d(a!, 3, { stride: 2, padding: 1 }), images),
  one(
    'avgPool2d, padding that does not count',
    (a) => F.avgPool2d(a!, 3, { padding: 1, countIncludePad: false }),
    images,
  ),
  one('avgPool2d, ceil', (a) => F.avgPool2d(a!, 3, { stride: 2, ceilMode: true, divisorOverride: 5 }), images),
  one('adaptiveAvgPool2d', (a) => F.adaptiveAvgPool2d(a!, [1, 1]), images),
  one('adaptiveAvgPool2d, uneven', (a) => F.adaptiveAvgPool2d(a!, [3, 4]), images),
  one('avgPool3d', (a) => F.avgPool3d(a!, 2, 1), x(2, 3, 4, 4)),
];

const norms: Case[] = [
  one(
    'batchNorm of the batch',
    (a) => F.batchNorm(a!, null, null, { training: true, weight: square.select(0, 0) }),
    x(4, 3),
  ),
  one('batchNorm in evaluation', (a) => F.batchNorm(a!, row, row.abs().add(1), { weight: row, bias: row }), x(4, 2, 3)),
  one('layerNorm', (a) => F.layerNorm(a!, 4, { weight: row, bias: row })),
  one('layerNorm of two dimensions', (a) => F.layerNorm(a!, [3, 4], { eps: 0.1 }), x(2, 3, 4)),
  one('groupNorm', (a) => F.groupNorm(a!, 2, { weight: row, bias: row }), x(4, 5)),
  one('instanceNorm', (a) => F.instanceNorm(a!), x(3, 4, 2)),
  one('rmsNorm', (a) => F.rmsNorm(a!, 4, { weight: row })),
];

export const cases: readonly Case[] = [
  ...norms,
  ...pooling,
  ...elementwise,
  ...ofIntegers,
  ...alongOneDimension,
  ...moving,
  ...byIndex,
  ...products,
  ...layers,
  ...sequenceCases,
];

/** Inputs of a case for a batch. */
export function inputsOf({ inputs }: Case, batch: number, seed = 1): Tensor[] {
  return inputs.map(({ sizes, dtype = 'float32', low = -2, high = 2 }, i) => {
    const shape = [batch, ...sizes];
    const count = shape.reduce((product, size) => product * size, 1);
    const numbers = dtype === 'int32' ? ints(count, seed + i, low, high) : floats(count, seed + i, low, high);
    return tensor(numbers, { dtype }).reshape(shape);
  });
}

/** A function as a model. */
export class FunctionModule extends nn.Module<Tensor[], Tensor | Tensor[] | Record<string, Tensor>> {
  readonly #run: Case['run'];

  constructor(run: Case['run']) {
    super();
    this.#run = run;
  }

  override forward(...inputs: Tensor[]): Tensor | Tensor[] | Record<string, Tensor> {
    return this.#run(...inputs);
  }
}

/** What a model gives, by the names that its outputs have in a file. */
export function namedOutputs(
  value: Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  if (Array.isArray(value)) return Object.fromEntries(value.map((each: Tensor, i) => [`output${i}`, each]));
  return 'shape' in value && 'storage' in value
    ? { output: value as Tensor }
    : { ...(value as Record<string, Tensor>) };
}
