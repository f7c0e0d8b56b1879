/** `tensor`: tensors from numbers, nested arrays, typed arrays and other tensors. */
import { checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType, HostArray } from '../ops/ops.js';
import { isArray, isBigInt64Array, isBigUint64Array, isInt32Array } from '../realm.js';
import { checkInt32, checkTensorOptions, type TensorOptions } from './creation.js';
import { type BigIntArray, type NumberArray, plainView } from './host-view.js';
import type { TensorJSON } from './json.js';
import { openSaved } from './saved.js';
import { checkShape, formatShape, maxRank, numelOf, type Shape } from './shape.js';
import { dtypeOf, Storage } from './storage.js';
import { Tensor } from './tensor.js';

/** What `tensor` is made from: numbers, booleans, bigints, typed arrays and tensors, alone or in nested arrays. */
export type TensorValues = number | boolean | bigint | ArrayBufferView | Tensor | readonly TensorValues[];

const caller = 'tensor';

/**
 * Makes a tensor from numbers, nested arrays, typed arrays or a tensor; the values are copied, and no gradient flows. Also from
 * what `JSON.parse` or `structuredClone` gives for a tensor, with its dtype, its sizes and every bit.
 * @param values nested arrays give the shape; a typed array is one-dimensional, also as a row of a nested array. Tensors in
 * an array have one element each, as in PyTorch: `stack` joins larger ones. Without `dtype` the result is float64 if any
 * value comes from a Float64Array or a float64 tensor; else float32 if any is a number, or comes from another typed array or
 * a float32 tensor; else int32 (booleans, where PyTorch has a dtype for them, bigints, Int32Array, BigInt64Array).
 * @param options `dtype` converts: to int32 fractions are cut off, as in PyTorch. `shape` gives the values another shape of
 * the same number of elements.
 * @throws ShapeError for nested arrays of unequal length, or a shape that does not hold all values.
 * @throws ArgumentError for anything that is not a number, values beyond int32, and views of detached or shared buffers.
 */
export function tensor(
  values: TensorValues | TensorJSON,
  options?: TensorOptions & { shape?: readonly number[] },
): Tensor {
  const given = checkOptions(caller, options, ['shape', 'dtype', 'requiresGrad']);
  const source = ArrayBuffer.isView(values) ? plainView(caller, values) : (openSaved(caller, values)?.read() ?? values);
  const read = checkShape(caller, shapeOf(source));
  const found = source instanceof Tensor ? source.dtype : survey(source, read, []);
  const { dtype, requiresGrad } = checkTensorOptions(caller, given, found ?? 'float32');
  const shape = given.shape === undefined ? read : checkShape(caller, given.shape);
  if (numelOf(shape) !== numelOf(read))
    throw new ShapeError(`${caller}: shape '${formatShape(shape)}' is invalid for input of size ${numelOf(read)}`);
  if (source instanceof Tensor) {
    // What has just been read is shared with no one.
    const isOwn = source !== values && source.dtype === dtype;
    const result = isOwn ? new Tensor(source.storage, shape) : copyOf(source, shape, dtype);
    return result.requiresGrad_(requiresGrad);
  }
  const result = new Tensor(Storage.allocate(dtype, numelOf(shape)), shape);
  readLevel(source, read, [], result.storage.write(), 0);
  return result.requiresGrad_(requiresGrad);
}

/** By an op, so that a traced program copies again at every run. */
function copyOf(source: Tensor, shape: Shape, dtype: DType): Tensor {
  const result = new Tensor(Storage.uninitialized(dtype, source.numel), shape);
  currentOps().cast({ x: source.storage, out: result.storage, n: source.numel });
  return result;
}

/** The sizes that the first elements have; {@link readLevel} holds the others to them. */
function shapeOf(values: unknown): number[] {
  const shape: number[] = [];
  let level = values;
  for (; isArray(level); level = level[0]) {
    if (shape.length === maxRank) throw new ShapeError(`${caller}: at most ${maxRank} dimensions`);
    shape.push(level.length);
  }
  if (level instanceof Tensor) return shape.length === 0 ? [...level.shape] : shape;
  if (ArrayBuffer.isView(level)) shape.push(plainView(caller, level).length);
  return shape;
}

const order: readonly DType[] = ['int32', 'float32', 'float64'];

