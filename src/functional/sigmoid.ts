import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { asFloat } from './cast.js';
import { emptyLike, unary } from './support.js';

/** 1 / (1 + e^-input), elementwise. Gradient: grad·output·(1 - output). */
export function sigmoid(given: Tensor): Tensor {
  const input = asFloat('sigmoid', given);
  const output = unary('sigmoid', input);
  return record('SigmoidBackward0', output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    const n = input.numel;
    currentOps().sigmoidBackward({ grad: grad.storage, y: output.storage, out: gradInput.storage, n });
    return [gradInput];
  });
}
