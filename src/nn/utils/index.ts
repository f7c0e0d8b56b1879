/** Helpers for modules and training, as PyTorch's `torch.nn.utils`. */
export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_, getTotalNorm } from './clip-grad.js';
export * as rnn from './rnn.js';
export { parametersToVector, vectorToParameters } from './vector.js';
export { removeWeightNorm, weightNorm } from './weight-norm.js';
