/** What counts as printed: whole lines, in order. */
import { expect, it } from 'vitest';
import { prints } from './blocks.js';

it.each([
  ['1\n2\n', '1\n2\n', true],
  ['before\n1\nbetween\n2\nafter\n', '1\n2\n', true],
  ['  loss   0.25, of 3\n', 'loss 0.25, ...\n', true],
  ['anything\n', '', true],
  ['2\n1\n', '1\n2\n', false],
  ['1\n', '1\n2\n', false],
  ['10\n', '1\n', false],
  ['untrue\n', 'true\n', false],
  ['a\nb\n', 'a...b\n', false],
  ['1x5\n', '1.5\n', false],
])('%j prints %j: %s', (printed, expected, so) => {
  expect(prints(printed, expected)).toBe(so);
});
