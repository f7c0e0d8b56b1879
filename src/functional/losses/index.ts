/** Losses. To add one: its formula, its options and its function in the file of its kind, its module in `nn`. */
export {
  type BCEWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type KLDivOptions,
  klDiv,
  multilabelSoftMarginLoss,
} from './binary.js';
export { type CTCLossOptions, ctcLoss, type SequenceLengths } from './ctc.js';
export {
  hingeEmbeddingLoss,
  type MarginLossOptions,
  type MultiMarginLossOptions,
  marginRankingLoss,
  multilabelMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from './margin.js';
export { type NLLLossOptions, nllLoss } from './nll.js';
export type { LossOptions, WeightedLossOptions } from './reduction.js';
export {
  type GaussianNLLLossOptions,
  gaussianNllLoss,
  type HuberLossOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  type PoissonNLLLossOptions,
  poissonNllLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './regression.js';
export { cosineEmbeddingLoss, type TripletMarginLossOptions, tripletMarginLoss } from './similarity.js';
