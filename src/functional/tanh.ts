import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { asFloat } from './cast.js';
import { emptyLike, unary } from './support.js';

/** Hyperbolic tangent, elementwise. Gradient: grad·(1 - output²). */
export function tanh(given: Tensor): Tensor {
  const input = asFloat('tanh', given);
  const output = unary('tanh', input);
  return record('TanhBackward0', output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    const n = input.numel;
    currentOps().tanhBackward({ grad: grad.storage, y: output.storage, out: gradInput.storage, n });
    return [gradInput];
  });
}
