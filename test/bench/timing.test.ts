import { describe, expect, it } from 'vitest';
import { sample, warmUp } from '../../bench/contenders/timing.js';

/** A clock that moves only when something runs. */
function simulated(msPerIteration: number) {
  let now = 0;
  let iterations = 0;
  return {
    clock: () => now,
    iterate: () => {
      now += msPerIteration;
      iterations++;
    },
    get iterations() {
      return iterations;
    },
  };
}

describe('warmUp', () => {
  it('runs until the time is over', async () => {
    const work = simulated(2);
    expect(await warmUp(work.iterate, 10, work.clock)).toEqual({ iterationsPerSample: 1, iterationMs: 2 });
    expect(work.iterations).toBe(5);
  });

  it.each([
    [999, 2],
    [1000, 1],
  ])('takes iterations of %d ms %d times at least', async (ms, expected) => {
    const work = simulated(ms);
    await warmUp(work.iterate, 10, work.clock);
    expect(work.iterations).toBe(expected);
  });

  it.each([
    [0.03, 4],
    [0.001, 100],
    [0.1, 1],
  ])('makes samples of iterations of %d ms last a tenth of a millisecond: %d of them', async (ms, expected) => {
    const work = simulated(ms);
    const { iterationsPerSample } = await warmUp(work.iterate, 1, work.clock);
    expect(Math.abs(iterationsPerSample - expected)).toBeLessThanOrEqual(1);
  });

  it('goes by the fastest iteration, not by the first', async () => {
    let now = 0;
    let ms = 50;
    const iterate = () => {
      now += ms;
      ms = 0.02;
    };
    expect((await warmUp(iterate, 51, () => now)).iterationsPerSample).toBeGreaterThanOrEqual(5);
  });

  it('ends when the clock is too coarse to see an iteration', async () => {
    let calls = 0;
    const found = await warmUp(
      () => undefined,
      1,
      () => (++calls < 50 ? 0 : 2),
    );
    expect(Number.isFinite(found.iterationsPerSample)).toBe(true);
  });
});

describe('sample', () => {
  it('gives milliseconds an iteration', async () => {
    const work = simulated(0.25);
    const samples = await sample(work.iterate, 4, 10, work.clock);
    expect(samples).toEqual(Array.from({ length: 10 }, () => 0.25));
    expect(work.iterations).toBe(40);
  });

  it('takes one sample at least', async () => {
    const work = simulated(1000);
    expect(await sample(work.iterate, 1, 10, work.clock)).toEqual([1000]);
  });

  it('ends early when there are samples enough', async () => {
    const work = simulated(0.001);
    expect(await sample(work.iterate, 1, 1e6, work.clock)).toHaveLength(2000);
  });

  it('waits for iterations that give promises', async () => {
    let now = 0;
    const iterate = () =>
      new Promise<void>((resolve) => {
        setImmediate(() => {
          now += 5;
          resolve();
        });
      });
    expect(await warmUp(iterate, 10, () => now)).toEqual({ iterationsPerSample: 1, iterationMs: 5 });
    expect(await sample(iterate, 2, 15, () => now)).toEqual([5, 5]);
  });
});
