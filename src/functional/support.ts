/** What every differentiable function needs: checks of its tensor arguments, and room for its result. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { broadcastStrides, denseLayout, layoutOf, numelOf, type Shape, sameShape, stridesOf } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

export function checkTensor(caller: string, value: unknown, what = 'a Tensor'): Tensor {
  if (!(value instanceof Tensor)) throw new ArgumentError(`${caller}: expected ${what}, got ${show(value)}`);
  return value;
}

/** A tensor that can be differentiated: float32 or float64. */
export function checkFloat(caller: string, value: unknown): Tensor {
  const input = checkTensor(caller, value);
  if (input.dtype === 'int32')
    throw new ArgumentError(
      `${caller}: expected a float32 or float64 tensor, got int32; convert it with to('float32')`,
    );
  return input;
}

export function checkSameDtype(caller: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype)
    throw new ArgumentError(
      `${caller}: expected tensors of the same dtype, got ${a.dtype} and ${b.dtype}; convert one with to()`,
    );
}

/** Room for the result of an op, which writes every element of it: what is there before is arbitrary. */
export function empty(shape: Shape, dtype: DType): Tensor {
  return new Tensor(Storage.uninitialized(dtype, numelOf(shape)), shape);
}

/** Room of the same shape and dtype. */
export function emptyLike(input: Tensor): Tensor {
  return empty(input.shape, input.dtype);
}

/** Room filled with a value by an op: a traced program must do it again at every run. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  const output = empty(shape, dtype);
  currentOps().fill({ out: output.storage, value, n: output.numel });
  return output;
}

export const zeroed = (shape: Shape, dtype: DType): Tensor => filled(shape, 0, dtype);

/** A view of the same memory under another shape of as many elements; no gradient. */
export function viewAs(input: Tensor, shape: Shape): Tensor {
  return new Tensor(input.storage, shape);
}

/** A 0-dimensional tensor that holds a constant of a computation. */
export const scalarOf = (value: number, dtype: DType): Tensor => filled([], value, dtype);

/** Memory seen as [outer, size, inner] around one dimension, as the contract's ops take it. */
export function around(shape: Shape, dim: number): { outer: number; size: number; inner: number } {
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < dim; i++) outer *= shape[i]!;
  for (let i = dim + 1; i < shape.length; i++) inner *= shape[i]!;
  return { outer, size: shape[dim] ?? 1, inner };
}

/** A copy repeated to a shape that input broadcasts to, without a gradient; input itself when it has that shape. */
export function expanded(input: Tensor, shape: Shape): Tensor {
  if (sameShape(input.shape, shape)) return input;
  const output = empty(shape, input.dtype);
  const layout = layoutOf(shape, broadcastStrides(input.shape, shape), stridesOf(shape));
  currentOps().copy({ x: input.storage, out: output.storage, layout, xOffset: 0, outOffset: 0 });
  return output;
}

/** A copy in separate memory, without a gradient. */
export function copied(input: Tensor): Tensor {
  const output = emptyLike(input);
  const layout = denseLayout(input.numel, 2);
  currentOps().copy({ x: input.storage, out: output.storage, layout, xOffset: 0, outOffset: 0 });
  return output;
}
