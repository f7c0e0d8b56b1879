/** What the rest of a service feels: delays of the event loop, and Node's own work off it. */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { createHistogram, type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const pauseMs = 5;
const nanoseconds = 1e6;
const file = fileURLToPath(import.meta.url);
const [lookUp, random] = [promisify(lookup), promisify(randomBytes)];

/** Each takes a thread of libuv's pool. */
const calls = {
  'fs.readFile': () => readFile(file),
  'dns.lookup': () => lookUp('localhost'),
  'crypto.randomBytes': () => random(1024),
} as const;

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as CallName[];

/** Takes samples while it runs, which it may do several times. */
export class Probes {
  readonly #loops: IntervalHistogram[] = [];
  readonly #times = new Map(callNames.map((name) => [name, createHistogram()]));

  /** Calls one after the other, each in its turn, for so long. */
  async run(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    // One for each run: it would take the time between two runs for a delay.
    const loop = monitorEventLoopDelay({ resolution: 1 });
    this.#loops.push(loop);
    loop.enable();
    try {
      for (let i = 0; performance.now() < end; i++) {
        const name = callNames[i % callNames.length]!;
        const start = process.hrtime.bigint();
        await calls[name]();
        this.#times.get(name)!.record(process.hrtime.bigint() - start);
        await sleep(pauseMs);
      }
    } finally {
      loop.disable();
    }
  }

  /** Milliseconds of the event loop's delay in the worst run: no percentile over all of them can be above that. */
  loopDelay(percentile: number): number {
    return Math.max(...this.#loops.map((loop) => loop.percentile(percentile))) / nanoseconds;
  }

  /** Milliseconds that a call takes at most in 99 of 100 cases. */
  p99(name: CallName): number {
    return this.#times.get(name)!.percentile(99) / nanoseconds;
  }
}
