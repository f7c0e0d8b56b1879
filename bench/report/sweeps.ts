/** Sweeps read from rows: a line for each contender, and the largest step down along it. */
import { nativeCompiled } from '../contenders/contenders.js';
import { isSweep } from '../sweep.js';
import type { Row, Target } from './document.js';

/** A row that stands in a sweep. */
export interface SweepPoint {
  readonly value: number;
  readonly row: Row & { readonly gflops: number };
}

/** One contender along one sweep, in the direction of growth. */
export interface SweepLine {
  readonly case: string;
  /** What grows. */
  readonly name: string;
  /** What stays, where the sweep has more than one line for a contender: `batch 1024`. */
  readonly beside: string | null;
  readonly contender: string;
  readonly isa: string | null;
  readonly points: readonly SweepPoint[];
}

/** What fell from one point to the next. */
export interface Fall {
  readonly from: SweepPoint;
  readonly to: SweepPoint;
  readonly percent: number;
}

/** No fall of GFLOP/s between neighbours above this many percent; another thread must not make it slower at all. */
const mostFall = 25;
const mostFallOfThreads = 0;

const threads = 'threads';

/** Those of one contender and sweep lie together, in the order of the rows. */
export function sweepLines(rows: readonly Row[]): SweepLine[] {
  const lines = new Map<string, Omit<SweepLine, 'points'> & { points: SweepPoint[] }>();
  for (const row of rows) {
    const { gflops, contender, isa } = row;
    if (!isSweep(row.case) || gflops === null) continue;
    // A sweep over threads has no points of its own: every workload is run on each number of threads.
    const [name, value] = row.point === null ? [threads, row.threads] : [row.point.name, row.point.value];
    const beside = name === threads && row.batch !== null ? `batch ${row.batch}` : null;
    const key = JSON.stringify([row.case, beside, contender, isa, name === threads ? null : row.threads]);
    const line = lines.get(key) ?? { case: row.case, name, beside, contender, isa, points: [] };
    line.points.push({ value, row: { ...row, gflops } });
    lines.set(key, line);
  }
  for (const { points } of lines.values()) points.sort((a, b) => a.value - b.value);
  return [...lines.values()];
}

/** The step down that loses most; null where there are no neighbours, or it goes up all the way. */
export function largestFall({ points }: SweepLine): Fall | null {
  const falls = points.slice(1).map((to, i): Fall => {
    const from = points[i]!;
    return { from, to, percent: 100 * (1 - to.row.gflops / from.row.gflops) };
  });
  const largest = falls.reduce<Fall | null>((most, fall) => (fall.percent > (most?.percent ?? 0) ? fall : most), null);
  return largest;
}

/** That lanewise has no cliffs. Nothing where a sweep has no neighbours. */
export function judgeSweeps(rows: readonly Row[]): Target[] {
  return sweepLines(rows)
    .filter(({ contender, points }) => contender === nativeCompiled && points.length > 1)
    .map((line): Target => {
      const fall = largestFall(line);
      const value = fall?.percent ?? 0;
      const target = line.name === threads ? mostFallOfThreads : mostFall;
      const where = fall === null ? 'it never falls' : `from ${atPoint(fall.from)} to ${atPoint(fall.to)}`;
      const of = [line.case, line.beside, line.isa].filter((part) => part !== null).join(', ');
      const what = `${of}: largest fall of GFLOP/s between neighbours (${where})`;
      return { what, value, unit: ' %', target, bound: 'most', reached: value <= target };
    });
}

/** `1024 at 171 (160-180)`: with what the tenth and the ninetieth percentile of its time would give. */
function atPoint({ value, row: { gflops, medianMs, p10Ms, p90Ms } }: SweepPoint): string {
  const [low, high] = [p90Ms, p10Ms].map((ms) => ((gflops * medianMs) / ms).toPrecision(3));
  return `${value} at ${gflops.toPrecision(3)} (${low}-${high})`;
}
