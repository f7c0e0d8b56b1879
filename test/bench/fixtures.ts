/** Workloads, contenders, rows and documents that the tests of the benchmark share. */
import { fileURLToPath } from 'node:url';
import { type Case, type Entry, type Study, type TimedCase, type Workload, workload } from '../../bench/case.js';
import type { Contender } from '../../bench/contenders/contenders.js';
import type { BenchDocument, Row } from '../../bench/results/document.js';

/** A workload of a case of its own; of a study, where the group says so. */
export function entry(own: Partial<Workload> = {}, over: Partial<TimedCase | Study> = {}): Entry {
  const shared = { shape: '2x3', flops: 6e6, threads: 'each', quick: true } as const;
  const both = { prepare: () => () => undefined, measure: async () => [], duration: () => 7 };
  const of = { name: 'fake', contenders: 'compute', workloads: [], ...both, ...over } as unknown as Case;
  return { case: of, workload: workload({ ...shared, ...own }) };
}

/** A process that answers without arithmetic: see fake-contender.mjs. */
export function fake(id: string, behaviour = 'works', over: Partial<Contender> & { log?: string } = {}): Contender {
  const { log, ...rest } = over;
  const file = fileURLToPath(new URL('./fake-contender.mjs', import.meta.url));
  const args = [file, id, behaviour, ...(log === undefined ? [] : [log])];
  const plain = { isa: null, group: 'compute', compiles: false, threads: 'any', peak: false } as const;
  return { id, command: process.execPath, args, ...plain, ...rest };
}

export function resultRow(over: Partial<Row> = {}): Row {
  const median = over.medianMs ?? 1;
  return {
    ...{ case: 'gemm', contender: 'native', shape: null, batch: null, optimizer: null, threads: 1, isa: 'avx2' },
    ...{ point: null, medianMs: median, p5Ms: median * 0.9, p10Ms: median * 0.95, p90Ms: median * 1.1, samples: 50 },
    ...{ roundMediansMs: [median], gflops: null, percentOfPeak: null, p5PercentOfPeak: null },
    speedupOverReference: null,
    ...over,
  };
}

export function resultDocument(over: Partial<BenchDocument> = {}): BenchDocument {
  return {
    version: 2,
    run: {
      ...{ startedAt: '2026-11-23T12:00:00.000Z', seconds: 600, options: ['--json', 'results.json'] },
      ...{ quick: false, rounds: 5, interrupted: false },
    },
    machine: {
      ...{ cpu: 'AMD EPYC', logicalCpus: 2, allowedCpus: 2, isas: ['scalar', 'avx2'], threads: 2 },
      ...{ threadSource: 'the affinity mask allows 2 CPUs', node: '20.20.2', platform: 'linux x64' },
      lanewise: { version: '0.1.0', commit: 'abc1234', changed: false },
    },
    ...{ contenders: [], absent: [], failures: [], peaks: [], rows: [], figures: [] },
    ...over,
  };
}
