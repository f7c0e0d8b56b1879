/** Functions that give the same numbers another shape, sharing memory; gradients take the way back. */

import { readList } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { isArray } from '../realm.js';
import { checkDim, checkShape, formatShape, maxRank, numelOf, readSizes, type Shape } from '../tensor/shape.js';
import { type Sizes, shapeOfSizes } from '../tensor/size-arguments.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkTensor, viewAs } from './support.js';

/**
 * The numbers under another shape of as many elements, as an array or as sizes one by one; one size may be -1 and is worked
 * out. Shares memory.
 * @throws ShapeError when the numbers of elements differ.
 */
export function reshape(input: Tensor, ...sizes: Sizes): Tensor {
  checkTensor('reshape', input);
  return view('ViewBackward0', input, inferShape(input, shapeOfSizes('reshape', sizes)));
}

function inferShape(input: Tensor, given: unknown): Shape {
  const shape = readSizes('reshape', given);
  const missing = shape.indexOf(-1);
  if (missing !== shape.lastIndexOf(-1)) throw new ArgumentError('reshape: only one dimension can be inferred');
  const known = checkShape('reshape', missing < 0 ? shape : shape.with(missing, 1));
  const count = numelOf(known);
  const fits = missing < 0 ? count === input.numel : count > 0 && input.numel % count === 0;
  if (missing >= 0 && count === 0)
    throw new ShapeError(
      `reshape: cannot reshape tensor of ${input.numel} elements into shape ${formatShape(shape as Shape)} because the ` +
        'unspecified dimension size -1 can be any value and is ambiguous',
    );
  if (!fits)
    throw new ShapeError(`reshape: shape '${formatShape(shape as Shape)}' is invalid for input of size ${input.numel}`);
  return missing < 0 ? known : known.with(missing, input.numel / count);
}

/** Merges the dimensions from `startDim` to `endDim`, both included, into one. Shares memory. A scalar gets one dimension. */
export function flatten(input: Tensor, startDim = 0, endDim = -1): Tensor {
  checkTensor('flatten', input);
  const start = checkDim('flatten', startDim, input.ndim);
  const end = checkDim('flatten', endDim, input.ndim);
  if (start > end) throw new ArgumentError('flatten() has invalid args: start_dim cannot come after end_dim');
  if (input.ndim === 0) return view('ViewBackward0', input, [1]);
  if (start === end) return input;
  const merged = numelOf(input.shape.slice(start, end + 1));
  return view('ViewBackward0', input, [...input.shape.slice(0, start), merged, ...input.shape.slice(end + 1)]);
}

/** Drops dimensions of size 1: all of them, or only those of `dim`, one or several. Shares memory. */
export function squeeze(input: Tensor, dim?: number | readonly number[]): Tensor {
  checkTensor('squeeze', input);
  const check = (one: unknown) => checkDim('squeeze', one, input.ndim);
  const only =
    dim === undefined ? undefined : isArray(dim) ? readList('squeeze', 'dims', dim, check, maxRank) : [check(dim)];
  const shape = input.shape.filter((size, i) => size !== 1 || (only !== undefined && !only.includes(i)));
  return view('SqueezeBackward0', input, shape);
}

/** Inserts a dimension of size 1 before `dim`; -1 appends it. Shares memory. */
export function unsqueeze(input: Tensor, dim: number): Tensor {
  checkTensor('unsqueeze', input);
  const at = checkDim('unsqueeze', dim, input.ndim + 1);
  if (input.ndim === maxRank) throw new ShapeError(`unsqueeze: at most ${maxRank} dimensions`);
  return view('UnsqueezeBackward0', input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
}

function view(name: string, input: Tensor, shape: Shape): Tensor {
  return setGradFn(name, viewAs(input, shape), [input], [], (grad) => [viewAs(grad, input.shape)]);
}

/**
 * The dimension `dim` divided into dimensions of the given sizes, one of which may be -1 and is worked out. Shares memory.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html | torch.unflatten}.
 * @throws ShapeError when the sizes do not multiply up to that of the dimension.
 */
export function unflatten(input: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const caller = 'unflatten';
  checkTensor(caller, input);
  if (input.ndim === 0) throw new ArgumentError(`${caller}: Dimension specified as 0 but tensor has no dimensions`);
  const at = checkDim(caller, dim, input.ndim);
  const given = readSizes(caller, sizes);
  if (given.length === 0) throw new ArgumentError(`${caller}: sizes must be non-empty`);
  const missing = given.indexOf(-1);
  if (missing !== given.lastIndexOf(-1)) throw new ArgumentError(`${caller}: only one dimension can be inferred`);
  const known = checkShape(caller, missing < 0 ? given : given.with(missing, 1));
  const [size, product] = [input.shape[at]!, numelOf(known)];
  if (missing >= 0 && product === 0)
    throw new ShapeError(
      `${caller}: cannot reshape tensor of 0 elements into shape ${formatShape(given as Shape)} because the unspecified ` +
        'dimension size -1 can be any value and is ambiguous',
    );
  if (missing < 0 ? product !== size : size % product !== 0)
    throw new ShapeError(
      `${caller}: Provided sizes ${formatShape(given as Shape)} don't multiply up to the size of dim ${at} (${size}) in the ` +
        'input tensor',
    );
  const parts = missing < 0 ? known : known.with(missing, size / product);
  return view('ViewBackward0', input, checkShape(caller, input.shape.toSpliced(at, 1, ...parts)));
}
