/** From measurements to the rows of the table and of the JSON file. */
import { isaOf, reference } from '../contenders/contenders.js';
import type { Measurement, Peak } from '../measure/schedule.js';
import { spread } from './statistics.js';

/** One line of the results. This is the format of `--json`; null where a figure does not apply. */
export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly shape: string | null;
  readonly batch: number | null;
  readonly optimizer: string | null;
  readonly threads: number;
  readonly isa: string | null;
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  /** At the median. */
  readonly gflops: number | null;
  /** gflops of the FMA peak that was measured between the turns of the same workload with as many threads. */
  readonly percentOfPeak: number | null;
  /** Median of the reference, which always computes on one thread, over this median. */
  readonly speedupOverReference: number | null;
}

/** @param isas the instruction set of each contender. */
export function buildRows(measurements: readonly Measurement[], isas: ReadonlyMap<string, string | null>): Row[] {
  const medians = measurements.map(({ samplesMs }) => spread(samplesMs).median);
  return measurements.map((measurement): Row => {
    const { entry, contender, threads, samplesMs, peaks } = measurement;
    const { median, p10, p90 } = spread(samplesMs);
    const { shape, batch, optimizer, flops } = entry.workload;
    const gflops = flops === null ? null : flops / (median * 1e6);
    const peak = peakFor(peaks, contender, threads);
    const judge = measurements.findIndex(
      (other) => other.contender === reference && other.entry.workload === entry.workload,
    );
    return {
      case: entry.case.name,
      contender,
      shape,
      batch,
      optimizer,
      threads,
      isa: isas.get(contender) ?? null,
      medianMs: median,
      p10Ms: p10,
      p90Ms: p90,
      gflops,
      percentOfPeak: gflops === null || peak === null ? null : (100 * gflops) / peak,
      speedupOverReference: judge < 0 ? null : medians[judge]! / median,
    };
  });
}

/**
 * The peak that a contender is measured by: that of its own instruction set where that was measured, else the highest
 * of the machine (for the reference, PyTorch, and scalar kernels beside vector ones). Null when there is none.
 */
export function peakFor(peaks: readonly Peak[], contender: string, threads: number): number | null {
  const fitting = peaks.filter((peak) => peak.threads === threads);
  const own = isaOf(contender) === null ? undefined : fitting.find((peak) => peak.contender === contender);
  if (own !== undefined) return own.gflops;
  return fitting.length === 0 ? null : Math.max(...fitting.map((peak) => peak.gflops));
}
