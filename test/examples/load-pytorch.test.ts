/** The example loads both files of PyTorch and answers as PyTorch does, on every kind of backend. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

describe.each(['reference', ...backend.available.slice(-1)])('examples/load-pytorch on %s', (name) => {
  it.skipIf(name === 'reference' && backend.available.length === 1)('answers', { timeout: 60_000 }, async () => {
    const run = await runExample('load-pytorch/main.ts', [], { env: { LANEWISE_BACKEND: name } });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('<All keys matched successfully>');
    const lines = [
      ...run.stdout.matchAll(/^(\S+): (\d+) of 20 classes are the same, the largest difference is (\S+)$/gm),
    ];
    expect(lines.map(([, file, same]) => `${file} ${same}`)).toEqual(['checkpoint.pt 20', 'model.safetensors 20']);
    for (const [, , , difference] of lines) expect(Number(difference)).toBeLessThan(1e-5);
    expect(run.stdout).toContain('metadata: {"format":"pt","trained":"100 epochs"}');
  });
});
