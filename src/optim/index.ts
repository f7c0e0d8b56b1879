/** Optimizers, as PyTorch's `torch.optim`. */
export { Adam, type AdamOptions } from './adam.js';
export { AdamW } from './adamw.js';
export * as lrScheduler from './lr-scheduler/index.js';
export { type BaseOptions, Optimizer, type OptimizerKind, type ParamGroup } from './optimizer.js';
export type { GroupOptions, Params } from './params.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { ParamState } from './state.js';
export type { OptimizerStateDict } from './state-dict.js';
export type { Form } from './update.js';
