/** The clock of Node contenders. contenders/pytorch.py does the same in the same way. */

/** A sample lasts at least this long, so that reading the clock weighs less than a hundredth of it. */
const leastSampleMs = 0.1;
/** More samples a turn say nothing more; the turn ends early. */
const mostSamples = 2000;

/** Milliseconds from some moment on. */
export type Clock = () => number;

export const monotonicClock: Clock = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * Runs for about `ms`, two iterations at least, since the first one allocates and compiles.
 * @returns how many iterations make a sample long enough to be timed: from the fastest one seen.
 */
export function warmUp(iterate: () => void, ms: number, clock: Clock = monotonicClock): number {
  const end = clock() + ms;
  let fastest = Number.POSITIVE_INFINITY;
  let now = clock();
  for (let i = 0; i < 2 || now < end; i++) {
    const start = now;
    iterate();
    now = clock();
    fastest = Math.min(fastest, now - start);
  }
  return Math.max(1, Math.ceil(leastSampleMs / Math.max(fastest, 1e-6)));
}

/** Runs for about `ms`, one sample at least. @returns milliseconds an iteration, one number a sample. */
export function sample(iterate: () => void, perSample: number, ms: number, clock: Clock = monotonicClock): number[] {
  const samples: number[] = [];
  let now = clock();
  const end = now + ms;
  do {
    const start = now;
    for (let i = 0; i < perSample; i++) iterate();
    now = clock();
    samples.push((now - start) / perSample);
  } while (now < end && samples.length < mostSamples);
  return samples;
}
