import { markAsOwn } from '../copies.js';
import { maskKey } from '../ops/mask.js';
import type { FloatArray, KeySource } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import {
  checkBernoulli,
  checkFloatArray,
  checkIntegers,
  checkMasks,
  checkNormal,
  checkOrderLength,
  checkSeed,
  checkState,
  checkUniform,
} from './checks.js';
import { fillBernoulli, fillIntegers, fillPermutation, fillUniform, nextRandom64 } from './distributions.js';
import { Mt19937, type Mt19937Mark } from './mt19937.js';
import { fillNormal, type NormalSource } from './normal.js';
import type { GeneratorOptions, GeneratorState, MaskMode } from './state.js';

export type { GeneratorOptions, GeneratorState, MaskMode } from './state.js';

/** What an unseeded `new Generator()` starts from, as in PyTorch. */
const defaultSeed = 67280421310721;

/** The text is that of the error: `Symbol(...) could not be cloned`. */
const noClone = Symbol('a Generator: send its getState(), which setState() takes on the other side');
/** Where the numbers of a generator stand, its keys aside. @internal */
export interface GeneratorMark extends Mt19937Mark {
  readonly spareNormal: number | null;
}

/**
 * A source of random numbers with two streams: an mt19937, bit for bit PyTorch's CPU generator, for numbers and
 * orders, and a count of mask keys for dropout. Both start from one seed, and together they are a few hundred
 * integers that can be saved and resumed exactly ({@link getState}).
 *
 * Every method checks its arguments before it draws: after an error the streams stand where they stood.
 * https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator implements KeySource {
  /** Has `structuredClone`, `postMessage` and `v8.serialize` throw, where they would lose all that is private. @internal */
  readonly '~clone' = noClone;
  readonly #bits: Mt19937;
  readonly #normal: NormalSource = { spare: null };
  #seedLow: number;
  #seedHigh: number;
  #counterLow = 0;
  #counterHigh = 0;
  #masks: MaskMode;

  /** @param seed as for {@link manualSeed}; 67280421310721 by default, as in PyTorch. */
  constructor(seed: number | bigint = defaultSeed, options: GeneratorOptions = {}) {
    [this.#seedLow, this.#seedHigh] = checkSeed('Generator', seed);
    this.#masks = checkMasks('Generator', options);
    this.#bits = new Mt19937(this.#seedLow);
  }

  /**
   * Starts both streams again. The state after it depends on its arguments only: without options masks are drawn by
   * counter, whatever they were drawn by before. Returns this.
   * @param seed an integer from -2^63 to 2^64 - 1, a bigint beyond ±(2^53 - 1); a negative one counts modulo 2^64.
   * The mt19937 uses its low 32 bits, as in PyTorch; mask keys use all 64.
   * @throws ArgumentError when it is none, or for an unknown option.
   */
  manualSeed(seed: number | bigint, options: GeneratorOptions = {}): this {
    assertNotTracing('manualSeed');
    const [low, high] = checkSeed('manualSeed', seed);
    this.#masks = checkMasks('manualSeed', options);
    this.#seedLow = low;
    this.#seedHigh = high;
    this.#counterLow = 0;
    this.#counterHigh = 0;
    this.#normal.spare = null;
    this.#bits.seed(low);
    return this;
  }

  /** The seed that the streams were started from, from 0 to 2^64 - 1. */
  initialSeed(): bigint {
    return (BigInt(this.#seedHigh) << 32n) | BigInt(this.#seedLow);
  }

  /** Where dropout is to take its masks from. */
  get masks(): MaskMode {
    currentTrace()?.guard(this, 'masks', () => this.#masks);
    return this.#masks;
  }

  /** The key of the next dropout mask, two unsigned 32-bit integers: a function of the seed and of their count. */
  nextKey(): readonly [number, number] {
    assertNotTracing('nextKey');
    const key = maskKey(this.#seedLow, this.#seedHigh, this.#counterLow, this.#counterHigh);
    this.#counterLow = (this.#counterLow + 1) >>> 0;
    if (this.#counterLow === 0) this.#counterHigh = (this.#counterHigh + 1) >>> 0;
    return key;
  }

  /** Writes what keys are made from as four words: seed and count, each its low and its high 32 bits. @internal */
  writeKeyWords(words: Uint32Array, offset: number): void {
    words[offset] = this.#seedLow;
    words[offset + 1] = this.#seedHigh;
    words[offset + 2] = this.#counterLow;
    words[offset + 3] = this.#counterHigh;
  }

  /** Counts keys that a program draws by itself; a negative count gives keys back. @internal */
  countKeys(count: number): void {
    const low = this.#counterLow + count;
    this.#counterLow = low >>> 0;
    this.#counterHigh = (this.#counterHigh + Math.floor(low / 2 ** 32)) >>> 0;
  }

  /** 64 random bits, from 0 to 2^64 - 1. */
  random64(): bigint {
    assertNotTracing('random64');
    return nextRandom64(this.#bits);
  }

  /** 63 random bits: what PyTorch's `torch.empty((), dtype=torch.int64).random_()` draws, for seeding generators. */
  random63(): bigint {
    return this.random64() & 0x7fffffffffffffffn;
  }

  /**
   * Fills with numbers uniform in [from, to), as `tensor.uniform_`. Equal to PyTorch to the bit.
   * @throws ArgumentError when to < from, or either is not a finite number of the array's precision.
   */
  uniformFill(array: FloatArray, from = 0, to = 1): void {
    assertNotTracing('uniformFill');
    checkFloatArray('uniformFill', array);
    checkUniform('uniformFill', array, from, to);
    fillUniform(this.#bits, array, from, to);
  }

  /**
   * Fills with numbers of the normal distribution, as `tensor.normal_`. float32 numbers equal PyTorch's to the bit; float64 ones to
   * the last digit or two, since logarithms, sines and cosines are those of another library.
   * @throws ArgumentError unless std >= 0.
   */
  normalFill(array: FloatArray, mean = 0, std = 1): void {
    assertNotTracing('normalFill');
    checkFloatArray('normalFill', array);
    checkNormal('normalFill', mean, std);
    fillNormal(this.#bits, this.#normal, array, mean, std);
  }

  /**
   * Fills with 1 with probability q, else 0, as `tensor.bernoulli_(q)`: the mask of PyTorch's dropout for p = 1 - q.
   * @throws ArgumentError unless 0 <= q <= 1.
   */
  bernoulliFill(array: FloatArray, q: number): void {
    assertNotTracing('bernoulliFill');
    checkFloatArray('bernoulliFill', array);
    checkBernoulli('bernoulliFill', q);
    fillBernoulli(this.#bits, array, q);
  }

  /**
   * Fills with integers uniform in [low, high), as `torch.randint`.
   * @throws ArgumentError unless low < high and the array holds each of them exactly.
   */
  randintFill(array: Int32Array | FloatArray, low: number, high: number): void {
    assertNotTracing('randintFill');
    checkIntegers('randintFill', array, low, high);
    fillIntegers(this.#bits, array, low, high);
  }

  /**
   * The integers 0 to n - 1 in random order, as `torch.randperm`.
   * @throws ArgumentError unless n is an integer from 0 to 2^31 - 1.
   */
  randperm(n: number): Int32Array {
    assertNotTracing('randperm');
    const order = new Int32Array(checkOrderLength('randperm', n));
    fillPermutation(this.#bits, order);
    return order;
  }

  /** Fills with the integers 0 to length - 1 in random order: {@link randperm} into memory that there is. @internal */
  randpermFill(array: Int32Array): void {
    fillPermutation(this.#bits, array);
  }

  /** Everything needed to go on from here: {@link setState}, now or in another process. */
  getState(): GeneratorState {
    assertNotTracing('getState');
    return {
      seedLow: this.#seedLow,
      seedHigh: this.#seedHigh,
      counterLow: this.#counterLow,
      counterHigh: this.#counterHigh,
      masks: this.#masks,
      mt19937: this.#bits.getState(),
      spareNormal: this.#normal.spare,
    };
  }

  /** What `JSON.stringify` writes: {@link getState}. */
  toJSON(): GeneratorState {
    return this.getState();
  }

  /**
   * Goes on where the generator stood that `state` was taken from. Returns this.
   * @throws ArgumentError when it is no such state.
   */
  setState(state: GeneratorState): this {
    assertNotTracing('setState');
    const checked = checkState('setState', state);
    this.#seedLow = checked.seedLow;
    this.#seedHigh = checked.seedHigh;
    this.#counterLow = checked.counterLow;
    this.#counterHigh = checked.counterHigh;
    this.#masks = checked.masks;
    this.#normal.spare = checked.spareNormal;
    this.#bits.setState(checked.mt19937);
    return this;
  }

  /** Where the mt19937 stands: cheaper than {@link getState}. @internal */
  mark(): GeneratorMark {
    return { ...this.#bits.mark(), spareNormal: this.#normal.spare };
  }

  /** Whether the mt19937 stands where it stood then. @internal */
  isAt({ words, position, spareNormal }: GeneratorMark): boolean {
    return this.#normal.spare === spareNormal && this.#bits.isAt({ words, position });
  }

  /** Sets the mt19937 back, the count of keys stays. @internal */
  rewind({ words, position, spareNormal }: GeneratorMark): void {
    this.#bits.setState({ words, position });
    this.#normal.spare = spareNormal;
  }

  /** A separate generator that will draw what this one would. */
  clone(): Generator {
    return new Generator(0).setState(this.getState());
  }

  /**
   * A separate generator that will draw what this one would have. This one goes on elsewhere: the words of its mt19937 are
   * hashed, and 2^32 mask keys are left out. So one generator gives a training after another different numbers.
   */
  fork(): Generator {
    const fork = this.clone();
    this.#bits.leap();
    this.#normal.spare = null;
    this.#counterHigh = (this.#counterHigh + 1) >>> 0;
    return fork;
  }
}

markAsOwn(Generator);

/** A program would give the same numbers at every run, or leave the generator where it stood when it was traced. */
function assertNotTracing(caller: string): void {
  const now = currentTrace();
  if (now !== null)
    throw now.refuse(
      caller,
      'draw tensors (rand, randn, ...) in the function, or draw outside of it and pass them as arguments',
    );
}

/**
 * The generator that is used where none is given. Until {@link manualSeed} is called, every process starts it from
 * another seed.
 */
export const defaultGenerator = new Generator(Math.floor(Math.random() * 2 ** 53));

/** What stands for {@link defaultGenerator} in {@link withGenerator}. */
let substitute: Generator | null = null;

/** Where to draw from when that generator is given: the default one may have a substitute. @internal */
export function drawnFrom(generator: Generator): Generator {
  return generator === defaultGenerator && substitute !== null ? substitute : generator;
}

/** Calls `run` with what the library draws from {@link defaultGenerator} drawn from another, until it returns. @internal */
export function withGenerator<T>(generator: Generator, run: () => T): T {
  const before = substitute;
  substitute = generator;
  try {
    return run();
  } finally {
    substitute = before;
  }
}

/** Seeds {@link defaultGenerator}, as `torch.manual_seed`, and returns it. See {@link Generator.manualSeed}. */
export function manualSeed(seed: number | bigint, options: GeneratorOptions = {}): Generator {
  return defaultGenerator.manualSeed(seed, options);
}
