/**
 * The results of one run as one JSON document: what `--json` writes, and what the report page and the comparison read.
 * Null stands where a figure does not apply.
 */
import type { Point } from '../case.js';
import type { Finding } from '../measure/study.js';

/** Changes whenever a reader of the version before would go wrong. */
export const documentVersion = 1;

export interface BenchDocument {
  readonly version: typeof documentVersion;
  readonly run: Run;
  readonly machine: Machine;
  /** Who took part, in the order of the table. */
  readonly contenders: readonly ContenderInfo[];
  /** Who did not, and why. */
  readonly absent: readonly Absence[];
  /** What could not be measured or is not offered by a contender that took part, in sentences. */
  readonly failures: readonly string[];
  readonly peaks: readonly PeakInfo[];
  readonly rows: readonly Row[];
  /** What studies found out. */
  readonly figures: readonly Finding[];
  /** Those of the project's targets of which this run measured everything. */
  readonly targets: readonly Target[];
}

export interface Run {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** The command line behind `npm run bench --`. */
  readonly options: readonly string[];
  readonly quick: boolean;
  /** Turns of each contender at each workload. */
  readonly rounds: number;
  /** Whether it was stopped before its end. */
  readonly interrupted: boolean;
}

export interface Machine {
  readonly cpu: string;
  readonly logicalCpus: number;
  /** Those that the affinity of the process allows. */
  readonly allowedCpus: number;
  /** Instruction sets that lanewise's addon has kernels for and the processor runs, from narrow to wide. */
  readonly isas: readonly string[];
  /** What "all threads" means for every contender, and why so many. */
  readonly threads: number;
  readonly threadSource: string;
  readonly node: string;
  /** As in `linux x64`. */
  readonly platform: string;
  readonly lanewise: { readonly version: string; readonly commit: string | null; readonly changed: boolean };
}

export interface ContenderInfo {
  readonly id: string;
  /** The instruction set that it computes with, null when it does not say. With the id it names the contender. */
  readonly isa: string | null;
  readonly versions: Readonly<Record<string, string>>;
  /** Threads that it would use if nobody told it, and how it is told. */
  readonly threads: number;
  readonly threadSource: string;
  /** Settings that it runs with, and what else a reader should know, in sentences. */
  readonly notes: readonly string[];
}

export interface Absence {
  readonly id: string;
  readonly why: string;
}

/** GFLOP/s of independent fused multiply-adds in registers, over the run. */
export interface PeakInfo {
  readonly isa: string;
  readonly threads: number;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One contender at one workload on one number of threads. */
export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly shape: string | null;
  readonly batch: number | null;
  readonly optimizer: string | null;
  readonly threads: number;
  readonly isa: string | null;
  /** Where the row stands in a sweep. */
  readonly point: Point | null;
  readonly medianMs: number;
  readonly p5Ms: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  readonly samples: number;
  /** The median of each turn, in the order in which they were taken. */
  readonly roundMediansMs: readonly number[];
  /** At the median. */
  readonly gflops: number | null;
  /** gflops of the FMA peak that was measured between the turns of the same workload with as many threads. */
  readonly percentOfPeak: number | null;
  /** The same at the best 5th percentile. */
  readonly p5PercentOfPeak: number | null;
  /** Median of the reference, which always computes on one thread, over this median. */
  readonly speedupOverReference: number | null;
}

export interface Target {
  readonly what: string;
  readonly value: number;
  /** Printed behind the value: `x`, ` %`, ` ms`. */
  readonly unit: string;
  readonly target: number;
  /** Whether the target is a lower or an upper bound. */
  readonly bound: 'least' | 'most';
  readonly reached: boolean;
}
