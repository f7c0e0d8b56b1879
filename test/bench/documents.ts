/** Documents of results that tests of the page and of the comparison share. */
import type { BenchDocument, Row } from '../../bench/report/document.js';

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
    version: 1,
    run: {
      ...{ startedAt: '2026-11-23T12:00:00.000Z', seconds: 600, options: ['--json', 'results.json'] },
      ...{ quick: false, rounds: 5, interrupted: false },
    },
    machine: {
      ...{ cpu: 'AMD EPYC', logicalCpus: 2, allowedCpus: 2, isas: ['scalar', 'avx2'], threads: 2 },
      ...{ threadSource: 'the affinity mask allows 2 CPUs', node: '20.20.2', platform: 'linux x64' },
      lanewise: { version: '0.1.0', commit: 'abc1234', changed: false },
    },
    contenders: [],
    absent: [],
    failures: [],
    peaks: [],
    rows: [],
    figures: [],
    targets: [],
    ...over,
  };
}
