/** Differentiable functions, as PyTorch's `torch.nn.functional` and the functions of `torch` itself. */
import './iteration.js';
import './methods.js';
import './methods-elementwise.js';
import './methods-in-place.js';
import './methods-order.js';
import './methods-products.js';
import './methods-shape.js';

export * from './activations/index.js';
export { alphaDropout, featureAlphaDropout } from './alpha-dropout.js';
export { add, div, maximum, minimum, mul, pow, sub } from './arithmetic.js';
export { type AttentionOptions, scaledDotProductAttention } from './attention.js';
export { adaptiveAvgPool1d, adaptiveAvgPool2d, avgPool1d, avgPool2d, avgPool3d } from './avg-pool.js';
export { type BatchNormOptions, batchNorm } from './batch-norm.js';
export { bilinear } from './bilinear.js';
export { to } from './cast.js';
export * from './comparison.js';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './conv.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { type PointwiseOptions, pointwise } from './custom.js';
export {
  type CosineSimilarityOptions,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from './distances.js';
export { dropout } from './dropout.js';
export { einsum } from './einsum.js';
export {
  abs,
  ceil,
  clamp,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  neg,
  round,
  sign,
  sin,
  sqrt,
} from './elementwise.js';
export { type EmbeddingOptions, embedding } from './embedding.js';
export { type BagMode, type EmbeddingBagOptions, embeddingBag } from './embedding-bag.js';
export { type AllcloseOptions, allclose, equal } from './equal.js';
export { expand, type RepeatInterleaveOptions, repeat, repeatInterleave } from './expand.js';
export { argmax, argmin, type DimOptions, max, min, type ValuesAndIndices } from './extremum.js';
export { dropout1d, dropout2d, dropout3d, type LockedDropoutOptions, lockedDropout } from './feature-dropout.js';
export { type FoldOptions, fold, unfold } from './fold.js';
export { gather, oneHot, scatter, scatterAdd } from './gather.js';
export type { AlphaOptions, FillRandomOptions } from './in-place.js';
export { indexSelect } from './index-select.js';
export { type InterpolateMode, type InterpolateOptions, interpolate } from './interpolate.js';
export {
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  layerNorm,
  type NormalizedShape,
  type NormOptions,
  type RMSNormOptions,
  rmsNorm,
} from './layer-norm.js';
export { linear } from './linear.js';
export * from './losses/index.js';
export { matmul } from './matmul.js';
export {
  type AdaptiveMaxPoolOptions,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  type MaxPooled,
  type MaxUnpoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  type OutputSize,
} from './max-pool.js';
export type { BackwardOptions } from './methods.js';
export { norm } from './norm.js';
export type { Operand } from './operands.js';
export { argsort, cumsum, type SortOptions, sort, type TopkOptions, topk } from './order.js';
export { type PadMode, type PadOptions, pad } from './pad.js';
export type { PerDimension } from './per-dimension.js';
export { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
export type { AvgPoolOptions, MaxPoolOptions, PoolOptions, PoolSize } from './pool-windows.js';
export { bmm, dot, outer } from './products.js';
export { index, maskedSelect, slice } from './slicing.js';
export { logSoftmax, softmax } from './softmax.js';
export { chunk, split } from './split.js';
export { type ProdOptions, prod, std, type VarOptions, var } from './statistics.js';
export { cat, clone, narrow, permute, select, stack, transpose } from './strided.js';
export { type Dims, mean, type ReduceOptions, sum } from './sum.js';
export { flatten, reshape, squeeze, unflatten, unsqueeze } from './views.js';
