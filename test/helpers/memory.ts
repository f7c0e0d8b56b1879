/** Memory for tests of ops: it tells when an op wrote where it should not, or did not write where it should. */
import type { DType, HostArray, Memory } from '../../src/ops/ops.js';

const guardBytes = 128;
const guardByte = 0xa5;
/** A quiet NaN that no arithmetic makes by itself, and an integer that no case uses. */
const unwrittenFloat32 = 0x7fc5a5a5;
const unwrittenFloat64 = 0x7ff8a5a5a5a5a5a5n;
const unwrittenInt32 = 0x5a5a5a5a;

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

/** A typed array with guard bytes on both sides, at a chosen distance from alignment. */
export class GuardedMemory implements Memory {
  readonly dtype: DType;
  readonly length: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #array: HostArray;

  /** `shift` moves the first element by this number of elements from a multiple of 64 bytes. */
  constructor(dtype: DType, length: number, shift = 0) {
    this.dtype = dtype;
    this.length = length;
    const size = arrays[dtype].BYTES_PER_ELEMENT;
    const start = guardBytes + size * shift;
    const end = start + size * length;
    this.#bytes = new Uint8Array(end + guardBytes).fill(guardByte, 0, start).fill(guardByte, end);
    this.#array = new arrays[dtype](this.#bytes.buffer, start, length);
  }

  static from(values: HostArray, shift = 0): GuardedMemory {
    const dtype = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'float64';
    const memory = new GuardedMemory(dtype, values.length, shift);
    // Bytes, so that the payloads of NaNs survive.
    new Uint8Array(memory.#array.buffer, memory.#array.byteOffset, memory.#array.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return memory;
  }

  /** Memory for an output: filled with what {@link firstUnwritten} looks for. */
  static unwritten(dtype: DType, length: number, shift = 0): GuardedMemory {
    const memory = new GuardedMemory(dtype, length, shift);
    const view = memory.#patternView();
    if (view instanceof BigUint64Array) view.fill(unwrittenFloat64);
    else view.fill(memory.#pattern());
    return memory;
  }

  read(): HostArray {
    return this.#array;
  }

  write(): HostArray {
    return this.#array;
  }

  /** A copy of the elements. */
  snapshot(): HostArray {
    return this.#array.slice();
  }

  /** The first element that still holds the filling of {@link unwritten}, or -1. */
  firstUnwritten(): number {
    const view = this.#patternView();
    return view instanceof BigUint64Array ? view.indexOf(unwrittenFloat64) : view.indexOf(this.#pattern());
  }

  /** Whether the bytes before and after the elements are untouched. */
  guardsIntact(): boolean {
    const end = this.#array.byteOffset + this.#array.byteLength;
    const bytes = this.#bytes;
    for (let i = 0; i < this.#array.byteOffset; i++) if (bytes[i] !== guardByte) return false;
    for (let i = end; i < bytes.length; i++) if (bytes[i] !== guardByte) return false;
    return true;
  }

  #pattern(): number {
    return this.dtype === 'int32' ? unwrittenInt32 : unwrittenFloat32;
  }

  #patternView(): Int32Array | BigUint64Array {
    const { buffer, byteOffset, length } = this.#array;
    return this.dtype === 'float64'
      ? new BigUint64Array(buffer, byteOffset, length)
      : new Int32Array(buffer, byteOffset, length);
  }
}
