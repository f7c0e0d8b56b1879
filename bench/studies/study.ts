/** What a study is: it finds out several figures in a process of lanewise on the widest instruction set. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { median, quantile } from 'simple-statistics';
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

/** What is timed by turns, by name. */
export type Turns = Readonly<Record<string, () => void>>;

/**
 * Times calls that follow one another on one thread, by turns of a call each, for a number of seconds.
 * @returns the median of each in microseconds, then the ratios of the pairs: those of calls of the same round.
 */
export function compareByTurns(
  { lanewise: { backend } }: Library,
  turns: Turns,
  pairs: readonly (readonly [slower: string, faster: string])[],
  seconds: number,
): readonly Figure[] {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(turns).map((name) => [name, []]));
  const { threads } = backend;
  backend.threads = 1;
  try {
    const end = performance.now() + 1000 * seconds;
    do {
      for (const [name, run] of Object.entries(turns)) {
        run(); // brings its code and memory into the caches
        const before = performance.now();
        run();
        times[name]!.push(1000 * (performance.now() - before));
      }
    } while (performance.now() < end);
  } finally {
    backend.threads = threads;
  }
  return [
    ...Object.entries(times).map(([name, all]) => figure(`${name}, median`, median(all), ' us')),
    ...pairs.flatMap(([slower, faster]) => {
      const ratios = times[slower]!.map((time, i) => time / times[faster]![i]!);
      const at = (q: number, what: string) => figure(`${slower} over ${faster}, ${what}`, quantile(ratios, q), 'x');
      return [at(0.5, 'median'), at(0.1, '10th percentile'), at(0.9, '90th percentile')];
    }),
  ];
}
