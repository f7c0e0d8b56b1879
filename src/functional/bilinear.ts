/** A bilinear form of two vectors. */
import { ShapeError } from '../errors.js';
import { formatShape, numelOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add } from './arithmetic.js';
import { matmul } from './matmul.js';
import { PointwiseFunction } from './pointwise.js';
import { permute } from './strided.js';
import { sum } from './sum.js';
import { checkFloat, checkSameDtype } from './support.js';
import { reshape } from './views.js';

const product = new PointwiseFunction({ gradName: 'MulBackward0', inputs: 2, build: ([a, b]) => a!.mul(b!) });

/**
 * y[o] = input1·weight[o]·input2 + bias[o].
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html | torch.nn.functional.bilinear}
 * @param input1 [..., in1]. @param input2 [..., in2], with the same leading sizes. @param weight [out, in1, in2]. @param bias [out] or null.
 * @throws ShapeError for sizes that do not fit.
 */
export function bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const caller = 'bilinear';
  checkFloat(caller, input1);
  checkFloat(caller, input2);
  checkFloat(`${caller}: weight`, weight);
  checkSameDtype(caller, input1, input2);
  checkSameDtype(caller, input1, weight);
  if (weight.ndim !== 3)
    throw new ShapeError(`${caller}(): weight must be [out, in1, in2], got shape ${formatShape(weight.shape)}`);
  const [out, in1, in2] = weight.shape as [number, number, number];
  if (bias !== null) {
    checkSameDtype(caller, input1, checkFloat(`${caller}: bias`, bias));
    if (bias.numel !== out)
      throw new ShapeError(`${caller}(): bias must have ${out} elements, got shape ${formatShape(bias.shape)}`);
  }
  const lead = input1.shape.slice(0, -1);
  if (input1.ndim !== input2.ndim)
    throw new ShapeError(`${caller}(): input dimensions do not match: got ${input1.ndim} and ${input2.ndim}`);
  lead.forEach((size, dim) => {
    if (size !== input2.shape[dim])
      throw new ShapeError(
        `${caller}(): input batch dimensions do not match at dim ${dim}: got ${size} and ${input2.shape[dim]}`,
      );
  });
  for (const [which, input, size] of [
    [1, input1, in1],
    [2, input2, in2],
  ] as const)
    if (input.shape.at(-1) !== size)
      throw new ShapeError(
        `${caller}(): input${which} size does not match weight size: got ${input.shape.at(-1)} but expected ${size}`,
      );
  const rows = numelOf(lead);
  const inner = matmul(reshape(input1, [rows, in1]), reshape(permute(weight, [1, 0, 2]), [in1, out * in2]));
  const terms = product.apply(caller, [reshape(inner, [rows, out, in2]), reshape(input2, [rows, 1, in2])]);
  const result = reshape(sum(terms, 2), [...lead, out]);
  return bias === null ? result : add(result, bias);
}
