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
  it('runs until the time is over', () => {
    const work = simulated(2);
    expect(warmUp(work.iterate, 10, work.clock)).toBe(1);
    expect(work.iterations).toBe(5);
  });

  it('runs twice at least', () => {
    const work = simulated(1000);
    warmUp(work.iterate, 10, work.clock);
    expect(work.iterations).toBe(2);
  });

  it.each([
    [0.03, 4],
    [0.001, 100],
    [0.1, 1],
  ])('makes samples of iterations of %d ms last a tenth of a millisecond: %d of them', (ms, expected) => {
    const work = simulated(ms);
    expect(Math.abs(warmUp(work.iterate, 1, work.clock) - expected)).toBeLessThanOrEqual(1);
  });

  it('goes by the fastest iteration, not by the first', () => {
    let now = 0;
    let ms = 50;
    const iterate = () => {
      now += ms;
      ms = 0.02;
    };
    expect(warmUp(iterate, 51, () => now)).toBeGreaterThanOrEqual(5);
  });

  it('ends when the clock is too coarse to see an iteration', () => {
    let calls = 0;
    const count = warmUp(
      () => undefined,
      1,
      () => (++calls < 50 ? 0 : 2),
    );
    expect(Number.isFinite(count)).toBe(true);
  });
});

describe('sample', () => {
  it('gives milliseconds an iteration', () => {
    const work = simulated(0.25);
    const samples = sample(work.iterate, 4, 10, work.clock);
    expect(samples).toEqual(Array.from({ length: 10 }, () => 0.25));
    expect(work.iterations).toBe(40);
  });

  it('takes one sample at least', () => {
    const work = simulated(1000);
    expect(sample(work.iterate, 1, 10, work.clock)).toEqual([1000]);
  });

  it('ends early when there are samples enough', () => {
    const work = simulated(0.001);
    expect(sample(work.iterate, 1, 1e6, work.clock)).toHaveLength(2000);
  });
});
