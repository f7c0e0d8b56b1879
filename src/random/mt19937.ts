/**
 * The Mersenne Twister MT19937 of Matsumoto and Nishimura ("Mersenne Twister: a 623-dimensionally equidistributed
 * uniform pseudo-random number generator", ACM TOMACS 8(1), 1998): 624 words of state, period 2^19937 - 1. It is the
 * engine behind PyTorch's CPU generator, draw for draw.
 */

/** Words of state. */
export const mtWords = 624;
const shift = 397;

/** All that a {@link Mt19937} is: plain numbers, so that it can be written as JSON. */
export interface Mt19937State {
  /** 624 unsigned 32-bit integers. */
  readonly words: readonly number[];
  /** How many of the words have been handed out, 0 to 624; at 624 the next draw makes new words first. */
  readonly position: number;
}

/** The same as typed memory, quick to take. */
export interface Mt19937Mark {
  readonly words: Uint32Array;
  readonly position: number;
}

export class Mt19937 {
  readonly #words = new Uint32Array(mtWords);
  #position = mtWords;

  /** @param seed its low 32 bits are used. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts again from the low 32 bits of `seed`. */
  seed(seed: number): void {
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < mtWords; i++) {
      const last = words[i - 1]!;
      words[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
    }
    this.#position = mtWords;
  }

  /** The next 32 bits, as an integer in [0, 2^32). */
  u32(): number {
    if (this.#position === mtWords) this.#twist();
    let y = this.#words[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** The next 64 bits, as two integers in [0, 2^32): [high, low]. The high half is drawn first, as in PyTorch. */
  u64(): readonly [high: number, low: number] {
    const high = this.u32();
    return [high, this.u32()];
  }

  /** The low 53 of the next 64 bits as a fraction in [0, 1): how PyTorch makes a double from random bits. */
  fraction53(): number {
    const high = this.u32() & 0x1fffff;
    return (high * 2 ** 32 + this.u32()) * 2 ** -53;
  }

  /** The low 24 of the next 32 bits as a fraction in [0, 1): how PyTorch makes a float from random bits. */
  fraction24(): number {
    return (this.u32() & 0xffffff) * 2 ** -24;
  }

  getState(): Mt19937State {
    return { words: Array.from(this.#words), position: this.#position };
  }

  /** A copy of all that the engine is. */
  mark(): Mt19937Mark {
    return { words: this.#words.slice(), position: this.#position };
  }

  /** Whether the engine is what it was. */
  isAt({ words, position }: Mt19937Mark): boolean {
    return position === this.#position && words.every((word, i) => word === this.#words[i]);
  }

  /** Goes on as the engine that the state was taken from. The caller has checked that it is one. */
  setState(state: Mt19937State | Mt19937Mark): void {
    this.#words.set(state.words);
    this.#position = state.position;
  }

  /** Goes on from the place in the period whose words are the hashes of these. */
  leap(): void {
    const words = this.#words;
    for (let i = 0; i < mtWords; i++) words[i] = hash32(words[i]! + Math.imul(i + 1, 0x9e3779b9));
    this.#position = mtWords;
  }

  #twist(): void {
    const words = this.#words;
    // Each word depends on its right neighbour and on one 397 ahead, both modulo 624; three loops spare the modulo.
    for (let i = 0; i < mtWords - shift; i++) words[i] = words[i + shift]! ^ mix(words[i]!, words[i + 1]!);
    for (let i = mtWords - shift; i < mtWords - 1; i++)
      words[i] = words[i + shift - mtWords]! ^ mix(words[i]!, words[i + 1]!);
    words[mtWords - 1] = words[shift - 1]! ^ mix(words[mtWords - 1]!, words[0]!);
    this.#position = 0;
  }
}

/** The finalizer of MurmurHash3: a bijection of 32 bits in which each bit depends on all. */
function hash32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The top bit of one word and the rest of the next, multiplied by the twist matrix. */
function mix(upper: number, lower: number): number {
  const y = (upper & 0x80000000) | (lower & 0x7fffffff);
  return (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
}
