/** Softmax and its logarithm along one dimension. */
import { currentOps } from '../ops/backend.js';
import { checkDim } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { around, checkFloat, emptyLike } from './support.js';

/** e^x / Σ e^x along `dim`. Gradient: y·(grad - Σ grad·y). As `torch.softmax`. */
export function softmax(input: Tensor, dim: number): Tensor {
  return along('softmax', 'softmaxBackward', 'SoftmaxBackward0', input, dim);
}

/** x - log Σ e^x along `dim`. Gradient: grad - e^y·Σ grad. As `torch.log_softmax`. */
export function logSoftmax(input: Tensor, dim: number): Tensor {
  return along('logSoftmax', 'logSoftmaxBackward', 'LogSoftmaxBackward0', input, dim);
}

function along(
  forward: 'softmax' | 'logSoftmax',
  backward: 'softmaxBackward' | 'logSoftmaxBackward',
  node: string,
  input: Tensor,
  dim: number,
): Tensor {
  checkFloat(forward, input);
  const sizes = around(input.shape, checkDim(forward, dim, input.ndim));
  const output = emptyLike(input);
  currentOps()[forward]({ x: input.storage, out: output.storage, ...sizes });
  return record(node, output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    currentOps()[backward]({ grad: grad.storage, y: output.storage, out: gradInput.storage, ...sizes });
    return [gradInput];
  });
}
