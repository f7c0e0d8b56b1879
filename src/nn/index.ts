/** Layers, losses and containers, as PyTorch's `torch.nn`. */
export type { CrossEntropyOptions } from '../functional/cross-entropy.js';
export type { LossOptions } from '../functional/losses.js';
export * from './activations.js';
export type { NamedModules } from './container.js';
export { CrossEntropyLoss } from './cross-entropy.js';
export { Dropout, Dropout2d, type DropoutOptions } from './dropout.js';
export type { Chain, Features, FeaturesOfChain, SameFeatures } from './features.js';
export { Flatten } from './flatten.js';
export { Identity } from './identity.js';
export { Linear, type LinearOptions } from './linear.js';
export * from './losses.js';
export { type AnyModule, Module } from './module.js';
export { ModuleDict } from './module-dict.js';
export { ModuleList } from './module-list.js';
export { Parameter } from './parameter.js';
export { Sequential } from './sequential.js';
export { LogSoftmax, Softmax } from './softmax.js';
export { IncompatibleKeys, type StateDict, type StateDictLike } from './state-dict.js';
