/** Products of vectors and of batches of matrices, by way of {@link matmul}. */
import { ShapeError } from '../errors.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul } from './arithmetic.js';
import { matmul } from './matmul.js';
import { checkFloat, checkSameDtype, checkTensor } from './support.js';
import { reshape } from './views.js';

/** The matrix products of two batches: [b, m, k] and [b, k, n] give [b, m, n]. Nothing broadcasts. As `torch.bmm`. */
export function bmm(input: Tensor, other: Tensor): Tensor {
  const caller = 'bmm';
  checkFloat(caller, input);
  checkFloat(caller, other);
  checkSameDtype(caller, input, other);
  if (input.ndim !== 3)
    throw new ShapeError(`${caller}: batch1 must be a 3D tensor, got shape ${formatShape(input.shape)}`);
  if (other.ndim !== 3)
    throw new ShapeError(`${caller}: batch2 must be a 3D tensor, got shape ${formatShape(other.shape)}`);
  const [batch, , inner] = input.shape as [number, number, number];
  if (other.shape[0] !== batch || other.shape[1] !== inner)
    throw new ShapeError(
      `${caller}: Expected size for first two dimensions of batch2 tensor to be: [${batch}, ${inner}] but got: ` +
        `[${other.shape[0]}, ${other.shape[1]}].`,
    );
  return matmul(input, other);
}

/** Each element of one vector times each of another: [n] and [m] give [n, m]. As `torch.outer`. */
export function outer(input: Tensor, other: Tensor): Tensor {
  const caller = 'outer';
  checkTensor(caller, input);
  checkTensor(caller, other);
  if (input.ndim !== 1) throw new ShapeError(`outer: Expected 1-D argument self, but got ${input.ndim}-D`);
  if (other.ndim !== 1) throw new ShapeError(`outer: Expected 1-D argument vec2, but got ${other.ndim}-D`);
  return mul(reshape(input, [input.numel, 1]), other);
}

/** Σ inputᵢ·otherᵢ of two vectors of one length. As `torch.dot`. */
export function dot(input: Tensor, other: Tensor): Tensor {
  const caller = 'dot';
  checkFloat(caller, input);
  checkFloat(caller, other);
  checkSameDtype(caller, input, other);
  if (input.ndim !== 1 || other.ndim !== 1)
    throw new ShapeError(`${caller}: 1D tensors expected, but got ${input.ndim}D and ${other.ndim}D tensors`);
  if (input.numel !== other.numel)
    throw new ShapeError(
      `${caller}: inconsistent tensor size, expected tensor [${input.numel}] and src [${other.numel}] to have the same ` +
        `number of elements, but got ${input.numel} and ${other.numel} elements respectively`,
    );
  return matmul(input, other);
}
