/** Histograms of numbers of any size, in TensorFlow's buckets: each limit is 1.1 times the one before it. */
import type { HostArray } from '../../ops/ops.js';

export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  /** The sum of the squares. */
  readonly squares: number;
  /** The upper limit of each bucket; the last holds all that are larger. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

const smallest = 1e-12;
const largest = 1e20;
const growth = 1.1;

/** Limits of positive numbers. */
const positive: number[] = [];
for (let limit = smallest; limit < largest; limit *= growth) positive.push(limit);

/** Limits of all: negative ones from the largest on, 0, positive ones, and the largest number there is. */
const limits: readonly number[] = [...positive.toReversed().map((limit) => -limit), 0, ...positive, Number.MAX_VALUE];

/** The first limit that is greater than a number. */
function bucketOf(value: number): number {
  let [low, high] = [0, limits.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (limits[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Gathers numbers, in as many pieces as there are. Those that are not finite are left out. */
export class HistogramBuilder {
  readonly #counts = new Float64Array(limits.length);
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(values: HostArray): void {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      this.#count++;
      this.#sum += value;
      this.#squares += value * value;
      this.#counts[bucketOf(value)]!++;
    }
  }

  /** Empty buckets are left out but for one before each that is not: it says where that begins. */
  finish(): Histogram {
    const kept: number[] = [];
    for (const [i, count] of this.#counts.entries()) if (count > 0 || (this.#counts[i + 1] ?? 0) > 0) kept.push(i);
    const isEmpty = this.#count === 0;
    return {
      min: isEmpty ? 0 : this.#min,
      max: isEmpty ? 0 : this.#max,
      count: this.#count,
      sum: this.#sum,
      squares: this.#squares,
      limits: isEmpty ? [Number.MAX_VALUE] : kept.map((i) => limits[i]!),
      counts: isEmpty ? [0] : kept.map((i) => this.#counts[i]!),
    };
  }
}
