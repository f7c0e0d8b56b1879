import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { integersWith } from './integers.js';
import { checkTensor, emptyLike, unary } from './support.js';

/**
 * max(input, 0), elementwise; NaN stays NaN; int32 stays int32. Gradient: grad where the output is not 0, else 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html | torch.nn.functional.relu}.
 */
export function relu(input: Tensor): Tensor {
  if (checkTensor('relu', input).dtype === 'int32') return integersWith('relu', 'maximumInt', input, 0);
  const output = unary('relu', input);
  return record('ReluBackward0', output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    const n = input.numel;
    currentOps().reluBackward({ grad: grad.storage, y: output.storage, out: gradInput.storage, n });
    return [gradInput];
  });
}