/**
 * Looks through values before memory is taken: that their sizes are those of `shape`, and each is a number of some kind.
 * @returns the dtype that holds every value, or null when there is none.
 */
function survey(value: unknown, shape: Shape, path: number[]): DType | null {
  const dim = path.length;
  if (dim === shape.length) {
    if (typeof value === 'number') return 'float32';
    if (typeof value === 'boolean' || typeof value === 'bigint') return 'int32';
    if (value instanceof Tensor && value.numel === 1) return value.dtype;
    readNumber(value, path);
  }
  if (!isArray(value)) {
    const row = checkRow(value, shape, path);
    return isBigIntArray(row) ? 'int32' : (dtypeOf(row) ?? 'float32');
  }
  checkLength(value.length, shape, path);
  let widest: DType | null = null;
  for (let i = 0; i < shape[dim]!; i++) {
    path.push(i);
    const dtype = survey(value[i], shape, path);
    path.pop();
    if (dtype !== null && (widest === null || order.indexOf(dtype) > order.indexOf(widest))) widest = dtype;
  }
  return widest;
}

/** Writes one level of the values from `at` on; `path` leads to it. Returns where the next one goes. */
function readLevel(value: unknown, shape: Shape, path: number[], target: HostArray, at: number): number {
  const dim = path.length;
  if (dim === shape.length) {
    target[at] = checkFits(target, readNumber(value, path), path);
    return at + 1;
  }
  if (!isArray(value)) return readRow(checkRow(value, shape, path), path, target, at);
  checkLength(value.length, shape, path);
  let next = at;
  for (let i = 0; i < shape[dim]!; i++) {
    path.push(i);
    next = readLevel(value[i], shape, path, target, next);
    path.pop();
  }
  return next;
}

/** A typed array replaces the innermost arrays. */
function checkRow(value: unknown, shape: Shape, path: readonly number[]): NumberArray | BigIntArray {
  if (!ArrayBuffer.isView(value))
    throw new ShapeError(`${caller}: expected an array at depth ${path.length}, got ${show(value)}${where(path)}`);
  const row = plainView(caller, value);
  if (path.length !== shape.length - 1)
    throw new ShapeError(
      `${caller}: expected an array of arrays at depth ${path.length}, got ${show(row)}${where(path)}`,
    );
  checkLength(row.length, shape, path);
  return row;
}

function readRow(row: NumberArray | BigIntArray, path: readonly number[], target: HostArray, at: number): number {
  if (isBigIntArray(row)) {
    for (let i = 0; i < row.length; i++) target[at + i] = checkFits(target, Number(row[i]), [...path, i]);
  } else {
    if (isInt32Array(target) && !isInt32Array(row))
      for (let i = 0; i < row.length; i++) checkFits(target, row[i]!, [...path, i]);
    target.set(row, at);
  }
  return at + row.length;
}

function checkLength(length: number, shape: Shape, path: readonly number[]): void {
  const dim = path.length;
  if (length !== shape[dim])
    throw new ShapeError(
      `${caller}: nested arrays must have equal lengths: expected ${shape[dim]} at depth ${dim}, got ${length}${where(path)}`,
    );
}

function readNumber(value: unknown, path: readonly number[]): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  if (value instanceof Tensor) {
    if (value.numel === 1) return value.item();
    throw new ShapeError(
      `${caller}: only one element tensors can be converted to numbers, got shape ${formatShape(value.shape)}` +
        `${where(path)}; join larger ones with stack`,
    );
  }
  const isDeeper = isArray(value) || ArrayBuffer.isView(value);
  const depth = path.length > 0 ? ` at depth ${path.length}` : '';
  const message = `${caller}: expected a number${depth}, got ${show(value)}${where(path)}`;
  throw isDeeper ? new ShapeError(message) : new ArgumentError(message);
}

/** What int32 memory takes: storing cuts fractions off, and must not wrap. */
function checkFits(target: HostArray, value: number, path: readonly number[]): number {
  if (isInt32Array(target)) checkInt32(caller, value, where(path));
  return value;
}

function isBigIntArray(array: NumberArray | BigIntArray): array is BigIntArray {
  return isBigInt64Array(array) || isBigUint64Array(array);
}

/** ` (element [1][0])`, for messages. */
function where(path: readonly number[]): string {
  return path.length === 0 ? '' : ` (element [${path.join('][')}])`;
}
