/** Numbers of half the bytes: the upper half of a float32, with 8 bits of precision. They travel as Uint16Array. */

/** Rounds float32 to the nearest bfloat16, ties to even, as PyTorch does. `out` is as long. */
export function toBfloat16(numbers: Float32Array, out: Uint16Array): void {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const hasNoValue = (word & 0x7fffffff) > 0x7f800000;
    out[i] = hasNoValue ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

export function fromBfloat16(halves: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
}

/**
 * What travels for numbers and what rounding has left of them before: error feedback (Seide and others, 1-Bit Stochastic Gradient Descent, 2014). What rounding
 * leaves now is in `errors` afterwards; of numbers that are not finite nothing is left.
 */
export function compressWithFeedback(numbers: Float32Array, errors: Float32Array): Uint16Array {
  const sums = new Float32Array(numbers.length);
  for (let i = 0; i < sums.length; i++) sums[i] = numbers[i]! + errors[i]!;
  const halves = new Uint16Array(sums.length);
  toBfloat16(sums, halves);
  fromBfloat16(halves, errors);
  for (let i = 0; i < sums.length; i++) {
    const error = sums[i]! - errors[i]!;
    errors[i] = Number.isFinite(error) ? error : 0;
  }
  return halves;
}
