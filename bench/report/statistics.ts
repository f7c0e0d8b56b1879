/** The statistics that the benchmark reports. */

/**
 * The q-quantile of numbers, interpolated linearly between neighbours (type 7 of Hyndman and Fan, Sample Quantiles in
 * Statistical Packages, 1996: what numpy does). NaN for none.
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (at - below) * (high - low);
}

export interface Spread {
  readonly median: number;
  readonly p5: number;
  readonly p10: number;
  readonly p90: number;
}

export function spread(values: readonly number[]): Spread {
  const [p5, p10, median, p90] = [0.05, 0.1, 0.5, 0.9].map((q) => quantile(values, q)) as [
    number,
    number,
    number,
    number,
  ];
  return { median, p5, p10, p90 };
}
