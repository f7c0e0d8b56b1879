/**
 * lanewise: fast CPU training of neural networks for Node, with PyTorch's semantics.
 * @packageDocumentation
 */
export { type Compiled, type CompileOptions, compile, type Returnable } from './compile/compile.js';
export type { PassName } from './compile/passes/index.js';
export { type Summary, type SummaryInput, type SummaryOptions, summary } from './compile/summary.js';
export type { Shapes, SummaryRow } from './compile/summary-table.js';
export * as data from './data/index.js';
export * as distributed from './distributed/index.js';
export { ArgumentError, BackendError, type ErrorCode, LanewiseError, ShapeError, StateError } from './errors.js';
export { type GradcheckOptions, gradcheck } from './functional/gradcheck.js';
export * as functional from './functional/index.js';
export { allclose, cat, equal, type PointwiseOptions, pointwise, stack } from './functional/index.js';
export { Slice, type TensorIndex } from './functional/slicing.js';
export * as io from './io/index.js';
export * as nn from './nn/index.js';
export { type BackendInfo, backend } from './ops/backend.js';
export type { DType, HostArray } from './ops/ops.js';
export * as optim from './optim/index.js';
export { Expression, type ExpressionOperand } from './pointwise/expression.js';
export {
  defaultGenerator,
  Generator,
  type GeneratorOptions,
  type GeneratorState,
  type MaskMode,
  manualSeed,
} from './random/generator.js';
export * as autograd from './tensor/autograd.js';
export {
  arange,
  empty,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  type TensorOptions,
  zeros,
  zerosLike,
} from './tensor/creation.js';
export { type TensorValues, tensor } from './tensor/from-values.js';
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from './tensor/grad-scope.js';
export type { RemovableHandle } from './tensor/hooks.js';
export type { JSONNumber, NestedJSON, TensorJSON } from './tensor/json.js';
export type { GradientHook } from './tensor/node.js';
export {
  bernoulli,
  type RandomOptions,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
} from './tensor/random.js';
export type { Shape } from './tensor/shape.js';
export type { Sizes, SizesAndOptions } from './tensor/size-arguments.js';
export type { Tensors } from './tensor/structure.js';
export { type NestedArray, Tensor, type TypedArrayOf } from './tensor/tensor.js';
export type { ZeroGradOptions } from './tensor/zero-grad.js';
export * from './train/index.js';
