/** Choices that a seed and a number determine. */

export class Draw {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 4; i++) this.word();
  }

  /** 32 bits (splitmix32). */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** An integer from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  chance(p = 0.5): boolean {
    return this.uniform() < p;
  }

  of<T>(all: readonly T[]): T {
    return all[this.int(0, all.length - 1)]!;
  }

  /** A divisor of all the numbers. */
  divisor(...numbers: readonly number[]): number {
    const most = Math.min(...numbers);
    const all = Array.from({ length: most }, (_, i) => i + 1).filter((d) => numbers.every((n) => n % d === 0));
    return this.of(all);
  }

  /** Standard normal, rounded to float32, so that float32 and float64 start alike. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return Math.fround(radius * Math.cos(2 * Math.PI * this.uniform()));
  }

  many(count: number, one: () => number): number[] {
    return Array.from({ length: count }, one);
  }

  /** Some of the options, each with its chance. */
  some<T extends Record<string, unknown>>(options: T, p = 0.4): Partial<T> {
    return Object.fromEntries(Object.entries(options).filter(() => this.chance(p))) as Partial<T>;
  }
}
