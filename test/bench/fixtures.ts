/** Workloads, contenders, rows and documents that the tests of the benchmark share. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { plainWorkload, type Workload } from '../../bench/cases.js';
import type { Contender } from '../../bench/contenders/contenders.js';
import type { BenchDocument, Row } from '../../bench/results/document.js';

/** A folder that is there until the tests of the file are over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

export const fakeWorkload = (own: Partial<Workload> = {}): Workload =>
  plainWorkload({ case: 'fake', program: 'fake', contenders: ['a', 'b', 'c'], shape: '2x3', flops: 6e6, ...own });

/** A process that answers without arithmetic: see fake-contender.mjs. */
export function fake(id: string, behaviour = 'works', over: Partial<Contender> & { log?: string } = {}): Contender {
  const { log, ...rest } = over;
  const file = fileURLToPath(new URL('./fake-contender.mjs', import.meta.url));
  const args = [file, id, behaviour, ...(log === undefined ? [] : [log])];
  return { id, command: process.execPath, args, isa: null, threads: 'any', peak: false, ...rest };
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

export function resultDocument(over: Partial<BenchDocument> = {}, hour = 12): BenchDocument {
  return {
    version: 2,
    run: {
      ...{ startedAt: `2026-11-23T${hour}:00:00.000Z`, seconds: 600, options: ['--json', 'results.json'] },
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
