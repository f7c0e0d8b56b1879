/** The example of a custom activation and optimizer learns, and compiles to products with its formulas in them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { runExample } from './run.js';

const timeout = 180_000;
beforeAll(ensureBuilt, 600_000);

describe.each(['reference', ...backend.available.slice(-1)])('examples/custom on %s', (name) => {
  it.skipIf(name === 'reference' && backend.available.length === 1)('trains', { timeout }, async () => {
    const run = await runExample('custom/main.ts', [], { env: { LANEWISE_BACKEND: name } });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const errors = [...run.stdout.matchAll(/^epoch \d+: mean squared error (\d+\.\d+)$/gm)].map(([, error]) =>
      Number(error),
    );
    expect(errors).toHaveLength(5);
    expect(errors.at(-1)).toBeLessThan(errors[0]! / 10);
    if (name === 'reference') return;
    const lines = run.stdout.split('-- after arena').at(-1)!.split('\n');
    // The activation is an epilogue, the optimizer an update of the weight's gradient.
    expect(lines.some((line) => line.includes('= linear(') && line.includes('|> mul(·, tanh('))).toBe(true);
    expect(lines.filter((line) => line.includes('= linearWeightUpdate(') && line.includes('sign('))).toHaveLength(2);
  });
});
