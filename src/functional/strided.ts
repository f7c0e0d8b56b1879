/** Functions that move numbers around: transposes, parts, and joins. All copy; gradients are copied back. */

import { checkSize, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { isArray } from '../realm.js';
import { checkDim, formatShape, layoutOf, maxRank, type Shape, stridesOf } from '../tensor/shape.js';
import { type Sizes, shapeOfSizes } from '../tensor/size-arguments.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { checkTensor, copied, empty, zeroed } from './support.js';
import { reshape, unsqueeze } from './views.js';

/** A copy that gradients flow through. */
export function clone(input: Tensor): Tensor {
  checkTensor('clone', input);
  return setGradFn('CloneBackward0', copied(input), [input], [], (grad) => [grad]);
}

/** Puts the dimensions in another order, given as an array or one by one: dimension i of the result is dims[i] of input. */
export function permute(input: Tensor, ...given: Sizes): Tensor {
  checkTensor('permute', input);
  const dims = given.length === 0 ? given : shapeOfSizes('permute', given);
  if (!isArray(dims)) throw new ArgumentError(`permute: expected an array of dims, got ${show(dims)}`);
  if (dims.length !== input.ndim)
    throw new ArgumentError(
      `permute: expected ${input.ndim} dims for shape ${formatShape(input.shape)}, got ${dims.length}`,
    );
  const order = readList('permute', 'dims', dims, (dim) => checkDim('permute', dim, input.ndim));
  if (new Set(order).size !== order.length) throw new ArgumentError('permute(): duplicate dims are not allowed.');
  const inverse = order.map((_, dim) => order.indexOf(dim));
  return setGradFn('PermuteBackward0', permuted(input, order), [input], [], (grad) => [permuted(grad, inverse)]);
}

/** Swaps two dimensions. */
export function transpose(input: Tensor, dim0: number, dim1: number): Tensor {
  checkTensor('transpose', input);
  const [a, b] = [checkDim('transpose', dim0, input.ndim), checkDim('transpose', dim1, input.ndim)];
  const order = input.shape.map((_, dim) => (dim === a ? b : dim === b ? a : dim));
  return setGradFn('TransposeBackward0', permuted(input, order), [input], [], (grad) => [permuted(grad, order)]);
}

function permuted(input: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(input.shape);
  const shape = order.map((dim) => input.shape[dim]!);
  const output = empty(shape, input.dtype);
  const fromStrides = order.map((dim) => strides[dim]!);
  move(
    shape,
    { tensor: input, strides: fromStrides, offset: 0 },
    { tensor: output, strides: stridesOf(shape), offset: 0 },
  );
  return output;
}

/** `length` positions from `start` along `dim`; start counts from the end when negative. */
export function narrow(input: Tensor, dim: number, start: number, length: number): Tensor {
  const caller = 'narrow';
  checkTensor(caller, input);
  if (input.ndim === 0) throw new ArgumentError('narrow() cannot be applied to a 0-dim tensor.');
  const along = checkDim(caller, dim, input.ndim);
  const size = input.shape[along]!;
  if (typeof start !== 'number' || !Number.isSafeInteger(start))
    throw new ArgumentError(`${caller}: start must be an integer, got ${show(start)}`);
  if (start < -size || start > size)
    throw new ArgumentError(
      `${caller}: start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`,
    );
  const from = start < 0 ? start + size : start;
  const count = checkSize(caller, 'length', length);
  if (from + count > size)
    throw new ArgumentError(`${caller}: start (${from}) + length (${count}) exceeds dimension size (${size}).`);
  const output = part(input, along, from, count);
  return setGradFn('SliceBackward0', output, [input], [], (grad) => {
    const gradInput = zeroed(input.shape, input.dtype);
    insert(gradInput, along, from, grad);
    return [gradInput];
  });
}

/** The slice at `index` along `dim`, without that dimension; index counts from the end when negative. */
export function select(input: Tensor, dim: number, index: number): Tensor {
  const caller = 'select';
  checkTensor(caller, input);
  if (input.ndim === 0) throw new ArgumentError('select() cannot be applied to a 0-dim tensor.');
  const along = checkDim(caller, dim, input.ndim);
  const size = input.shape[along]!;
  if (typeof index !== 'number' || !Number.isSafeInteger(index))
    throw new ArgumentError(`${caller}: index must be an integer, got ${show(index)}`);
  if (index < -size || index >= size)
    throw new ArgumentError(
      `select(): index ${index} out of range for tensor of size ${formatShape(input.shape)} at dimension ${along}`,
    );
  const piece = narrow(input, along, index, 1);
  return reshape(piece, input.shape.toSpliced(along, 1));
}

/**
 * Joins tensors along an existing dimension; the other sizes must agree. Of several dtypes the widest is that of the result
 * (int32, float32, float64). As in PyTorch, tensors of shape [0] are left out.
 * @throws ArgumentError for an empty list. @throws ShapeError when sizes differ.
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const list = promoted(checkList('cat', tensors));
  list.forEach((tensor, i) => {
    if (tensor.ndim === 0) throw new ShapeError(`zero-dimensional tensor (at position ${i}) cannot be concatenated`);
  });
  const first = list.find((tensor) => !isLegacyEmpty(tensor)) ?? list[0]!;
  const along = checkDim('cat', dim, first.ndim);
  const starts: number[] = [];
  let total = 0;
  for (const [i, tensor] of list.entries()) {
    starts.push(total);
    if (isLegacyEmpty(tensor)) continue;
    const fits = tensor.ndim === first.ndim && tensor.shape.every((size, d) => d === along || size === first.shape[d]);
    if (!fits)
      throw new ShapeError(
        `cat: Sizes of tensors must match except in dimension ${along}. Expected ${formatShape(first.shape)} but got ` +
          `${formatShape(tensor.shape)} for tensor number ${i} in the list.`,
      );
    total += tensor.shape[along]!;
  }
  const output = empty(first.shape.with(along, total), first.dtype);
  for (const [i, tensor] of list.entries()) if (!isLegacyEmpty(tensor)) insert(output, along, starts[i]!, tensor);
  return setGradFn('CatBackward0', output, list, [], (grad) =>
    list.map((tensor, i) => {
      if (!tensor.requiresGrad) return null;
      if (isLegacyEmpty(tensor)) return empty(tensor.shape, tensor.dtype);
      return part(grad, along, starts[i]!, tensor.shape[along]!);
    }),
  );
}

/** Before tensors had 0 dimensions, PyTorch's empty tensor had the shape [0]; it fits any other to this day. */
function isLegacyEmpty({ ndim, numel }: Tensor): boolean {
  return ndim === 1 && numel === 0;
}

/** All in the widest of their dtypes. */
function promoted(tensors: readonly Tensor[]): readonly Tensor[] {
  const order: readonly DType[] = ['int32', 'float32', 'float64'];
  const dtype = order[Math.max(...tensors.map((tensor) => order.indexOf(tensor.dtype)))]!;
  return tensors.map((tensor) => to(tensor, dtype));
}

/** Joins tensors of one shape along a new dimension; dtypes as in {@link cat}. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const list = checkList('stack', tensors);
  const first = list[0]!;
  const at = checkDim('stack', dim, first.ndim + 1);
  if (first.ndim === maxRank) throw new ShapeError(`stack: at most ${maxRank} dimensions`);
  for (const [i, tensor] of list.entries())
    if (formatShape(tensor.shape) !== formatShape(first.shape))
      throw new ShapeError(
        `stack expects each tensor to be equal size, but got ${formatShape(first.shape)} at entry 0 and ` +
          `${formatShape(tensor.shape)} at entry ${i}`,
      );
  return cat(
    list.map((tensor) => unsqueeze(tensor, at)),
    at,
  );
}

function checkList(caller: string, tensors: unknown): readonly Tensor[] {
  if (!isArray(tensors)) throw new ArgumentError(`${caller}: expected an array of tensors, got ${show(tensors)}`);
  const list = readList(caller, 'tensors', tensors, (item) => {
    if (item instanceof Tensor) return item;
    throw new ArgumentError(`${caller}: expected an array of tensors, got ${show(item)}`);
  });
  if (list.length === 0) throw new ArgumentError(`${caller}: expected a non-empty list of Tensors`);
  return list;
}

interface End {
  readonly tensor: Tensor;
  readonly strides: Shape;
  readonly offset: number;
}

function move(sizes: Shape, from: End, into: End): void {
  currentOps().copy({
    x: from.tensor.storage,
    out: into.tensor.storage,
    layout: layoutOf(sizes, from.strides, into.strides),
    xOffset: from.offset,
    outOffset: into.offset,
  });
}

function part(input: Tensor, dim: number, start: number, length: number): Tensor {
  const output = empty(input.shape.with(dim, length), input.dtype);
  const strides = stridesOf(input.shape);
  // An empty part may start at the very end, which is no place in memory.
  const offset = length === 0 ? 0 : start * strides[dim]!;
  move(
    output.shape,
    { tensor: input, strides, offset },
    { tensor: output, strides: stridesOf(output.shape), offset: 0 },
  );
  return output;
}

/** Writes `piece` into a larger tensor, from `start` on along `dim`. */
function insert(target: Tensor, dim: number, start: number, piece: Tensor): void {
  const strides = stridesOf(target.shape);
  const offset = piece.numel === 0 ? 0 : start * strides[dim]!;
  move(piece.shape, { tensor: piece, strides: stridesOf(piece.shape), offset: 0 }, { tensor: target, strides, offset });
}
