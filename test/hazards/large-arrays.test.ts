// Nested arrays of more numbers than V8 puts into one array: that many pushes abort the process.
import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/index.js';
import { runChild } from '../helpers/child.js';
import { collectGarbage } from '../helpers/garbage.js';

it('become a tensor', { timeout: 120_000 }, async () => {
  const { reported } = await runChild(`
    const { tensor } = await src('index.ts');
    const row = new Array(100_000).fill(0.5);
    const last = [...row];
    last[99_999] = 7;
    const large = tensor([...new Array(1342).fill(row), last]);
    report([large.shape, large.storage.read().at(-1), large.storage.read().at(-2)]);
  `);
  expect(reported).toEqual([[1343, 100_000], 7, 0.5]);
});

describe('are refused before memory is taken', () => {
  const endless = new Array(2 ** 32 - 1);
  const late: unknown[] = [0.5];
  late.length = 2 ** 32 - 1;
  const row = new Array(65_536).fill(0);
  it.each([
    ['an array of holes', endless, 'expected a number at depth 1, got undefined (element [0])'],
    ['an array of nearly only holes', late, 'expected a number at depth 1, got undefined (element [1])'],
    ['more than a tensor can hold', new Array(65_537).fill(row), 'shape [65537, 65536] has too many elements'],
    ['rows that are shorter than the first', [row, ...new Array(65_535).fill([])], 'expected 65536 at depth 1, got 0'],
  ])('%s', async (_what, values, message) => {
    // Memory of earlier cases that is collected meanwhile would hide what is taken.
    await collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    expect(() => tensor(values as number[])).toThrow(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});
