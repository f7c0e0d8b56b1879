// A host that does not let the environment be read, as Deno without --allow-env.
import { expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';

it('loads, and chooses as if nothing were set', async () => {
  const { reported, stderr } = await runChild(`
    process.env = new Proxy(process.env, {
      get(target, key) {
        if (String(key).startsWith('LANEWISE')) throw new Error('Requires env access to "' + key + '"');
        return target[key];
      },
    });
    const { backend, tensor } = await src('index.ts');
    report([backend.name !== '', tensor([1]).add(1).item()]);
  `);
  expect(reported).toEqual([true, 2]);
  expect(stderr).toBe('');
});
