/** From measurements to the rows of the table and of the document. */
import { quantile } from 'simple-statistics';
import { type Contender, reference } from '../contenders/contenders.js';
import type { Measurement, Peak } from '../runner/schedule.js';
import type { BenchDocument, Row } from './document.js';

/** @param isas the instruction set of each contender that chooses by itself. */
export function buildRows(measurements: readonly Measurement[], isas: ReadonlyMap<string, string | null>): Row[] {
  const medians = new Map(measurements.map((each) => [each, quantile(each.roundsMs.flat(), 0.5)]));
  return measurements.map((measurement): Row => {
    const { workload, contender, threads, roundsMs, peaks } = measurement;
    const { shape, batch, optimizer, flops, point } = workload;
    const samples = roundsMs.flat();
    const [p5Ms, p10Ms, medianMs, p90Ms] = quantile(samples, [0.05, 0.1, 0.5, 0.9]) as [number, number, number, number];
    const gflops = flops === null ? null : flops / (medianMs * 1e6);
    const peak = peakFor(peaks, contender, threads);
    const percentOfPeak = gflops === null || peak === null ? null : (100 * gflops) / peak;
    const judge = measurements.find((other) => other.contender.id === reference && other.workload === workload);
    return {
      ...{ case: workload.case, contender: contender.id, shape, batch, optimizer, threads },
      ...{ isa: contender.isa ?? isas.get(contender.id) ?? null, point },
      ...{ medianMs, p5Ms, p10Ms, p90Ms, samples: samples.length },
      roundMediansMs: roundsMs.map((round) => quantile(round, 0.5)),
      gflops,
      percentOfPeak,
      p5PercentOfPeak: percentOfPeak === null ? null : (percentOfPeak * medianMs) / p5Ms,
      speedupOverReference: judge === undefined ? null : medians.get(judge)! / medianMs,
    };
  });
}

/**
 * The peak that a contender is measured by: that of the instruction set that it was told, where it was told one, else the highest of
 * the machine. Null when there is none.
 */
export function peakFor(peaks: readonly Peak[], { isa }: Pick<Contender, 'isa'>, threads: number): number | null {
  const fitting = peaks.filter((peak) => peak.threads === threads);
  const own = fitting.find((peak) => peak.isa === isa);
  if (own !== undefined) return own.gflops;
  return fitting.length === 0 ? null : Math.max(...fitting.map((peak) => peak.gflops));
}

/** Each peak over the whole run. The measurements of one workload share theirs. */
export function summarizePeaks(measurements: readonly Measurement[]): BenchDocument['peaks'] {
  const groups = new Map<string, Peak[]>();
  for (const peak of new Set(measurements.flatMap(({ peaks }) => peaks))) {
    const key = `${peak.isa} ${peak.threads}`;
    groups.set(key, [...(groups.get(key) ?? []), peak]);
  }
  return [...groups.values()].map((group) => {
    const { isa, threads } = group[0]!;
    const values = group.map(({ gflops }) => gflops);
    const [lowest, median, highest] = quantile(values, [0, 0.5, 1]) as [number, number, number];
    return { isa, threads, median, lowest, highest };
  });
}
