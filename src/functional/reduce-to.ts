/** Sums over dimensions without a gradient, and the sum that undoes a broadcast. */
import { currentOps } from '../ops/backend.js';
import { type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { around, empty, viewAs } from './support.js';

/** The gradient of a broadcast: the sum of `grad` over the dimensions in which `target` was repeated. */
export function sumTo(grad: Tensor, target: Tensor): Tensor | null {
  if (!target.requiresGrad) return null;
  if (sameShape(grad.shape, target.shape)) return grad;
  const lead = new Array<number>(grad.ndim - target.ndim).fill(1);
  return viewAs(reduceTo(grad, [...lead, ...target.shape]), target.shape);
}

/** Sums every dimension that has size 1 in `kept`; neighbouring ones in one call of the op. */
export function reduceTo(input: Tensor, kept: Shape): Tensor {
  let current = input;
  for (let dim = 0; dim < kept.length; ) {
    let end = dim;
    while (end < kept.length && kept[end] === 1) end++;
    if (end === dim) {
      dim++;
      continue;
    }
    current = sumRange(current, dim, end);
    dim = end;
  }
  return current;
}

function sumRange(input: Tensor, start: number, end: number): Tensor {
  const { outer } = around(input.shape, start);
  const { inner } = around(input.shape, end - 1);
  const range = input.shape.slice(start, end);
  const size = range.reduce((a, b) => a * b, 1);
  const shape = input.shape.map((length, dim) => (dim >= start && dim < end ? 1 : length));
  if (size === 1) return viewAs(input, shape);
  const output = empty(shape, input.dtype);
  currentOps().sum({ x: input.storage, out: output.storage, outer, size, inner });
  return output;
}
