/** Functions that make tensors, named as PyTorch's. Everything given is checked, and copied. */
import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { recording, withRecording } from '../ops/recording.js';
import { plainView } from './host-view.js';
import { checkShape, formatShape, numelOf, type Shape } from './shape.js';
import { dtypeOf, dtypes, Storage } from './storage.js';
import { type NestedArray, Tensor } from './tensor.js';

/** Options of every function that makes a tensor. */
export interface TensorOptions {
  /** Default `'float32'`; for `tensor` the type of a Float64Array or Int32Array given. */
  dtype?: DType;
  /** Whether gradients are wanted. Default false. */
  requiresGrad?: boolean;
}

/** What `tensor` is made from: a number, nested arrays of equal length, or a typed array. */
export type TensorValues = NestedArray | readonly number[] | readonly (readonly number[])[] | ArrayBufferView;

const optionKeys = ['dtype', 'requiresGrad'] as const;

/** Reads and checks the options that all creation functions share. @internal */
export function tensorOptions(place: string, options: TensorOptions | undefined, dtype: DType = 'float32') {
  const given = checkOptions(place, options, optionKeys);
  return checkTensorOptions(place, given, dtype);
}

function checkTensorOptions(place: string, given: TensorOptions, dtype: DType): Required<TensorOptions> {
  const { requiresGrad = false } = given;
  checkBoolean(place, 'requiresGrad', requiresGrad);
  const result = {
    dtype: given.dtype === undefined ? dtype : checkOneOf(place, 'dtype', given.dtype, dtypes),
    requiresGrad,
  };
  if (result.requiresGrad && result.dtype === 'int32')
    throw new ArgumentError(`${place}: only tensors of floating point dtype can require gradients, got int32`);
  return result;
}

/** A tensor of zeros with room for a shape that has been checked. @internal */
export function allocate(shape: Shape, dtype: DType): Tensor {
  return new Tensor(Storage.allocate(dtype, numelOf(shape)), shape);
}

/**
 * The same for what is kept from call to call (the state of an optimizer): also while recording it is memory with
 * numbers, which the program finds and changes. @internal
 */
export function allocateLasting(shape: Shape, dtype: DType): Tensor {
  return withRecording(null, () => allocate(shape, dtype));
}

/**
 * Makes a tensor from numbers, nested arrays or a typed array; the values are copied.
 * @param values nested arrays give the shape; a typed array is one-dimensional. A Float32Array, Float64Array or Int32Array
 * keeps its type unless `dtype` says otherwise; other typed arrays (bytes, say) and numbers become float32.
 * @param options `shape` gives the values another shape of the same number of elements.
 * @throws ShapeError for nested arrays of unequal length, or a shape that does not hold all values.
 * @throws ArgumentError for anything that is not a number, values that int32 cannot hold, BigInt arrays, and views of
 * detached or shared buffers.
 */
export function tensor(values: TensorValues, options?: TensorOptions & { shape?: readonly number[] }): Tensor {
  const place = 'tensor';
  const given = checkOptions(place, options, ['shape', ...optionKeys]);
  const source = ArrayBuffer.isView(values) ? plainView(place, values) : null;
  const { dtype, requiresGrad } = checkTensorOptions(place, given, (source && dtypeOf(source)) ?? 'float32');
  const read = source === null ? readNested(place, values) : { flat: source, shape: [source.length] };
  const shape = given.shape === undefined ? checkShape(place, read.shape) : checkShape(place, given.shape);
  if (numelOf(shape) !== read.flat.length)
    throw new ShapeError(`${place}: shape '${formatShape(shape)}' is invalid for input of size ${read.flat.length}`);
  if (dtype === 'int32') checkIntegers(place, read.flat);
  const result = allocate(shape, dtype);
  result.storage.write().set(read.flat);
  return result.requiresGrad_(requiresGrad);
}

function readNested(place: string, values: unknown): { flat: number[]; shape: number[] } {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: number[] = [];
  readLevel(place, values, shape, 0, flat);
  return { flat, shape };
}

function readLevel(place: string, value: unknown, shape: readonly number[], dim: number, flat: number[]): void {
  if (dim === shape.length) {
    if (typeof value !== 'number') {
      const isDeeper = Array.isArray(value);
      const message = `${place}: expected a number${dim > 0 ? ` at depth ${dim}` : ''}, got ${show(value)}`;
      throw isDeeper ? new ShapeError(message) : new ArgumentError(message);
    }
    flat.push(value);
    return;
  }
  if (!Array.isArray(value)) throw new ShapeError(`${place}: expected an array at depth ${dim}, got ${show(value)}`);
  if (value.length !== shape[dim])
    throw new ShapeError(
      `${place}: nested arrays must have equal lengths: expected ${shape[dim]} at depth ${dim}, got ${value.length}`,
    );
  for (let i = 0; i < value.length; i++) readLevel(place, value[i], shape, dim + 1, flat);
}

