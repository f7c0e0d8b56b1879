/** Seeded values for tests. Deliberately not src/random, which is under test itself. */

/** A generator of uniform numbers in [0, 1): Tommy Ettinger's mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** `n` float32 values, uniform in [low, high). */
export function floats(n: number, seed: number, low = -2, high = 2): Float32Array {
  const draw = uniform(seed);
  return filled(new Float32Array(n), () => low + (high - low) * draw());
}

/** `n` float32 values of both signs whose magnitudes spread evenly over the powers of two from 2^low to 2^high. */
export function magnitudes(n: number, seed: number, low: number, high: number): Float32Array {
  const draw = uniform(seed);
  return filled(new Float32Array(n), () => (draw() < 0.5 ? -1 : 1) * 2 ** (low + (high - low) * draw()));
}

/** `n` int32 values, uniform in [low, high). */
export function ints(n: number, seed: number, low: number, high: number): Int32Array {
  const draw = uniform(seed);
  return filled(new Int32Array(n), () => Math.floor(low + (high - low) * draw()));
}

/** A loop: `from` with a function takes many times as long, and the cases of ops draw a billion values. */
function filled<T extends Float32Array | Int32Array>(array: T, next: () => number): T {
  for (let i = 0; i < array.length; i++) array[i] = next();
  return array;
}

export const largest = 3.4028234663852886e38;
export const smallestNormal = 2 ** -126;

/** Every kind of float32 that arithmetic treats in its own way. Subnormals stand apart: native code may flush them. */
export const specials: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1,
  -1,
  0.5,
  -1.5,
  3,
  largest,
  -largest,
  smallestNormal,
  -smallestNormal,
  16777216,
  -16777215,
  88.5,
  -103.5,
];
export const subnormals: readonly number[] = [1e-45, -1e-45, 1e-40, -3e-39, 1.1754942106924411e-38];

/**
 * The special values among ordinary ones, 3 times over with 5 more each time, so that each of them passes through
 * several lanes and through the tail of a vector loop.
 */
export function specialMix(seed: number, chosen: readonly number[] = specials): Float32Array {
  const ordinary = floats(5, seed);
  return Float32Array.from([...chosen, ...ordinary, ...chosen, ...ordinary, ...chosen]);
}
