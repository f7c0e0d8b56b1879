/** Differentiable functions, as PyTorch's `torch.nn.functional` and the functions of `torch` itself. */
import './iteration.js';
import './methods.js';
import './methods-shape.js';

export { add, div, mul, type Operand, pow, sub } from './arithmetic.js';
export { to } from './cast.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { dropout, dropout2d } from './dropout.js';
export { abs, clamp, exp, log, neg, sign, sqrt } from './elementwise.js';
export { type AllcloseOptions, allclose, equal } from './equal.js';
export { expand, type RepeatInterleaveOptions, repeat, repeatInterleave } from './expand.js';
export { argmax, type DimOptions, max, min, type ValuesAndIndices } from './extremum.js';
export { indexSelect } from './index-select.js';
export { linear } from './linear.js';
export { matmul } from './matmul.js';
export type { BackwardOptions } from './methods.js';
export { type MSELossOptions, mseLoss } from './mse-loss.js';
export { relu } from './relu.js';
export { sigmoid } from './sigmoid.js';
export { index, maskedSelect, slice } from './slicing.js';
export { logSoftmax, softmax } from './softmax.js';
export { chunk, split } from './split.js';
export { cat, clone, narrow, permute, select, stack, transpose } from './strided.js';
export { type Dims, mean, type ReduceOptions, sum } from './sum.js';
export { tanh } from './tanh.js';
export { flatten, reshape, squeeze, unsqueeze } from './views.js';
