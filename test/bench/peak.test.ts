/** The addon that measures the peak: bench/install.ts builds it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';

const path = new URL('../../native/bench/peak/build/Release/peak.node', import.meta.url).pathname;
type Peak = (...args: unknown[]) => number;

describe.skipIf(!existsSync(path))('fmaPeak', () => {
  const { fmaPeak } = createRequire(import.meta.url)(path) as { fmaPeak: Peak };

  it('is a number for each instruction set of this processor', () => {
    const names = Object.keys(loadAddon().addon?.instructionSets ?? { scalar: null });
    for (const isa of names) expect(fmaPeak(isa, 1, 5), isa).toBeGreaterThan(0.01);
  });

  it.each<readonly [string, readonly unknown[]]>([
    ['an unknown instruction set', ['sse9', 1, 1]],
    ['a long name', ['x'.repeat(1000), 1, 1]],
    ['no name', [1, 1, 1]],
    ['no threads', ['scalar', 0, 1]],
    ['too many threads', ['scalar', 257, 1]],
    ['no time', ['scalar', 1, Number.NaN]],
    ['an hour', ['scalar', 1, 3_600_000]],
    ['too few arguments', ['scalar', 1]],
  ])('refuses %s', (_what, args) => {
    expect(() => fmaPeak(...args)).toThrow(/^fmaPeak: /);
  });
});
