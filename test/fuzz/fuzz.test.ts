/** The fuzzers themselves, for a moment: `npm run fuzz` runs them for long. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeFixture } from '../misuse/fixture.js';
import { fitProperty } from './api.js';
import { callables } from './callables.js';
import { networkProperty } from './networks.js';

const seed = 20261126;

it('find what is public by looking', () => {
  const names = callables(makeFixture()).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of [
    'tensor',
    'functional.softmax',
    'new nn.Linear',
    'new optim.lrScheduler.StepLR',
    'matrix.add',
    'model.loadStateDict',
  ])
    expect(names).toContain(name);
  // Internal members are no part of the promise.
  for (const name of ['matrix.assertWritable', 'momentum.prepare', 'new optim.Optimizer'])
    expect(names).not.toContain(name);
});

it('train a few random networks in every way', async () => {
  await fc.assert(networkProperty, { seed, numRuns: 4 });
});

it('give fit, epochs and predict options that are anything', async () => {
  await fc.assert(fitProperty, { seed, numRuns: 30 });
});
