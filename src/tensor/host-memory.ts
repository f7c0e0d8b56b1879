/** Typed arrays for the host side of storages. */
import { Buffer, constants } from 'node:buffer';
import { ArgumentError } from '../errors.js';
import type { DType, HostArray } from '../ops/ops.js';

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

/** From this many bytes on, a separate array that is not cleared is cheaper than one that is. */
const smallestUncleared = 4096;
/** Up to this many bytes an array is a part of a slab: separate memory takes longer to make than an op to fill. */
const largestShared = 1024;
const slabBytes = 8192;
/** Offsets are multiples of it, so that elements of every dtype are aligned. */
const slabStep = 16;

let slab: ArrayBuffer | null = null;
let slabUsed = 0;

/** @throws ArgumentError when the machine will not give that much. */
export function zeros(dtype: DType, length: number): HostArray {
  try {
    return new constructors[dtype](length);
  } catch (cause) {
    throw new ArgumentError(`cannot allocate ${length} elements of ${dtype}`, { cause });
  }
}

/** Memory that holds anything. @throws ArgumentError when the machine will not give that much. */
export function uncleared(dtype: DType, length: number): HostArray {
  const bytes = length * constructors[dtype].BYTES_PER_ELEMENT;
  if (bytes <= largestShared && bytes > 0) return partOfSlab(dtype, length, bytes);
  // Node refuses buffers beyond its limit by another error.
  if (bytes < smallestUncleared || bytes > constants.MAX_LENGTH) return zeros(dtype, length);
  return new constructors[dtype](Buffer.allocUnsafeSlow(bytes).buffer);
}

/** An array of a few elements keeps its whole slab alive, as small Buffers of Node do. */
function partOfSlab(dtype: DType, length: number, bytes: number): HostArray {
  if (slab === null || slabUsed + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes).buffer;
    slabUsed = 0;
  }
  const offset = slabUsed;
  slabUsed += Math.ceil(bytes / slabStep) * slabStep;
  return new constructors[dtype](slab, offset, length);
}
