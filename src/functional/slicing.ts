/** Parts of a tensor by position, as PyTorch's `x[...]`: integers, slices with steps, new dimensions, masks. */
import { readList, show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { currentTrace } from '../ops/trace.js';
import { isArray } from '../realm.js';
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  formatShape,
  layoutOf,
  maxRank,
  numelOf,
  type Shape,
  sameShape,
  stridesOf,
} from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand } from './expand.js';
import { indexSelect } from './index-select.js';
import { toTensor } from './operands.js';
import { transpose } from './strided.js';
import { checkTensor, empty, expanded, zeroed } from './support.js';
import { reshape } from './views.js';

/** Python's `start:stop:step` for {@link index}; null or undefined leaves a bound open. */
export class Slice {
  /** Where to begin, counted from the end when negative. Default: the first. */
  readonly start: number | null;
  /** Where to end, this one excluded. Default: behind the last. */
  readonly stop: number | null;
  /** How far apart, at least 1. */
  readonly step: number;

  /** @throws ArgumentError for a bound that is no integer, or a step below 1. */
  constructor(start: number | null = null, stop: number | null = null, step = 1) {
    for (const bound of [start, stop])
      if (bound !== null && (typeof bound !== 'number' || !Number.isSafeInteger(bound)))
        throw new ArgumentError(`Slice: a bound must be an integer or null, got ${show(bound)}`);
    if (typeof step !== 'number' || !Number.isSafeInteger(step))
      throw new ArgumentError(`Slice: step must be an integer, got ${show(step)}`);
    if (step === 0) throw new ArgumentError('Slice: slice step cannot be zero');
    if (step < 0) throw new ArgumentError('Slice: step must be greater than zero');
    this.start = start;
    this.stop = stop;
    this.step = step;
    Object.freeze(this);
  }
}

markAsOwn(Slice);

/**
 * One position in brackets: an integer drops its dimension, a {@link Slice} keeps a part of it, an int32 tensor takes what it
 * names, null inserts a dimension, `'...'` stands for all dimensions that are not named.
 */
export type TensorIndex = number | Slice | Tensor | null | '...';

/** Where the chosen elements lie in the memory of a tensor. */
interface Region {
  readonly shape: Shape;
  readonly strides: Shape;
  readonly offset: number;
}

/**
 * The elements at the given positions, as `x[a, b:c, ...]` in PyTorch: `index(x, 0, new Slice(1, null, 2))` is
 * `x[0, 1::2]`. Copies. Gradient: grad where the elements came from, 0 elsewhere.
 * @param indices at most one of them a tensor (int32, each in [0, size)); its dimensions take the place of the one it indexes.
 * @throws ArgumentError for an index out of range, or more indices than dimensions.
 */
export function index(input: Tensor, ...indices: readonly TensorIndex[]): Tensor {
  checkTensor('index', input);
  const list = completed('index', input, indices);
  const region = regionOf(
    'index',
    input,
    list.map((one) => (one instanceof Tensor ? new Slice() : one)),
  );
  const output = taken(input, region);
  setGradFn('SliceBackward0', output, [input], [], (grad) => {
    const gradInput = zeroed(input.shape, input.dtype);
    put(grad, stridesOf(region.shape), gradInput, region);
    return [gradInput];
  });
  const tensors = list.filter((one) => one instanceof Tensor);
  if (tensors.length === 0) return output;
  const [rows] = tensors as [Tensor];
  // Integers before it have dropped their dimensions.
  const before = list.slice(0, list.indexOf(rows)).filter((one) => typeof one !== 'number').length;
  return taken1d(output, rows, before);
}

/** Positions along one dimension, named by a tensor of any shape. */
function taken1d(input: Tensor, rows: Tensor, dim: number): Tensor {
  const first = dim === 0 ? input : transpose(input, 0, dim);
  const picked = indexSelect(first, reshape(rows, [-1]));
  const back = dim === 0 ? picked : transpose(picked, 0, dim);
  return reshape(back, [...input.shape.slice(0, dim), ...rows.shape, ...input.shape.slice(dim + 1)]);
}

/**
 * Positions from `start` to `end`, the latter excluded, in steps along `dim`: `x[:, start:end:step]`. Copies. As `Tensor::slice` of
 * PyTorch's C++ interface.
 */
export function slice(
  input: Tensor,
  dim = 0,
  start: number | null = null,
  end: number | null = null,
  step = 1,
): Tensor {
  checkTensor('slice', input);
  if (input.ndim === 0) throw new ShapeError('slice() cannot be applied to a 0-dim tensor.');
  const part = new Slice(start, end, step);
  if (typeof dim !== 'number' || !Number.isSafeInteger(dim) || dim < -input.ndim || dim >= input.ndim)
    throw new ArgumentError(
      `slice: Dimension out of range (expected to be in range of [${-input.ndim}, ${input.ndim - 1}], but got ${show(dim)})`,
    );
  return index(input, ...new Array<Slice>(dim < 0 ? dim + input.ndim : dim).fill(new Slice()), part);
}

/**
 * Writes into the elements at the given positions, as `x[a, b:c] = value`. Returns the tensor. No gradient flows to `value`.
 * @param indices as for {@link index}, without tensors.
 * @param value a number, or a tensor that broadcasts to what is written; converted to this dtype.
 * @throws StateError as `copy_`.
 */
