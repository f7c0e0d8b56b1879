/** The example of a custom module learns two spirals, on every kind of backend. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { accuracyOf, runExample } from './run.js';

const timeout = 180_000;
beforeAll(ensureBuilt, 600_000);

describe.each(['reference', ...backend.available.slice(-1)])('examples/residual on %s', (name) => {
  it.skipIf(name === 'reference' && backend.available.length === 1)('trains', { timeout }, async () => {
    const run = await runExample('residual/main.ts', [], { env: { LANEWISE_BACKEND: name } });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('  (1): Residual(\n    (first): Linear(in_features=32, out_features=32, bias=True)');
    const losses = [...run.stdout.matchAll(/^epoch \d+: loss (\d+\.\d{4})$/gm)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(6);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
    expect(accuracyOf(run)).toBeGreaterThanOrEqual(0.97);
  });
});
