/** The two kinds of arrays behind a Memory, told apart where an op asks for one of them. */
import { BackendError } from '../../errors.js';
import { isInt32Array } from '../../realm.js';
import type { DType, FloatArray, HostArray, Memory } from '../ops.js';

function floats(array: HostArray): FloatArray {
  if (isInt32Array(array)) throw new BackendError('reference: expected float memory, got int32');
  return array;
}

function ints(array: HostArray): Int32Array {
  if (!isInt32Array(array)) throw new BackendError('reference: expected int32 memory, got floats');
  return array;
}

export const readFloats = (memory: Memory): FloatArray => floats(memory.read());
export const writeFloats = (memory: Memory): FloatArray => floats(memory.write());
export const readInts = (memory: Memory): Int32Array => ints(memory.read());
export const writeInts = (memory: Memory): Int32Array => ints(memory.write());

/** A scalar argument as the elements of this memory can hold it. */
export function roundTo(memory: Memory, scalar: number): number {
  return memory.dtype === 'float32' ? Math.fround(scalar) : scalar;
}

const largestFloat32 = 3.4028234663852886e38;
const smallestFloat32 = 2 ** -149;

/** What an intermediate result becomes that PyTorch keeps in memory of this dtype: infinite or 0 where it does not fit, else as it is. */
export function rangeOf(memory: Memory): (x: number) => number {
  if (memory.dtype !== 'float32') return (x) => x;
  return (x) => {
    const size = Math.abs(x);
    return size > largestFloat32 || size < smallestFloat32 ? Math.fround(x) : x;
  };
}

/** Memory for the time of an op. */
export function temporary(dtype: DType, length: number): Memory {
  const array: HostArray = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
  return { dtype, length, read: () => array, write: () => array };
}
