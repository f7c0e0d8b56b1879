/** Activation functions. To add one: its entry in the file of its kind, its layer in `nn/activations.ts`. */
export type { ActivationFunction, Named, Positional, Setting, SettingArguments } from './activation.js';
export { glu, softmin } from './gated.js';
export { hardshrink, hardsigmoid, hardswish, hardtanh, softshrink } from './hard.js';
export { celu, elu, leakyRelu, relu, relu6, selu, threshold } from './rectifying.js';
export { prelu, type RReLUOptions, rrelu } from './slopes.js';
export {
  type GELUOptions,
  gelu,
  logsigmoid,
  mish,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
  tanhshrink,
} from './smooth.js';
