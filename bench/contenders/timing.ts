/** The clock of Node contenders. contenders/python/contender.py does the same in the same way. */

/** A sample lasts at least this long, so that reading the clock weighs less than a hundredth of it. */
const leastSampleMs = 0.1;
/** More samples a turn say nothing more; the turn ends early. */
const mostSamples = 2000;
/** Who needs longer than this for the first iteration is not asked for a second one to warm up. */
const slowMs = 1000;

/** What is timed. One that gives a promise is over when that is fulfilled. */
export type Iteration = () => void | Promise<void>;

/** Milliseconds from some moment on. */
export type Clock = () => number;

export const monotonicClock: Clock = () => Number(process.hrtime.bigint()) / 1e6;

export interface WarmUp {
  /** How many iterations make a sample long enough to be timed: from the fastest one seen. */
  readonly iterationsPerSample: number;
  /** Of the fastest iteration. */
  readonly iterationMs: number;
}

/** Runs for about `ms`, two iterations at least, since the first one allocates and compiles. */
export async function warmUp(iterate: Iteration, ms: number, clock: Clock = monotonicClock): Promise<WarmUp> {
  const end = clock() + ms;
  let fastest = Number.POSITIVE_INFINITY;
  let now = clock();
  for (let i = 0; i < 1 || now < end || (i < 2 && fastest < slowMs); i++) {
    const start = now;
    const pending = iterate();
    // Waiting costs a turn of the microtask queue: only who has something to wait for pays it.
    if (pending !== undefined) await pending;
    now = clock();
    fastest = Math.min(fastest, now - start);
  }
  return { iterationsPerSample: Math.max(1, Math.ceil(leastSampleMs / Math.max(fastest, 1e-6))), iterationMs: fastest };
}

/** Runs for about `ms`, one sample at least. @returns milliseconds an iteration, one number a sample. */
export async function sample(
  iterate: Iteration,
  perSample: number,
  ms: number,
  clock: Clock = monotonicClock,
): Promise<number[]> {
  const samples: number[] = [];
  let now = clock();
  const end = now + ms;
  do {
    const start = now;
    for (let i = 0; i < perSample; i++) {
      const pending = iterate();
      if (pending !== undefined) await pending;
    }
    now = clock();
    samples.push((now - start) / perSample);
  } while (now < end && samples.length < mostSamples);
  return samples;
}
