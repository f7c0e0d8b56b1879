/** From measurements to the rows of the table and of the document. */
import { type Contender, reference } from '../contenders/contenders.js';
import type { Measurement, Peak } from '../measure/schedule.js';
import type { PeakInfo, Row } from './document.js';
import { quantile, spread } from './statistics.js';

/** @param isas the instruction set of each contender that chooses by itself. */
export function buildRows(measurements: readonly Measurement[], isas: ReadonlyMap<string, string | null>): Row[] {
  const spreads = measurements.map(({ roundsMs }) => spread(roundsMs.flat()));
  return measurements.map((measurement, i): Row => {
    const { entry, contender, threads, roundsMs, peaks } = measurement;
    const { median, p5, p10, p90 } = spreads[i]!;
    const { shape, batch, optimizer, flops, point = null } = entry.workload;
    const gflops = flops === null ? null : flops / (median * 1e6);
    const peak = peakFor(peaks, contender, threads);
    const percentOfPeak = gflops === null || peak === null ? null : (100 * gflops) / peak;
    const judge = measurements.findIndex(
      (other) => other.contender.id === reference && other.entry.workload === entry.workload,
    );
    return {
      case: entry.case.name,
      contender: contender.id,
      shape,
      batch,
      optimizer,
      threads,
      isa: contender.isa ?? isas.get(contender.id) ?? null,
      point,
      medianMs: median,
      p5Ms: p5,
      p10Ms: p10,
      p90Ms: p90,
      samples: roundsMs.flat().length,
      roundMediansMs: roundsMs.map((samplesMs) => quantile(samplesMs, 0.5)),
      gflops,
      percentOfPeak,
      p5PercentOfPeak: percentOfPeak === null ? null : (percentOfPeak * median) / p5,
      speedupOverReference: judge < 0 ? null : spreads[judge]!.median / median,
    };
  });
}

/**
 * The peak that a contender is measured by: that of its own instruction set where it was told one, else the highest of
 * the machine. Null when there is none.
 */
export function peakFor(peaks: readonly Peak[], { isa }: Pick<Contender, 'isa'>, threads: number): number | null {
  const fitting = peaks.filter((peak) => peak.threads === threads);
  const own = fitting.find((peak) => peak.isa === isa);
  if (own !== undefined) return own.gflops;
  return fitting.length === 0 ? null : Math.max(...fitting.map((peak) => peak.gflops));
}

/** Each peak over the whole run. The measurements of one workload share theirs. */
export function summarizePeaks(measurements: readonly Measurement[]): PeakInfo[] {
  const groups = new Map<string, { isa: string; threads: number; values: number[] }>();
  for (const { isa, threads, gflops } of new Set(measurements.flatMap(({ peaks }) => peaks))) {
    const group = groups.get(`${isa} ${threads}`) ?? { isa, threads, values: [] };
    group.values.push(gflops);
    groups.set(`${isa} ${threads}`, group);
  }
  return [...groups.values()].map(({ isa, threads, values }) => {
    const [lowest, median, highest] = [0, 0.5, 1].map((q) => quantile(values, q)) as [number, number, number];
    return { isa, threads, median, lowest, highest };
  });
}
