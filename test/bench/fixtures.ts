/** Cases, contenders and rows that the tests of the benchmark share. */
import { fileURLToPath } from 'node:url';
import type { Entry, Study, TimedCase, Workload } from '../../bench/case.js';
import type { Contender } from '../../bench/contenders/contenders.js';
import type { Row } from '../../bench/report/document.js';

/** @param more what a case may say beside what it must. */
export function entry(
  over: Partial<Workload> = {},
  group: TimedCase['contenders'] = 'compute',
  more: Pick<TimedCase, 'compiles' | 'only' | 'program'> = {},
): Entry<TimedCase> {
  const workload: Workload = {
    shape: '2x3',
    batch: null,
    optimizer: null,
    flops: 6e6,
    threads: 'each',
    quick: true,
    params: {},
    ...over,
  };
  const of = { name: 'fake', contenders: group, workloads: [workload], prepare: () => () => undefined, ...more };
  return { case: of, workload };
}

export function study(): Entry<Study> {
  const { workload } = entry();
  return {
    case: {
      name: 'fake',
      contenders: 'study',
      workloads: [workload],
      measure: async () => [],
      duration: () => 7,
    } as const,
    workload,
  };
}

export function fake(id: string, behaviour = 'works', over: Partial<Contender> & { log?: string } = {}): Contender {
  const { log, ...rest } = over;
  const file = fileURLToPath(new URL('./fake-contender.mjs', import.meta.url));
  const args = [file, id, behaviour, ...(log === undefined ? [] : [log])];
  return {
    id,
    isa: null,
    group: 'compute',
    command: process.execPath,
    args,
    compiles: false,
    threads: 'any',
    peak: false,
    ...rest,
  };
}

export function row(over: Partial<Row>): Row {
  return {
    case: 'gemm',
    contender: 'reference',
    shape: null,
    batch: null,
    optimizer: null,
    threads: 1,
    isa: null,
    point: null,
    medianMs: 1,
    p5Ms: 1,
    p10Ms: 1,
    p90Ms: 1,
    samples: 10,
    roundMediansMs: [1],
    gflops: null,
    percentOfPeak: null,
    p5PercentOfPeak: null,
    speedupOverReference: null,
    ...over,
  };
}
