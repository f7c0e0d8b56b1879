/** The model of links: exact where it can be worked out by hand. */
import { expect, it } from 'vitest';
import { links, mlpMessages, predictedEfficiency, sumSeconds } from '../../bench/distributed/model.js';

const link = { name: '', alpha: 1, bandwidth: 10 };

it('a sum takes one round between two ranks, and two rounds of slices between more', () => {
  expect(sumSeconds(100, 1, link)).toBe(0);
  expect(sumSeconds(100, 2, link)).toBe(1 + 10);
  expect(sumSeconds(100, 4, link)).toBe(2 * (1 + 7.5));
});

it('what travels while the step goes on costs nothing, what is there last costs all', () => {
  expect(predictedEfficiency(100, [{ bytes: 100, readyAt: 0.5 }], 2, link)).toBe(1);
  expect(predictedEfficiency(100, [{ bytes: 100, readyAt: 1 }], 2, link)).toBe(100 / 111);
  // The second waits for the first: ready at 90, the line is free at 101, there at 112.
  const both = [
    { bytes: 100, readyAt: 0.9 },
    { bytes: 100, readyAt: 0.95 },
  ];
  expect(predictedEfficiency(100, both, 2, link)).toBe(100 / 112);
});

it('a small network does not pay on a slow link, and larger batches do better', () => {
  const [slow] = links;
  expect(mlpMessages.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
    4 * (784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10),
  );
  expect(predictedEfficiency(1.2e-3, mlpMessages, 2, slow!)).toBeLessThan(0.2);
  expect(predictedEfficiency(10e-3, mlpMessages, 2, slow!)).toBeGreaterThan(0.5);
});
