/**
 * Which rows are slower beyond noise. README.md says the rule in words; the names are those used there. Everything is
 * computed on logarithms, so that 10 % slower and 10 % faster weigh the same.
 */
import jStat from 'jstat';
import { mean, median, quantile, sampleVariance, sum } from 'simple-statistics';
import type { Row } from '../results/document.js';

/** One row in every run. */
export interface Matched {
  readonly name: string;
  /** Whether it measures lanewise, and not one of its peers. */
  readonly own: boolean;
  /** In the runs before the change, and in the one after it. */
  readonly before: readonly Row[];
  readonly after: Row;
}

export interface Comparison extends Matched {
  /** Median time after over before; before is the geometric mean of its runs. */
  readonly ratio: number;
  /** The standard error of the ratio, as a share of it: 0.02 is 2 %. */
  readonly noise: number;
  readonly verdict: 'slower' | 'faster' | 'same';
}

/** The chance that comparing the same code names anything slower. */
const falseAlarms = 0.05;
/** The least difference between two runs of the same code. Also the value taken when the difference was not measured. */
const leastRunNoise = 0.01;
const guessedRunNoise = 0.03;
/** A row needs this many observations until they weigh as much as what all rows say together. */
const weightOfOthers = { rounds: 3, runs: 9 } as const;
/** Half and nine tenths of squared standard normal numbers lie below these. */
const chiSquared = { 0.5: 0.4549, 0.9: 2.7055 };
/** Standard deviations between the tenth and the ninetieth percentile. */
const deviationsInSpread = 2.563;

export function compareRows(rows: readonly Matched[]): Comparison[] {
  if (rows.length === 0) return [];
  const repeats = rows[0]!.before.length - 1;
  // How far a median is off because its run had few rounds: one list a run, that after the change last.
  const within = Array.from({ length: repeats + 2 }, (_, run) =>
    withinRuns(rows.map(({ before, after }) => before[run] ?? after)),
  );
  const logs = rows.map(({ before }) => before.map(({ medianMs }) => Math.log(medianMs)));
  const expected = rows.map((_, i) => mean(within.slice(0, -1).map((each) => each[i]!)) + leastRunNoise ** 2);
  // From each run to the next, in units of one run's variance.
  const between = logs.map((values) => values.slice(1).map((value, i) => (value - values[i]!) ** 2 / 2));
  const scale = inflation(between.flatMap((steps, i) => steps.map((step) => step / expected[i]!)));

  const seen = between.flatMap((steps, i) => steps.map((step) => Math.sqrt(step / (scale * expected[i]!))));
  const degrees = weightOfOthers.runs + repeats;
  const chance = (size: number) => Math.max(1 - jStat.studentt.cdf(size, degrees), chanceAmong(seen, size));
  const found = rows.map((row, i) => {
    const extra = repeats === 0 ? guessedRunNoise ** 2 : 0;
    // What all rows say of a run's variance, and what this row's own repetitions say.
    const variance = (weightOfOthers.runs * (scale * expected[i]! + extra) + sum([0, ...between[i]!])) / degrees;
    const last = Math.max(variance, scale * (within.at(-1)![i]! + leastRunNoise ** 2) + extra);
    const difference = Math.log(row.after.medianMs) - mean(logs[i]!);
    const noise = Math.sqrt(variance / (repeats + 1) + last);
    return { ...row, ratio: Math.exp(difference), noise, size: difference / noise };
  });

  const own = found.filter((each) => each.own);
  const slower = discoveries(own.map(({ size }) => chance(size)));
  const faster = discoveries(own.map(({ size }) => chance(-size)));
  return found.map(({ size: _, ...each }, i) => {
    const at = own.indexOf(found[i]!);
    return { ...each, verdict: slower[at] ? 'slower' : faster[at] ? 'faster' : 'same' };
  });
}

/**
 * The variance of each row's log median within its run: that of its rounds, drawn towards what is usual for rows of as
 * many threads, since few rounds say little about their own spread.
 */
function withinRuns(rows: readonly Row[]): number[] {
  const own = rows.map(ownVariance);
  return rows.map(({ threads, roundMediansMs }, i) => {
    const usual = median(own.filter((_, other) => rows[other]!.threads === threads));
    const freedom = Math.max(0, roundMediansMs.length - 1);
    return (weightOfOthers.rounds * usual + freedom * own[i]!) / (weightOfOthers.rounds + freedom);
  });
}

/** Of the mean of the rounds; where there is one round only, its samples' spread stands for it. */
function ownVariance({ roundMediansMs, p10Ms, p90Ms }: Row): number {
  if (roundMediansMs.length < 2) return (Math.log(p90Ms / p10Ms) / deviationsInSpread) ** 2;
  return sampleVariance(roundMediansMs.map(Math.log)) / roundMediansMs.length;
}

/** How many times the expected variance is found between runs of the same code: all rows together, at least once. */
function inflation(squares: number[]): number {
  if (squares.length === 0) return 1;
  return Math.max(1, ...Object.entries(chiSquared).map(([share, bound]) => quantile(squares, Number(share)) / bound));
}

/**
 * The chance of a difference of at least `size`, judged by those seen between runs of the same code, in either direction.
 * Beyond the largest of them it is taken to fall with the fourth power: disturbances of machines have long tails.
 */
function chanceAmong(seen: readonly number[], size: number): number {
  if (seen.length === 0) return 0;
  const largest = Math.max(...seen);
  const one = 1 / (2 * seen.length + 1);
  if (size > largest) return one * (largest / size) ** 4;
  return one * (1 + seen.filter((each) => each >= size).length);
}

/** Benjamini and Hochberg (1995): when nothing changed, the chance of any discovery is at most `falseAlarms`. */
export function discoveries(probabilities: readonly number[]): boolean[] {
  const sorted = [...probabilities].sort((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (falseAlarms * (i + 1)) / sorted.length);
  return probabilities.map((p) => last >= 0 && p <= sorted[last]!);
}
