import { describe, expect, it } from 'vitest';
import { Mt19937 } from '../../src/random/mt19937.js';

function draws(engine: Mt19937, count: number): number[] {
  return Array.from({ length: count }, () => engine.u32());
}

describe('Mt19937', () => {
  it('gives the numbers that the C++ standard prescribes for the default seed', () => {
    const engine = new Mt19937(5489);
    expect(draws(engine, 2)).toEqual([3499211612, 581869302]);
    // [rand.predef]: "the 10000th consecutive invocation ... shall produce the value 4123659995".
    expect(draws(engine, 9998).at(-1)).toBe(4123659995);
  });

  it('uses the low 32 bits of the seed', () => {
    expect(draws(new Mt19937(2 ** 40 + 5), 3)).toEqual(draws(new Mt19937(5), 3));
    expect(draws(new Mt19937(-1), 3)).toEqual(draws(new Mt19937(0xffffffff), 3));
    expect(draws(new Mt19937(5), 3)).not.toEqual(draws(new Mt19937(6), 3));
  });

  it('draws the high half of 64 bits first, and makes fractions of the low bits', () => {
    const [a, b] = draws(new Mt19937(7), 2) as [number, number];
    expect(new Mt19937(7).u64()).toEqual([a, b]);
    expect(new Mt19937(7).fraction24()).toBe((a % 2 ** 24) / 2 ** 24);
    expect(new Mt19937(7).fraction53()).toBe(((a % 2 ** 21) * 2 ** 32 + b) / 2 ** 53);
  });

  it.each([0, 1, 226, 227, 228, 623, 624, 625, 1300])('goes on from its state after %i draws', (count) => {
    const engine = new Mt19937(3);
    draws(engine, count);
    const state = JSON.parse(JSON.stringify(engine.getState()));
    const expected = draws(engine, 700);
    const resumed = new Mt19937(99);
    resumed.setState(state);
    expect(draws(resumed, 700)).toEqual(expected);
  });

  it('starts again when seeded again', () => {
    const engine = new Mt19937(3);
    const first = draws(engine, 5);
    draws(engine, 1000);
    engine.seed(3);
    expect(draws(engine, 5)).toEqual(first);
  });
});
