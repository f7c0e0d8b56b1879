/** Comparison of what a backend computed with what the oracle expects. */
import type { HostArray } from '../../src/ops/ops.js';

const smallestNormal = 2 ** -126;
const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);

/** The distance from |x| to the next larger float32; that of the smallest normal number for anything smaller. */
export function ulp32(x: number): number {
  scratch[0] = Math.max(Math.abs(x), smallestNormal);
  const exponent = (scratchBits[0]! >>> 23) - 127;
  return 2 ** (Math.min(exponent, 127) - 23);
}

/** Whether a float32 result may stand for `expected` (a double), if it may be off by `allowed`. */
export function isClose(actual: number, expected: number, allowed: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  const rounded = Math.fround(expected);
  if (!Number.isFinite(rounded)) {
    // On the very edge of the range one rounding more or less decides between the largest number and infinity.
    return actual === rounded || (Number.isFinite(expected) && Math.abs(actual - expected) <= allowed);
  }
  if (actual === rounded) return true;
  // Native code flushes results below the smallest normal number.
  if (Math.abs(expected) < smallestNormal && Math.abs(actual) <= smallestNormal) return true;
  return Math.abs(actual - expected) <= allowed;
}

/** Equal to the bit, but any NaN equals any other. */
export function isSame(actual: number, expected: number): boolean {
  return Object.is(actual, expected);
}

/** Far faster than a comparison of elements, which are the same wherever their bytes are. */
export function haveSameBytes(a: HostArray, b: HostArray): boolean {
  return a.constructor === b.constructor && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}
const bytesOf = ({ buffer, byteOffset, byteLength }: HostArray) => new Uint8Array(buffer, byteOffset, byteLength);

/** The first index where two results differ by {@link isSame}, or -1. */
export function firstDifference(actual: HostArray, expected: HostArray): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  if (haveSameBytes(actual, expected)) return -1;
  for (let i = 0; i < actual.length; i++) if (!isSame(actual[i]!, expected[i]!)) return i;
  return -1;
}

/**
 * Why these expected values would let a broken op pass: mostly zeros, or the same everywhere. Null when they prove
 * something. Small outputs are left alone.
 */
export function provesNothing(expected: HostArray): string | null {
  if (expected.length < 8) return null;
  let zeros = 0;
  const distinct = new Set<number>();
  for (const value of expected) {
    if (value === 0) zeros++;
    if (distinct.size < 3) distinct.add(value);
  }
  if (zeros > expected.length / 2) return `${zeros} of ${expected.length} expected values are 0`;
  if (distinct.size < 3) return `all ${expected.length} expected values are one of ${[...distinct].join(', ')}`;
  return null;
}
