/** Vectors for names learn what a linear model of one-hot columns cannot. */
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { interruptExample, runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

it('examples/embedding learns how occupations grew and shrank', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr } = await runExample('embedding/main.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('4468 rows to learn from, 1116 held out');
  expect(stdout).toContain('    (0): Embedding(255, 16)\n    (1): Embedding(2, 1)\n');
  const [, ...errors] = /\nmean absolute error in decimal digits: embeddings (\S+), linear (\S+), mean (\S+)\n$/.exec(
    stdout,
  )!;
  const [embedded, linear, mean] = errors.map(Number) as [number, number, number];
  expect(embedded).toBeLessThan(0.3);
  expect(linear).toBeGreaterThan(0.45);
  expect(linear).toBeLessThan(0.6);
  expect(mean).toBeCloseTo(0.887, 3);
});

it.skipIf(process.platform === 'win32')('ends with 130 after Ctrl-C', { timeout: 60_000 }, async () => {
  const run = await interruptExample('embedding/main.ts', /^EmbeddingNetwork/m);
  expect(run).toMatchObject({ code: 130, stderr: '' });
  expect(run.stdout).toMatch(/\nstopped\n$/);
});
