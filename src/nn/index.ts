/** Layers, losses and containers, as PyTorch's `torch.nn`. */

export type { Named, Positional, Setting } from '../functional/activations/activation.js';
export type { CrossEntropyOptions } from '../functional/cross-entropy.js';
export type { LossOptions } from '../functional/losses.js';
export { ActivationLayer, type InplaceOption, type LayerArguments } from './activation-layer.js';
export * from './activations.js';
export type { NamedModules } from './container.js';
export { CrossEntropyLoss } from './cross-entropy.js';
export { Dropout, Dropout2d, type DropoutOptions } from './dropout.js';
export type { Chain, Features, FeaturesOfChain, SameFeatures } from './features.js';
export { Flatten } from './flatten.js';
export type { HookedModule } from './hooked-module.js';
export type { ForwardHook, ForwardPreHook, FullBackwardHook, Gradients, HookOptions } from './hooks.js';
export { Identity } from './identity.js';
export { Linear, type LinearOptions } from './linear.js';
export * from './losses.js';
export { type AnyModule, Module } from './module.js';
export { ModuleDict } from './module-dict.js';
export { ModuleList } from './module-list.js';
export { Parameter } from './parameter.js';
export { Sequential } from './sequential.js';
export { PReLU, type PReLUOptions, RReLU, type RReLULayerOptions } from './slopes.js';
export { GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax.js';
export { IncompatibleKeys, type StateDict, type StateDictLike } from './state-dict.js';
export * as utils from './utils/index.js';
