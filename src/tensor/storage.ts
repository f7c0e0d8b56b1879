import { Buffer, constants } from 'node:buffer';
import { ArgumentError } from '../errors.js';
import type { DType, HostArray, Memory } from '../ops/ops.js';

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

const smallestUncleared = 4096;

/** The dtypes there are, in the order in which messages list them. */
export const dtypes: readonly DType[] = ['float32', 'float64', 'int32'];

/** The dtype that a typed array holds, or null when lanewise has none for it. */
export function dtypeOf(array: ArrayBufferView): DType | null {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  return null;
}

/**
 * The memory of a tensor; tensors of one storage share their numbers. Only ops reach the array, through
 * {@link read} and {@link write}: users get copies, so the newest numbers may live elsewhere than in the array.
 */
export class Storage implements Memory {
  readonly dtype: DType;
  readonly length: number;
  readonly #host: HostArray;
  #version = 0;

  /** Takes the array over: nobody else may keep it. */
  constructor(dtype: DType, host: HostArray) {
    this.dtype = dtype;
    this.length = host.length;
    this.#host = host;
  }

  /** Zero-filled memory. @throws ArgumentError when the machine will not give that much. */
  static allocate(dtype: DType, length: number): Storage {
    try {
      return new Storage(dtype, new constructors[dtype](length));
    } catch (cause) {
      throw new ArgumentError(`cannot allocate ${length} elements of ${dtype}`, { cause });
    }
  }

  /**
   * Memory that holds anything: clearing what an op is about to write takes as long as many an op.
   * @throws ArgumentError when the machine will not give that much.
   */
  static uninitialized(dtype: DType, length: number): Storage {
    const bytes = length * constructors[dtype].BYTES_PER_ELEMENT;
    // Small arrays are cheaper to make inside V8's own heap; Node refuses buffers beyond its limit by another error.
    if (bytes < smallestUncleared || bytes > constants.MAX_LENGTH) return Storage.allocate(dtype, length);
    return new Storage(dtype, new constructors[dtype](Buffer.allocUnsafeSlow(bytes).buffer));
  }

  read(): HostArray {
    return this.#host;
  }

  write(): HostArray {
    this.#version++;
    return this.#host;
  }

  /** How many times an op has written here: the tape compares it to see that what it saved is still there. */
  get version(): number {
    return this.#version;
  }
}
