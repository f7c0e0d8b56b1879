/**
 * Which rows are slower beyond noise. README.md says the rule in words; the names are those used there. Everything is
 * computed on logarithms, so that 10 % slower and 10 % faster weigh the same.
 */
import jStat from 'jstat';
import type { Row } from '../report/document.js';
import { quantile } from '../report/statistics.js';
import type { Matched } from './match.js';

export type Verdict = 'slower' | 'faster' | 'same';

export interface Comparison extends Matched {
  /** Median time after over before; before is the geometric mean of its runs. */
  readonly ratio: number;
  /** The standard error of the ratio, as a share of it: 0.02 is 2 %. */
  readonly noise: number;
  readonly verdict: Verdict;
}

/** The chance that comparing the same code names anything slower. */
const falseAlarms = 0.05;
/** Two runs of the same code differ by this at least, and by so much when nobody measured how much they do. */
const leastRunNoise = 0.01;
const guessedRunNoise = 0.03;
/** As many observations of its own a row needs until they weigh as much as what all rows say together. */
const weightOfOthers = { rounds: 3, runs: 9 } as const;
/** Half and nine tenths of squared standard normal numbers lie below these. */
const chiSquared = [
  { share: 0.5, bound: 0.4549 },
  { share: 0.9, bound: 2.7055 },
] as const;
/** Between the tenth and the ninetieth percentile lie so many standard deviations. */
const deviationsInSpread = 2.563;

export function compareRows(rows: readonly Matched[]): Comparison[] {
  const runs = 1 + (rows[0]?.before.length ?? 0);
  // How far a median is off because its run had few rounds: one list a run, those before first.
  const within = Array.from({ length: runs }, (_, run) =>
    withinRuns(rows.map(({ before, after }) => before[run] ?? after)),
  );
  const repeats = runs - 2;
  const logs = rows.map(({ before }) => before.map(({ medianMs }) => Math.log(medianMs)));
  const expected = rows.map((_, i) => mean(within.slice(0, -1).map((each) => each[i]!)) + leastRunNoise ** 2);
  const between = logs.map((values) => squaredSteps(values));
  const scale = inflation(between.flatMap((steps, i) => steps.map((step) => step / expected[i]!)));

  const seen = between.flatMap((steps, i) => steps.map((step) => Math.sqrt(step / (scale * expected[i]!))));
  const degrees = weightOfOthers.runs + repeats;
  const found = rows.map((row, i) => {
    const extra = repeats === 0 ? guessedRunNoise ** 2 : 0;
    const ofAll = scale * expected[i]! + extra;
    // What all rows say of a run's variance, and what this row's own repetitions say.
    const variance = (weightOfOthers.runs * ofAll + sum(between[i]!)) / degrees;
    const last = Math.max(variance, scale * (within.at(-1)![i]! + leastRunNoise ** 2) + extra);
    const difference = Math.log(row.after.medianMs) - mean(logs[i]!);
    const noise = Math.sqrt(variance / (runs - 1) + last);
    const chance = (size: number) => Math.max(1 - jStat.studentt.cdf(size, degrees), chanceAmong(seen, size));
    return { row, difference, noise, slower: chance(difference / noise), faster: chance(-difference / noise) };
  });

  const own = found.filter(({ row }) => row.own);
  const slower = discoveries(own.map((each) => each.slower));
  const faster = discoveries(own.map((each) => each.faster));
  const verdicts = new Map(
    own.map((each, i) => [each, slower[i] ? 'slower' : faster[i] ? 'faster' : 'same'] satisfies [unknown, Verdict]),
  );
  return found.map((each) => ({
    ...each.row,
    ratio: Math.exp(each.difference),
    noise: each.noise,
    verdict: verdicts.get(each) ?? 'same',
  }));
}

/**
 * The variance of each row's log median within its run: that of its rounds, drawn towards what is usual for rows of as
 * many threads, since few rounds say little about their own spread.
 */
function withinRuns(rows: readonly Row[]): number[] {
  const own = rows.map(ownVariance);
  return rows.map(({ threads, roundMediansMs }, i) => {
    const alike = own.filter((_, other) => rows[other]!.threads === threads);
    const freedom = Math.max(0, roundMediansMs.length - 1);
    return (weightOfOthers.rounds * quantile(alike, 0.5) + freedom * own[i]!) / (weightOfOthers.rounds + freedom);
  });
}

/** Of the mean of the rounds; where there is one round only, its samples' spread stands for it. */
function ownVariance({ roundMediansMs, p10Ms, p90Ms }: Row): number {
  const logs = roundMediansMs.map(Math.log);
  if (logs.length < 2) return (Math.log(p90Ms / p10Ms) / deviationsInSpread) ** 2;
  const center = mean(logs);
  return sum(logs.map((value) => (value - center) ** 2)) / (logs.length - 1) / logs.length;
}

/** From each run to the next, in units of one run's variance. */
const squaredSteps = (logs: readonly number[]): number[] =>
  logs.slice(1).map((value, i) => (value - logs[i]!) ** 2 / 2);

/** How many times the expected variance is found between runs of the same code: all rows together, at least once. */
function inflation(squares: readonly number[]): number {
  if (squares.length === 0) return 1;
  return Math.max(1, ...chiSquared.map(({ share, bound }) => quantile(squares, share) / bound));
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

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
