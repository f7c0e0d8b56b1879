/**
 * Tensors that come back from outside: parsed JSON, and what `structuredClone`, `postMessage` and `v8.serialize` make of a tensor.
 */
import { checkOneOf, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { DType, HostArray } from '../ops/ops.js';
import { isArray, isPlainObject } from '../realm.js';
import { plainView } from './host-view.js';
import { numberOfJSON } from './json.js';
import { checkShape, formatShape, numelOf, type Shape } from './shape.js';
import { dtypeOf, dtypes, Storage } from './storage.js';
import { Tensor } from './tensor.js';

/** A saved tensor whose sizes have been checked; its numbers are read when they are asked for. */
export interface SavedTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** @throws ArgumentError or ShapeError when the numbers are not those of such a tensor. */
  read(): Tensor;
}

/**
 * What a value says it is: `{ dtype, shape, data }`, or a clone `{ storage: { dtype, numbers: { data } }, shape }`; null for any other.
 * @throws ArgumentError, ShapeError for sizes and dtypes that there are none of.
 */
export function openSaved(caller: string, value: unknown): SavedTensor | null {
  const parts = partsOf(value);
  if (parts === null) return null;
  const { data } = parts;
  const dtype = checkOneOf(caller, 'dtype', parts.dtype, dtypes);
  const shape = checkShape(caller, parts.shape);
  return { dtype, shape, read: () => new Tensor(new Storage(dtype, readData(caller, data, dtype, shape)), shape) };
}

function partsOf(value: unknown): { dtype: unknown; shape: unknown; data: unknown } | null {
  if (!isPlainObject(value) || !('shape' in value)) return null;
  const { shape, storage } = value;
  if ('dtype' in value && 'data' in value) return { dtype: value.dtype, shape, data: value.data };
  if (!isPlainObject(storage) || !isPlainObject(storage.numbers)) return null;
  return { dtype: storage.dtype, shape, data: storage.numbers.data };
}

function readData(caller: string, data: unknown, dtype: DType, shape: Shape): HostArray {
  if (!ArrayBuffer.isView(data)) {
    const numbers = Storage.allocate(dtype, numelOf(shape)).write();
    readLevel(caller, data, shape, 0, { numbers, next: 0, isInteger: dtype === 'int32' });
    return numbers;
  }
  const view = plainView(caller, data);
  if (dtypeOf(view) !== dtype || view.length !== numelOf(shape))
    throw new ShapeError(`${caller}: expected ${numelOf(shape)} elements of ${dtype} in data, got ${show(data)}`);
  return (view as HostArray).slice();
}

interface Target {
  readonly numbers: HostArray;
  readonly isInteger: boolean;
  next: number;
}

function readLevel(caller: string, value: unknown, shape: Shape, dim: number, target: Target): void {
  if (dim === shape.length) {
    const number = numberOfJSON(value);
    if (number === null || (target.isInteger && (number | 0) !== number))
      throw new ArgumentError(`${caller}: expected a number in data, got ${show(value)}`);
    target.numbers[target.next++] = number;
    return;
  }
  if (!isArray(value) || value.length !== shape[dim])
    throw new ShapeError(`${caller}: data is not of shape ${formatShape(shape)}`);
  for (let i = 0; i < shape[dim]!; i++) readLevel(caller, value[i], shape, dim + 1, target);
}
