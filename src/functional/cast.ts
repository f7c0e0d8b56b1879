import { checkOneOf } from '../check.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { dtypes } from '../tensor/storage.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { checkTensor, empty } from './support.js';

/**
 * The numbers in another dtype, as `torch.Tensor.to(dtype)`; the tensor itself when it has that dtype already. To int32:
 * truncated towards zero, NaN gives 0, numbers out of range the nearest int32. Gradients pass between float types.
 * @param target a dtype, or a tensor whose dtype is taken.
 */
export function to(input: Tensor, target: DType | Tensor): Tensor {
  checkTensor('to', input);
  const dtype = target instanceof Tensor ? target.dtype : checkOneOf('to', 'dtype', target, dtypes);
  if (input.dtype === dtype) return input;
  const output = empty(input.shape, dtype);
  currentOps().cast({ x: input.storage, out: output.storage, n: input.numel });
  if (dtype === 'int32') return output;
  return setGradFn('ToCopyBackward0', output, [input], [], (grad) => [to(grad, input.dtype)]);
}

/** What functions with fractions compute with: float32 for an int32 tensor, as in PyTorch. */
export function asFloat(caller: string, input: Tensor): Tensor {
  checkTensor(caller, input);
  return input.dtype === 'int32' ? to(input, 'float32') : input;
}
