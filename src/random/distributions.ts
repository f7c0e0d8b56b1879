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

/** Below this length normal numbers are drawn one by one; from it on, in blocks of this length. */
const normalBlock = 16;

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
  const product = x * y; // exact: 24 + 24 bits
  const sum = product + z;
  const nearest = Math.fround(sum);
  if (nearest === sum) return nearest;
  // The sum was rounded to a double. That matters only where it landed halfway between two floats.
  const other = sum + (sum - nearest);
  if (Math.fround(other) !== other) return nearest;
  const error = sumError(product, z, sum);
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

/** A source of single normal numbers that may hold one back: they are made in pairs. */
export interface NormalSource {
  /** The second of the last pair, if it has not been taken. */
  spare: number | null;
}

/**
 * array[i] = mean + std·z, z standard normal, by Box and Muller's transform ("A note on the generation of random
 * normal deviates", 1958): a pair r·cos θ, r·sin θ with r = √(-2 ln(1-u)), θ = 2πv. Up to 15 numbers are drawn one by
 * one in float64, with the spare of a pair kept for the next call; from 16 on blocks of 16 uniform numbers in the
 * array's own precision are transformed in place, and the last 16 are drawn afresh when they straddle two blocks.
 */
export function fillNormal(bits: Mt19937, source: NormalSource, array: FloatArray, mean: number, std: number): void {
  const n = array.length;
  if (n < normalBlock) {
    for (let i = 0; i < n; i++) array[i] = nextNormal(bits, source) * std + mean;
    return;
  }
  fillUniform(bits, array, 0, 1);
  for (let at = 0; at + normalBlock <= n; at += normalBlock) transformBlock(array, at, mean, std);
  if (n % normalBlock === 0) return;
  fillUniform(bits, array.subarray(n - normalBlock), 0, 1);
  transformBlock(array, n - normalBlock, mean, std);
}

function nextNormal(bits: Mt19937, source: NormalSource): number {
  if (source.spare !== null) {
    const spare = source.spare;
    source.spare = null;
    return spare;
  }
  const angle = 2 * Math.PI * bits.fraction53();
  const radius = Math.sqrt(-2 * Math.log1p(-bits.fraction53()));
  source.spare = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}

/** Transforms 16 uniform numbers, each step rounded to the array's precision as in PyTorch. */
function transformBlock(array: FloatArray, at: number, mean: number, std: number): void {
  const round = isFloat32Array(array) ? Math.fround : exactly;
  const half = normalBlock / 2;
  const turn = round(2 * Math.PI);
  for (let i = at; i < at + half; i++) {
    const radius = round(Math.sqrt(round(-2 * round(Math.log(round(1 - array[i]!))))));
    const angle = round(turn * array[i + half]!);
    array[i] = round(radius * round(Math.cos(angle))) * round(std) + round(mean);
    array[i + half] = round(radius * round(Math.sin(angle))) * round(std) + round(mean);
  }
}

function exactly(value: number): number {
  return value;
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
