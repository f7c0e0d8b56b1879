/** Initial weights, as PyTorch's `torch.nn.init`. To add one: its function in `fills.ts`, or in `rejection.ts` if it reads what it has drawn. */
export {
  constant_,
  dirac_,
  eye_,
  type InitOptions,
  type KaimingOptions,
  kaimingNormal_,
  kaimingUniform_,
  normal_,
  ones_,
  uniform_,
  xavierNormal_,
  xavierUniform_,
  zeros_,
} from './fills.js';
export { calculateGain, type Nonlinearity } from './gain.js';
export { orthogonal_, sparse_, truncNormal_ } from './rejection.js';
