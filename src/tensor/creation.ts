/** Functions that make tensors, named as PyTorch's. Everything given is checked, and copied. */
import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { currentTrace, withTrace } from '../ops/trace.js';
import { checkShape, numelOf, type Shape } from './shape.js';
import { type SizesAndOptions, splitSizes } from './size-arguments.js';
import { dtypes, Storage } from './storage.js';
import { Tensor } from './tensor.js';

/** Options of every function that makes a tensor. */
export interface TensorOptions {
  /** Default `'float32'`; for `tensor` what the values are. */
  dtype?: DType;
  /** Whether gradients are wanted. Default false. */
  requiresGrad?: boolean;
}

const optionKeys = ['dtype', 'requiresGrad'] as const;

/** Reads and checks the options that all creation functions share. @internal */
export function tensorOptions(caller: string, options: TensorOptions | undefined, dtype: DType = 'float32') {
  const given = checkOptions(caller, options, optionKeys);
  return checkTensorOptions(caller, given, dtype);
}

/** The same for options that have been read. @internal */
export function checkTensorOptions(caller: string, given: TensorOptions, dtype: DType): Required<TensorOptions> {
  const { requiresGrad = false } = given;
  checkBoolean(caller, 'requiresGrad', requiresGrad);
  const result = {
    dtype: given.dtype === undefined ? dtype : checkOneOf(caller, 'dtype', given.dtype, dtypes),
    requiresGrad,
  };
  if (result.requiresGrad && result.dtype === 'int32')
    throw new ArgumentError(`${caller}: only tensors of floating point dtype can require gradients, got int32`);
  return result;
}

/** A tensor of zeros with room for a shape that has been checked. @internal */
export function allocate(shape: Shape, dtype: DType): Tensor {
  return new Tensor(Storage.allocate(dtype, numelOf(shape)), shape);
}

/**
 * The same for what is kept from call to call (the state of an optimizer): also while tracing it is memory with
 * numbers, which the program finds and changes. @internal
 */
export function allocateLasting(shape: Shape, dtype: DType): Tensor {
  return withTrace(null, () => allocate(shape, dtype));
}

/** A tensor filled with 0: `zeros([2, 3])` or `zeros(2, 3)`, with options behind. */
export function zeros(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes('zeros', args);
  return filledWithZeros('zeros', shape, options);
}

function filledWithZeros(caller: string, shape: readonly number[], options?: TensorOptions): Tensor {
  // As an op: a traced program must do it again at every run.
  if (currentTrace() !== null) return filled(caller, shape, 0, options);
  const { dtype, requiresGrad } = tensorOptions(caller, options);
  return allocate(checkShape(caller, shape), dtype).requiresGrad_(requiresGrad);
}

/** Room for a shape, `empty([2, 3])` or `empty(2, 3)`, to be filled later. It holds zeros; PyTorch's holds anything. */
export function empty(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes('empty', args);
  return filledWithZeros('empty', shape, options);
}

/** A tensor filled with 1: `ones([2, 3])` or `ones(2, 3)`, with options behind. */
export function ones(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes('ones', args);
  return filled('ones', shape, 1, options);
}

/** A tensor filled with `value`; float32 whatever the value, unless `dtype` says otherwise: int32 cuts fractions off. */
export function full(shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  if (typeof value !== 'number') throw new ArgumentError(`full: value must be a number, got ${show(value)}`);
  return filled('full', shape, value, options);
}

function filled(caller: string, shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  const { dtype, requiresGrad } = tensorOptions(caller, options);
  const fill = dtype === 'int32' ? checkInt32(caller, value) : value;
  const size = checkShape(caller, shape);
  const result = new Tensor(Storage.uninitialized(dtype, numelOf(size)), size);
  currentOps().fill({ out: result.storage, value: fill, n: result.numel });
  return result.requiresGrad_(requiresGrad);
}

/** An int32: fractions are cut off. @throws ArgumentError with PyTorch's sentence for what is out of range. @internal */
export function checkInt32(caller: string, value: number, element = ''): number {
  const whole = Math.trunc(value);
  if ((whole | 0) !== whole)
    throw new ArgumentError(`${caller}: value ${value}${element} cannot be converted to type int32 without overflow`);
  return whole;
}

/** Zeros with the shape of `input`, and its dtype unless told otherwise. */
export function zerosLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('zerosLike', input, 0, options);
}

/** Ones with the shape of `input`, and its dtype unless told otherwise. */
export function onesLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('onesLike', input, 1, options);
}

function like(caller: string, input: Tensor, value: number, options?: TensorOptions): Tensor {
  if (!(input instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(input)}`);
  const given = tensorOptions(caller, options, input.dtype);
  return filled(caller, input.shape, value, given);
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
 * As PyTorch's, but float32 by default whatever the arguments. int32 cuts off the fractions of start and step.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: (number | TensorOptions | undefined)[]): Tensor {
  const caller = 'arange';
  const options = typeof args.at(-1) === 'number' ? undefined : (args.pop() as TensorOptions | undefined);
  const { dtype, requiresGrad } = tensorOptions(caller, options);
  if (args.length < 1 || args.length > 3)
    throw new ArgumentError(`${caller}: expected 1 to 3 numbers, got ${args.length}`);
  const numbers = args.map((value) => checkFinite(caller, value));
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (step === 0) throw new ArgumentError(`${caller}: step must be nonzero`);
  if ((end - start) / step < 0)
    throw new ArgumentError(`${caller}: upper bound and lower bound inconsistent with step sign`);
  const length = checkSize(caller, 'number of elements', Math.ceil((end - start) / step));
  const isInteger = dtype === 'int32';
  const [first, stride] = isInteger ? [Math.trunc(start), Math.trunc(step)] : [start, step];
  if (isInteger && length > 0) for (const end of [first, first + stride * (length - 1)]) checkInt32(caller, end);
  const result = allocate([length], dtype);
  const data = result.storage.write();
  for (let i = 0; i < length; i++) data[i] = first + i * stride;
  return result.requiresGrad_(requiresGrad);
}

/**
 * `steps` numbers from `start` to `end`, both included, evenly spaced: computed from both ends, as PyTorch does. int32 cuts
 * off the fractions of the ends, then those of the numbers.
 */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  const caller = 'linspace';
  const { dtype, requiresGrad } = tensorOptions(caller, options);
  const ends = [checkFinite(caller, start), checkFinite(caller, end)];
  const [from, to] = (dtype === 'int32' ? ends.map((end) => checkInt32(caller, end)) : ends) as [number, number];
  const count = checkSize(caller, 'steps', steps);
  const result = allocate([count], dtype);
  const data = result.storage.write();
  const step = (to - from) / (count - 1);
  for (let i = 0; i < count; i++) data[i] = i < count / 2 ? from + step * i : to - step * (count - 1 - i);
  if (count === 1) data[0] = from;
  return result.requiresGrad_(requiresGrad);
}

function checkFinite(caller: string, value: unknown): number {
  const number = checkNumber(caller, 'an argument', value);
  if (!Number.isFinite(number)) throw new ArgumentError(`${caller}: arguments must be finite, got ${number}`);
  return number;
}
