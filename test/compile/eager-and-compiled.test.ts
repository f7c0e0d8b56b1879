/** Whatever is compiled does to the bit what it does eagerly: on native backends also when it is fused. */
import { describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { fixtures, play } from './fixtures.js';

describeEachBackend('a compiled function', () => {
  it.each(Object.entries(fixtures))('does what it does eagerly: %s', async (_name, make) => {
    const eager = await play(make, 'eager');
    expect(await play(make, 'compiled'), 'compiled').toEqual(eager);
    expect(await play(make, 'mixed'), 'eager and compiled by turns').toEqual(eager);
    expect(await play(make, 'async'), 'async').toEqual(eager);
  });
});

const natives = backend.available.filter((name) => name !== 'reference');

describe.runIf(natives.length > 0).each(natives)('a fused function on %s', (name) => {
  runOn(name);

  it.each(Object.entries(fixtures))('does what it does eagerly: %s', async (_name, make) => {
    const kept = { passes: {}, keepGradients: true };
    expect(await play(make, 'compiled', 7, kept)).toEqual(await play(make, 'eager'));
    const free = { passes: {}, keepGradients: false };
    const looks = { gradients: false };
    for (const mode of ['compiled', 'mixed'] as const)
      expect(await play(make, mode, 7, free, looks), mode).toEqual(await play(make, 'eager', 7, {}, looks));
  });
});
