import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile, spread } from '../../bench/report/statistics.js';

describe('quantile', () => {
  it.each([
    // As numpy.quantile gives them.
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[1, 2, 3, 4], 0.1, 1.3],
    [[10, 9, 8, 100], 0.9, 73],
    [[7], 0.9, 7],
    [[5, 5], 0, 5],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected, 12);
  });

  it('of nothing is NaN', () => expect(quantile([], 0.5)).toBeNaN());

  it('lies between the extremes, grows with q, and leaves its argument alone', () => {
    const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(numbers, (values) => {
        const before = [...values];
        const { p10, median, p90 } = spread(values);
        expect(Math.min(...values) <= p10 && p10 <= median && median <= p90 && p90 <= Math.max(...values)).toBe(true);
        expect(values).toEqual(before);
      }),
    );
  });
});