function checkIntegers(place: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++)
    if ((values[i]! | 0) !== values[i])
      throw new ArgumentError(`${place}: element ${i} is ${values[i]}, which int32 cannot hold`);
}

/** A tensor filled with 0. `shape` as in `zeros([2, 3])`. */
export function zeros(shape: readonly number[], options?: TensorOptions): Tensor {
  // As an op: a recorded program must do it again at every run.
  if (recording() !== null) return filled('zeros', shape, 0, options);
  const { dtype, requiresGrad } = tensorOptions('zeros', options);
  return allocate(checkShape('zeros', shape), dtype).requiresGrad_(requiresGrad);
}

/** A tensor filled with 1. */
export function ones(shape: readonly number[], options?: TensorOptions): Tensor {
  return filled('ones', shape, 1, options);
}

/** A tensor filled with `value`; float32 whatever the value, unless `dtype` says otherwise. */
export function full(shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  if (typeof value !== 'number') throw new ArgumentError(`full: value must be a number, got ${show(value)}`);
  return filled('full', shape, value, options);
}

function filled(place: string, shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  const { dtype, requiresGrad } = tensorOptions(place, options);
  if (dtype === 'int32') checkIntegers(place, [value]);
  const size = checkShape(place, shape);
  const result = new Tensor(Storage.uninitialized(dtype, numelOf(size)), size);
  currentOps().fill({ out: result.storage, value, n: result.numel });
  return result.requiresGrad_(requiresGrad);
}

/** Zeros with the shape of `input`, and its dtype unless told otherwise. */
export function zerosLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('zerosLike', input, 0, options);
}

/** Ones with the shape of `input`, and its dtype unless told otherwise. */
export function onesLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('onesLike', input, 1, options);
}

function like(place: string, input: Tensor, value: number, options?: TensorOptions): Tensor {
  if (!(input instanceof Tensor)) throw new ArgumentError(`${place}: expected a Tensor, got ${show(input)}`);
  const given = tensorOptions(place, options, input.dtype);
  return filled(place, input.shape, value, given);
}

/** The n × m matrix (m = n by default) with 1 on the diagonal and 0 elsewhere. */
export function eye(n: number, m: number = n, options?: TensorOptions): Tensor {
  const { dtype, requiresGrad } = tensorOptions('eye', options);
  const rows = checkSize('eye', 'n', n);
  const columns = checkSize('eye', 'm', m);
  const result = allocate(checkShape('eye', [rows, columns]), dtype);
  const data = result.storage.write();
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
  return result.requiresGrad_(requiresGrad);
}

/**
 * `start, start + step, ...` below `end` (above it for a negative step); `arange(end)` starts at 0.
 * As PyTorch's, but float32 by default whatever the arguments.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: (number | TensorOptions | undefined)[]): Tensor {
  const place = 'arange';
  const options = typeof args.at(-1) === 'number' ? undefined : (args.pop() as TensorOptions | undefined);
  const { dtype, requiresGrad } = tensorOptions(place, options);
  if (args.length < 1 || args.length > 3)
    throw new ArgumentError(`${place}: expected 1 to 3 numbers, got ${args.length}`);
  const numbers = args.map((value) => checkFinite(place, value));
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (step === 0) throw new ArgumentError(`${place}: step must be nonzero`);
  if ((end - start) / step < 0)
    throw new ArgumentError(`${place}: upper bound and lower bound inconsistent with step sign`);
  const length = checkSize(place, 'number of elements', Math.ceil((end - start) / step));
  if (dtype === 'int32') checkIntegers(place, [start, step, start + step * Math.max(0, length - 1)]);
  const result = allocate([length], dtype);
  const data = result.storage.write();
  for (let i = 0; i < length; i++) data[i] = start + i * step;
  return result.requiresGrad_(requiresGrad);
}

/** `steps` numbers from `start` to `end`, both included, evenly spaced: computed from both ends, as PyTorch does. */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  const place = 'linspace';
  const { dtype, requiresGrad } = tensorOptions(place, options);
  if (dtype === 'int32') throw new ArgumentError(`${place}: dtype must be float32 or float64, got int32`);
  const [from, to] = [checkFinite(place, start), checkFinite(place, end)];
  const count = checkSize(place, 'steps', steps);
  const result = allocate([count], dtype);
  const data = result.storage.write();
  const step = (to - from) / (count - 1);
  for (let i = 0; i < count; i++) data[i] = i < count / 2 ? from + step * i : to - step * (count - 1 - i);
  if (count === 1) data[0] = from;
  return result.requiresGrad_(requiresGrad);
}

function checkFinite(place: string, value: unknown): number {
  const number = checkNumber(place, 'an argument', value);
  if (!Number.isFinite(number)) throw new ArgumentError(`${place}: arguments must be finite, got ${number}`);
  return number;
}
