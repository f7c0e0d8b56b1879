import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fma32 } from '../../src/random/distributions.js';
import { Generator } from '../../src/random/generator.js';

/** A double as an integer times 2^-scale, exactly. */
function toInteger(x: number, scale: number): bigint {
  let value = x;
  let shift = scale;
  while (!Number.isInteger(value)) {
    value *= 2;
    shift--;
  }
  return BigInt(value) << BigInt(shift);
}

describe('fma32', () => {
  const float = fc.integer({ min: -(2 ** 24), max: 2 ** 24 });
  const exponent = fc.integer({ min: -30, max: 4 });
  const operand = fc.tuple(float, exponent).map(([digits, power]) => digits * 2 ** power);

  it('rounds once: nothing lies between the result and the exact value', () => {
    const up = (x: number, by: number) => {
      const bits = new Int32Array(Float32Array.of(x).buffer);
      bits[0] = bits[0]! + by;
      return new Float32Array(bits.buffer)[0]!;
    };
    fc.assert(
      fc.property(operand, operand, operand, (x, y, z) => {
        const result = fma32(x, y, z);
        expect(Math.fround(result)).toBe(result);
        const exact = toInteger(x, 200) * toInteger(y, 200) + (toInteger(z, 200) << 200n);
        const distance = (candidate: number) => {
          const difference = (toInteger(candidate, 200) << 200n) - exact;
          return difference < 0n ? -difference : difference;
        };
        if (result === 0) {
          expect(exact).toBe(0n);
          return;
        }
        expect(distance(result) <= distance(up(result, 1))).toBe(true);
        expect(distance(result) <= distance(up(result, -1))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is right where a double in between would land on a tie', () => {
    // x·y = 2^-24 - 2^-54, so the sum lies 2^-54 below a tie of floats; a double cannot hold that, and ties go to even.
    const [x, y] = [(1 + 2 ** -15) * 2 ** -24, 1 - 2 ** -15];
    expect(Math.fround(x * y + (1 + 2 ** -23))).toBe(1 + 2 ** -22);
    expect(fma32(x, y, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    // Above a tie: 1 - 2^-24 - 2^-25 + 2^-55.
    expect(Math.fround((-x / 2) * y + (1 - 2 ** -24))).toBe(1 - 2 ** -23);
    expect(fma32(-x / 2, y, 1 - 2 ** -24)).toBe(1 - 2 ** -24);
    expect(fma32(2 ** -12, 2 ** -12, 1)).toBe(1); // a true tie goes to the even neighbour
  });
});

describe('distributions', () => {
  const n = 200_000;
  const deviates = (standardErrors: number, measured: number, expected: number, deviation: number) =>
    expect(Math.abs(measured - expected)).toBeLessThan((standardErrors * deviation) / Math.sqrt(n));
  const mean = (array: ArrayLike<number>, of = (x: number) => x) => {
    let sum = 0;
    for (let i = 0; i < array.length; i++) sum += of(array[i]!);
    return sum / array.length;
  };

  it.each([Float32Array, Float64Array])('uniform numbers fill their range evenly: %o', (Type) => {
    const array = new Type(n);
    new Generator(1).uniformFill(array, -1, 3);
    expect(array.every((x) => x >= -1 && x < 3)).toBe(true);
    deviates(4, mean(array), 1, 4 / Math.sqrt(12));
    deviates(
      4,
      mean(array, (x) => (x - 1) ** 2),
      16 / 12,
      Math.sqrt(16 ** 2 / 180),
    );
  });

  it.each([Float32Array, Float64Array])('normal numbers have their first four moments: %o', (Type) => {
    const array = new Type(n);
    new Generator(2).normalFill(array, 1, 2);
    const z = array.map((x) => (x - 1) / 2);
    deviates(4, mean(z), 0, 1);
    deviates(
      4,
      mean(z, (x) => x ** 2),
      1,
      Math.sqrt(2),
    );
    deviates(
      4,
      mean(z, (x) => x ** 3),
      0,
      Math.sqrt(15),
    );
    deviates(
      4,
      mean(z, (x) => x ** 4),
      3,
      Math.sqrt(96),
    );
  });

  it.each([0, 0.1, 0.5, 0.999, 1])('a share of %f is kept', (q) => {
    const array = new Float32Array(n);
    new Generator(3).bernoulliFill(array, q);
    expect(array.every((x) => x === 0 || x === 1)).toBe(true);
    expect(Math.abs(mean(array) - q)).toBeLessThanOrEqual(4 * Math.sqrt((q * (1 - q)) / n));
  });

  it('integers are even over their range', () => {
    const array = new Int32Array(n);
    new Generator(4).randintFill(array, -3, 7);
    const counts = new Map<number, number>();
    for (const value of array) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6]);
    for (const count of counts.values()) deviates(5, count / n, 0.1, Math.sqrt(0.09));
  });

  it.each([2 ** 31, 2 ** 40 + 3])('a wide range is drawn from 64 bits: up to %d', (high) => {
    const array = new Float64Array(n);
    new Generator(5).randintFill(array, 0, high);
    expect(array.every((x) => Number.isInteger(x) && x >= 0 && x < high)).toBe(true);
    deviates(4, mean(array) / high, 0.5, 1 / Math.sqrt(12));
  });

  it('a permutation holds each number once, and every order comes up', () => {
    const generator = new Generator(6);
    for (const size of [0, 1, 2, 7, 16, 1000]) {
      const sorted = generator.randperm(size).sort();
      expect(sorted).toEqual(Int32Array.from({ length: size }, (_, i) => i));
    }
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = generator.randperm(3).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(6000 * (5 / 36)));
  });

  it('zero-length arrays draw nothing', () => {
    const generator = new Generator(7);
    const before = generator.getState();
    generator.uniformFill(new Float32Array(0));
    generator.normalFill(new Float64Array(0));
    generator.bernoulliFill(new Float32Array(0), 0.5);
    generator.randintFill(new Int32Array(0), 0, 5);
    generator.randperm(0);
    generator.randperm(1);
    expect(generator.getState()).toEqual(before);
  });
});
