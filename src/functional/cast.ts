import { checkOneOf } from '../check.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { dtypes } from '../tensor/storage.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkTensor, empty } from './support.js';

/**
 * The numbers in another dtype, as `torch.Tensor.to(dtype)`; the tensor itself when it has that dtype already. To int32:
 * truncated towards zero, NaN gives 0, numbers out of range the nearest int32. Gradients pass between float types.
 */
export function to(input: Tensor, dtype: DType): Tensor {
  checkTensor('to', input);
  checkOneOf('to', 'dtype', dtype, dtypes);
  if (input.dtype === dtype) return input;
  const output = empty(input.shape, dtype);
  currentOps().cast({ x: input.storage, out: output.storage, n: input.numel });
  if (dtype === 'int32') return output;
  return record('ToCopyBackward0', output, [input], [], (grad) => [to(grad, input.dtype)]);
}
