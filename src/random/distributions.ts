/**
 * Distributions over the bits of a {@link Mt19937}, with PyTorch's recipes for the CPU (those of
 * aten/src/ATen/native/cpu/DistributionTemplates.h on processors that are not Intel's), so that the same seed gives
 * the same numbers. Arguments have been checked by the callers.
 */
import type { FloatArray } from '../ops/ops.js';
import { isFloat32Array } from '../realm.js';
import type { Mt19937 } from './mt19937.js';

/** From this range on, PyTorch takes 64 bits for an integer instead of 32. */
const wideRange = 2 ** 28;

/**
 * array[i] = u·(to - from) + from with u in [0, 1): one draw of 32 bits for float32, of 64 for float64. Product and
 * sum are rounded once, together: PyTorch is compiled to fused multiply-adds.
 */
export function fillUniform(bits: Mt19937, array: FloatArray, from: number, to: number): void {
  if (isFloat32Array(array)) {
    const base = Math.fround(from);
    const width = Math.fround(Math.fround(to) - base);
    for (let i = 0; i < array.length; i++) array[i] = fma32(bits.fraction24(), width, base);
  } else {
    const width = to - from;
    for (let i = 0; i < array.length; i++) array[i] = fma64(bits.fraction53(), width, from);
  }
}

/** x·y + z for float32 operands, rounded to float32 once. */
export function fma32(x: number, y: number, z: number): number {
  // The product is exact: 24 + 24 bits. The sum is rounded to a double, which matters only where that lies halfway between two
  // floats: `nearest` and `other`.
  const sum = x * y + z;
  const nearest = Math.fround(sum);
  const other = sum + (sum - nearest);
  return other !== nearest && Math.fround(other) === other ? roundTie(x * y, z, nearest, other) : nearest;
}

/** product + z, whose sum as a double lies halfway between two floats, rounded to float32. */
function roundTie(product: number, z: number, nearest: number, other: number): number {
  const error = sumError(product, z, product + z);
  if (error === 0) return nearest;
  return error > 0 ? Math.max(nearest, other) : Math.min(nearest, other);
}

/** x·y + z for doubles far from overflow and underflow, rounded once (save ties closer than 2^-100 of the result). */
function fma64(x: number, y: number, z: number): number {
  const product = x * y;
  const [xHigh, xLow] = split(x);
  const [yHigh, yLow] = split(y);
  const productError = xHigh * yHigh - product + xHigh * yLow + xLow * yHigh + xLow * yLow;
  const sum = product + z;
  return sum + (sumError(product, z, sum) + productError);
}

/** What the rounding of sum = a + b lost, exactly (Knuth's two-sum). */
function sumError(a: number, b: number, sum: number): number {
  const bRounded = sum - a;
  return a - (sum - bRounded) + (b - bRounded);
}

/** A double as the sum of two with 26 bits each (Dekker's split), whose products are exact. */
function split(x: number): readonly [number, number] {
  const scaled = x * (2 ** 27 + 1);
  const high = scaled - (scaled - x);
  return [high, x - high];
}

/** array[i] = 1 with probability q, else 0: one draw of 64 bits an element. */
export function fillBernoulli(bits: Mt19937, array: FloatArray, q: number): void {
  for (let i = 0; i < array.length; i++) array[i] = bits.fraction53() < q ? 1 : 0;
}

/** array[i] = an integer in [low, high), high - low <= 2^53. */
export function fillIntegers(bits: Mt19937, array: FloatArray | Int32Array, low: number, high: number): void {
  const range = high - low;
  if (range < wideRange) {
    for (let i = 0; i < array.length; i++) array[i] = (bits.u32() % range) + low;
    return;
  }
  const wide = BigInt(range);
  for (let i = 0; i < array.length; i++) array[i] = Number(nextRandom64(bits) % wide) + low;
}

/** 64 random bits as an integer in [0, 2^64). */
export function nextRandom64(bits: Mt19937): bigint {
  const [high, low] = bits.u64();
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Fills array with 0 to length - 1 in random order: a Fisher-Yates shuffle from the front, one draw a place but the last. */
export function fillPermutation(bits: Mt19937, array: Int32Array): void {
  const n = array.length;
  for (let i = 0; i < n; i++) array[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const j = i + (bits.u32() % (n - i));
    const value = array[i]!;
    array[i] = array[j]!;
    array[j] = value;
  }
}
