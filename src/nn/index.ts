/** Layers, losses and containers, as PyTorch's `torch.nn`. */

export type { Named, Positional, Setting } from '../functional/activations/activation.js';
export type { CrossEntropyOptions } from '../functional/cross-entropy.js';
export type { CosineSimilarityOptions, PairwiseDistanceOptions } from '../functional/distances.js';
export type {
  BCEWithLogitsOptions,
  GaussianNLLLossOptions,
  HuberLossOptions,
  KLDivOptions,
  LossOptions,
  MarginLossOptions,
  MultiMarginLossOptions,
  NLLLossOptions,
  PoissonNLLLossOptions,
  SmoothL1LossOptions,
  TripletMarginLossOptions,
  WeightedLossOptions,
} from '../functional/losses/index.js';
export type { ActivationLayer, InplaceOption, LayerArguments } from './activation-layer.js';
export * from './activations.js';
export * from './adaptive-pool.js';
export {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
} from './attention/multihead-attention.js';
export type { AttentionLayerOptions } from './attention/options.js';
export {
  type EncoderCall,
  TransformerEncoder,
  type TransformerEncoderOptions,
} from './attention/transformer-encoder.js';
export {
  type EncoderLayerCall,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
} from './attention/transformer-encoder-layer.js';
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormLayerOptions,
  InstanceNorm1d,
  InstanceNorm2d,
} from './batch-norm.js';
export { Bilinear } from './bilinear.js';
export type { NamedModules } from './container.js';
export * from './conv.js';
export type { LayerOptions, PaddingMode } from './conv-base.js';
export type { ConvertibleModule, FloatDType } from './convertible-module.js';
export { CrossEntropyLoss } from './cross-entropy.js';
export { CTCLoss } from './ctc.js';
export { CosineSimilarity, PairwiseDistance } from './distances.js';
export * from './dropout.js';
export { Embedding, EmbeddingBag, type EmbeddingBagLayerOptions, type EmbeddingLayerOptions } from './embedding.js';
export type { Chain, Channels, Features, FeaturesOfChain, SameChannels, SameFeatures } from './features.js';
export { Flatten, Unflatten } from './flatten.js';
export { Fold, Unfold } from './fold.js';
export type { HookedModule } from './hooked-module.js';
export type { ForwardHook, ForwardPreHook, FullBackwardHook, Gradients, HookOptions } from './hooks.js';
export { Identity } from './identity.js';
export * as init from './init/index.js';
export type { LabelLoss } from './label-loss.js';
export {
  GroupNorm,
  type GroupNormOptions,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormLayerOptions,
} from './layer-norm.js';
export { Linear, type LinearOptions } from './linear.js';
export type { LossReduction, ReducedLoss } from './loss.js';
export * from './losses.js';
export {
  CosineEmbeddingLoss,
  GaussianNLLLoss,
  MarginRankingLoss,
  TripletMarginLoss,
} from './losses-of-three.js';
export { type AnyModule, Module } from './module.js';
export { ModuleDict } from './module-dict.js';
export { ModuleList } from './module-list.js';
export { NLLLoss } from './nll.js';
export * from './padding.js';
export * as parallel from './parallel/index.js';
export { Parameter } from './parameter.js';
export { type NamedTensors, ParameterDict } from './parameter-dict.js';
export { ParameterList } from './parameter-list.js';
export { PixelShuffle, PixelUnshuffle } from './pixel-shuffle.js';
export { AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d, type MaxPoolOutput } from './pool.js';
export {
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from './recurrent/cells.js';
export { GRU, LSTM, type LSTMOptions, RNN, type RNNOptions } from './recurrent/layers.js';
export type { CellOptions, RecurrentOptions } from './recurrent/options.js';
export type { Sequences } from './recurrent/recurrent-layer.js';
export { Sequential } from './sequential.js';
export { PReLU, type PReLUOptions, RReLU, type RReLULayerOptions } from './slopes.js';
export { GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax.js';
export { IncompatibleKeys, type StateDict, type StateDictLike } from './state-dict.js';
export { SyncBatchNorm, type SyncBatchNormOptions } from './sync-batch-norm.js';
export { Upsample } from './upsample.js';
export * as utils from './utils/index.js';
