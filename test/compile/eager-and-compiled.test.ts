/** Whatever is compiled does to the bit what it does eagerly: on native backends also when it is fused. */
import { expect, it } from 'vitest';
import { describeEachBackend } from '../helpers/backends.js';
import { play, scenes } from './scenes.js';

describeEachBackend('a compiled function', () => {
  it.each(Object.entries(scenes))('does what it does eagerly: %s', async (_name, make) => {
    const eager = await play(make, 'eager');
    expect(await play(make, 'compiled'), 'compiled').toEqual(eager);
    expect(await play(make, 'mixed'), 'eager and compiled by turns').toEqual(eager);
    expect(await play(make, 'async'), 'async').toEqual(eager);
  });
});