export function indexPut_(input: Tensor, indices: readonly TensorIndex[], value: Tensor | number): Tensor {
  const caller = 'indexPut_';
  checkTensor(caller, input);
  if (!isArray(indices)) throw new ArgumentError(`${caller}: expected an array of indices, got ${show(indices)}`);
  if (typeof value !== 'number') checkTensor(caller, value, 'a Tensor or a number');
  const region = regionOf(caller, input, completed(caller, input, indices));
  input.assertWritable(caller);
  const source = toTensor(caller, typeof value === 'number' ? value : value.detach(), input.dtype);
  const lead = region.shape.length - source.ndim;
  if (lead < 0 || !source.shape.every((size, dim) => size === 1 || size === region.shape[dim + lead]))
    throw new ShapeError(
      `shape mismatch: value tensor of shape ${formatShape(source.shape)} cannot be broadcast to indexing result of ` +
        `shape ${formatShape(region.shape)}`,
    );
  put(source, broadcastStrides(source.shape, region.shape), input, region);
  return input;
}

/**
 * The elements where `mask` is not 0, one-dimensional, in row-major order; mask and input broadcast. Copies. Gradient: grad where
 * the elements came from. As `torch.masked_select`; there is no bool dtype, so a mask holds zeros and ones. Its numbers are
 * read, so it cannot be used inside of `compile`.
 */
export function maskedSelect(input: Tensor, mask: Tensor): Tensor {
  const caller = 'maskedSelect';
  checkTensor(caller, input);
  checkTensor(caller, mask, 'a Tensor of zeros and ones');
  const now = currentTrace();
  if (now !== null)
    throw now.refuse(`${caller}()`, 'its result has another size at each run; multiply by the mask, or select outside');
  const shape = broadcastShapes(caller, input.shape, mask.shape);
  const flat = reshape(sameShape(input.shape, shape) ? input : expand(input, shape), [numelOf(shape)]);
  const chosen = expanded(mask, shape).storage.read();
  const rows = Int32Array.from(chosen.keys()).filter((at) => chosen[at] !== 0);
  return indexSelect(flat, new Tensor(new Storage('int32', rows), [rows.length]));
}

/** As many dimensions named as there may be, and as many new ones, are more than can be taken. */
const mostIndices = 2 * maxRank;

/** The indices with a slice for each dimension that the caller has not named. */
function completed(caller: string, input: Tensor, given: readonly TensorIndex[]): Exclude<TensorIndex, '...'>[] {
  const indices = readList(caller, 'indices', given, (one) => one as TensorIndex, mostIndices);
  let named = 0;
  let ellipsis = -1;
  let tensors = 0;
  for (const [i, one] of indices.entries()) {
    if (one === '...') {
      if (ellipsis >= 0) throw new ArgumentError(`${caller}: at most one '...'`);
      ellipsis = i;
      continue;
    }
    if (one === null) continue;
    if (one instanceof Tensor) checkRows(caller, one, ++tensors);
    else if (!(one instanceof Slice) && (typeof one !== 'number' || !Number.isSafeInteger(one)))
      throw new ArgumentError(
        `${caller}: an index is an integer, a Slice, an int32 Tensor, null or '...', got ${show(one)}`,
      );
    named++;
  }
  if (named > input.ndim) throw new ArgumentError(`${caller}: too many indices for tensor of dimension ${input.ndim}`);
  const rest = Array.from({ length: input.ndim - named }, () => new Slice());
  const at = ellipsis < 0 ? indices.length : ellipsis;
  return [...indices.slice(0, at), ...rest, ...indices.slice(at + 1)] as Exclude<TensorIndex, '...'>[];
}

function checkRows(caller: string, rows: Tensor, count: number): void {
  if (caller !== 'index') throw new ArgumentError(`${caller}: takes no tensor among its indices; use scatter`);
  if (rows.dtype !== 'int32')
    throw new ArgumentError(
      `${caller}: tensors used as indices must be int32, got ${rows.dtype}; use maskedSelect for masks`,
    );
  if (count > 1) throw new ArgumentError(`${caller}: at most one tensor among the indices; use gather`);
}

/** What integers, slices and new dimensions choose. */
function regionOf(caller: string, input: Tensor, indices: readonly (Exclude<TensorIndex, '...'> | Slice)[]): Region {
  const own = stridesOf(input.shape);
  const shape: number[] = [];
  const strides: number[] = [];
  let offset = 0;
  let dim = 0;
  for (const one of indices) {
    if (one === null) {
      shape.push(1);
      strides.push(0);
      continue;
    }
    const size = input.shape[dim]!;
    const stride = own[dim]!;
    if (typeof one === 'number') {
      if (one < -size || one >= size)
        throw new ArgumentError(`${caller}: index ${one} is out of bounds for dimension ${dim} with size ${size}`);
      offset += (one < 0 ? one + size : one) * stride;
    } else if (one instanceof Slice) {
      const start = bound(one.start ?? 0, size);
      const count = Math.max(0, Math.ceil((bound(one.stop ?? size, size) - start) / one.step));
      offset += start * stride;
      shape.push(count);
      strides.push(stride * one.step);
    }
    dim++;
  }
  const sizes = checkShape(caller, shape);
  // Nothing may start at the very end, which is no place in memory.
  return { shape: sizes, strides, offset: numelOf(sizes) === 0 ? 0 : offset };
}

/** Counted from the end when negative, and never outside. */
function bound(value: number, size: number): number {
  return Math.min(Math.max(value < 0 ? value + size : value, 0), size);
}

function taken(input: Tensor, { shape, strides, offset }: Region): Tensor {
  const output = empty(shape, input.dtype);
  const layout = layoutOf(shape, strides, stridesOf(shape));
  currentOps().copy({ x: input.storage, out: output.storage, layout, xOffset: offset, outOffset: 0 });
  return output;
}

/** Writes `source`, walked with its strides, into a region of `target`. */
function put(source: Tensor, from: Shape, target: Tensor, { shape, strides, offset }: Region): void {
  const layout = layoutOf(shape, from, strides);
  currentOps().copy({ x: source.storage, out: target.storage, layout, xOffset: 0, outOffset: offset });
}
