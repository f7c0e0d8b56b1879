/** What a study is: it finds out several figures in a process of lanewise on the widest instruction set. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Library } from '../contenders/library.js';
import type { Figure } from '../protocol.js';

export interface Study {
  readonly name: string;
  /** The network, or what else it runs, and whether `--quick` keeps it. */
  readonly workload: {
    readonly shape: string;
    readonly batch: number | null;
    readonly optimizer: string | null;
    readonly quick?: boolean;
  };
  /** @param seconds how long its long part takes. */
  measure(library: Library, seconds: number): Promise<readonly Figure[]>;
}

export const figure = (what: string, value: number, unit = ''): Figure => ({ what, value, unit });

/** Milliseconds of the event loop's delay while something goes on. */
export async function delayDuring(work: () => Promise<unknown>) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  try {
    await work();
  } finally {
    delay.disable();
  }
  return { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}
