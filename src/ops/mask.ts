/**
 * The dropout mask: one bit of randomness per element as a pure function of (key, row, column), so that it can be
 * drawn in any order, by any number of threads, and drawn again. It is a counter-based xorshift-multiply generator
 * whose words hold two 16-bit draws. This file is its only definition in TypeScript; the native one is
 * kernels/generic/dropout-inl.h, and the tests hold the two equal to the bit.
 *
 * All arithmetic is modulo 2^32. Multipliers are those of the mixer found by Chris Wellons' hash prospector
 * (https://github.com/skeeto/hash-prospector, "triple32"); the key's constants are digits of pi and the golden ratio.
 */

/** One key of a mask: (k0, k1), two unsigned 32-bit integers. */
export type MaskKey = readonly [number, number];

/** Columns that share a run of {@link wordsPerGroup} words: one 64-byte line of float32. */
const groupColumns = 16;
const wordsPerGroup = 8;

/** A bijection of 32-bit integers whose output bits each depend on all input bits. Returns an int32. */
function mix32(x: number): number {
  x ^= x >>> 17;
  x = Math.imul(x, 0xed5ad4bb);
  x ^= x >>> 11;
  x = Math.imul(x, 0xac4c1b51);
  x ^= x >>> 15;
  x = Math.imul(x, 0x31848bab);
  return x ^ (x >>> 14);
}

function fold(hash: number, word: number): number {
  return mix32(((hash ^ word) + 0x9e3779b9) | 0);
}

/**
 * The key of mask number `counter` of the generator seeded with `seed`, each given as its low and its high 32 bits.
 */
export function maskKey(seedLow: number, seedHigh: number, counterLow: number, counterHigh: number): MaskKey {
  const k0 = fold(fold(fold(fold(0x243f6a88, seedLow), seedHigh), counterHigh), counterLow);
  const k1 = fold(fold(fold(fold(0x85a308d3, counterLow), counterHigh), seedHigh), seedLow);
  return [k0 >>> 0, k1 >>> 0];
}

/** Word number `c` of the mask, as an int32: the draws of two elements. */
export function maskWord(k0: number, k1: number, c: number): number {
  let x = (c + k0) | 0;
  x ^= x >>> 17;
  x = Math.imul(x, 0xed5ad4bb);
  x ^= k1;
  x ^= x >>> 11;
  x = Math.imul(x, 0xac4c1b51);
  x ^= x >>> 15;
  x = Math.imul(x, 0x31848bab);
  return x ^ (x >>> 14);
}

/** How many of the 65,536 equally likely draws keep an element that is dropped with probability p in [0, 1]. */
export function maskThreshold(p: number): number {
  return Math.floor((1 - p) * 65536 + 0.5);
}

/**
 * What kept elements are multiplied with: 1/(1-p) for the p that {@link maskThreshold} rounded to 16 bits, as a
 * float32, so that the expectation is right. 0 when nothing is kept.
 */
export function maskScale(p: number): number {
  const threshold = maskThreshold(p);
  return threshold === 0 ? 0 : Math.fround(65536 / threshold);
}

/** Words that a row of `columns` elements takes. */
export function maskRowWords(columns: number): number {
  return Math.ceil(columns / groupColumns) * wordsPerGroup;
}

/**
 * The draw of the element in `column` of the row whose first word is number `rowStart`, from -32768 to 32767.
 * Columns 0-7 of a group of 16 take the low halves of its words, columns 8-15 the high halves.
 */
export function maskDraw(k0: number, k1: number, rowStart: number, column: number): number {
  const word = maskWord(k0, k1, rowStart + (column >>> 4) * wordsPerGroup + (column & 7));
  return column & 8 ? word >> 16 : (word << 16) >> 16;
}

/** Number of the first word of a row, modulo 2^32. `row` counts from the start of the whole, not of this part. */
export function maskRowStart(row: number, columns: number): number {
  return Math.imul(row, maskRowWords(columns));
}

/** Whether the element at (row, column) of a mask with this many columns is kept. */
export function maskKeeps(key: MaskKey, row: number, column: number, columns: number, threshold: number): boolean {
  return maskDraw(key[0], key[1], maskRowStart(row, columns), column) < threshold - 32768;
}
