import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkFloat, emptyLike, unary } from './support.js';

/** 1 / (1 + e^-input), elementwise. Gradient: grad·output·(1 - output). */
export function sigmoid(input: Tensor): Tensor {
  checkFloat('sigmoid', input);
  const output = unary('sigmoid', input);
  return record('SigmoidBackward0', output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    const n = input.numel;
    currentOps().sigmoidBackward({ grad: grad.storage, y: output.storage, out: gradInput.storage, n });
    return [gradInput];
  });
}
