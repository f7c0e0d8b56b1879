/** What a generator is asked for and what it is made of. */
import type { Mt19937State } from './mt19937.js';

/** Where dropout masks come from: the counter of native/kernels/README.md, or PyTorch's own stream. */
export type MaskMode = 'counter' | 'mt19937';

/** What `manualSeed` and `new Generator` can be told in addition to the seed. */
export interface GeneratorOptions {
  /**
   * `'counter'` (default): a mask is a pure function of seed, count, row and column, the same on every backend.
   * `'mt19937'`: masks are drawn from the stream that everything else is drawn from, bit for bit as PyTorch's CPU
   * generator does: slow, for comparisons with PyTorch.
   */
  masks?: MaskMode;
}

/** All that a `Generator` is. Plain numbers, strings and null: `JSON.stringify` keeps it exactly. */
export interface GeneratorState {
  /** The seed modulo 2^64: its low and its high 32 bits. */
  readonly seedLow: number;
  /** See {@link seedLow}. */
  readonly seedHigh: number;
  /** How many mask keys have been drawn: the low and the high 32 bits of the count. */
  readonly counterLow: number;
  /** See {@link counterLow}. */
  readonly counterHigh: number;
  /** Where dropout masks come from. */
  readonly masks: MaskMode;
  /** The engine: its 624 words, and how many of them are used up. */
  readonly mt19937: Mt19937State;
  /** The second of the last pair of normal numbers, if it has not been used. */
  readonly spareNormal: number | null;
}
