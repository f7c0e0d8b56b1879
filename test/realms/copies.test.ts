// Two copies of the library in one process: this one, and the one that is built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { version } from '../../src/copies.js';
import * as own from '../../src/index.js';
import { ensureBuilt, root } from '../helpers/built.js';

let other: typeof own;
beforeAll(async () => {
  ensureBuilt();
  other = await import(pathToFileURL(join(root, 'dist/lib/index.js')).href);
}, 300_000);

it('knows the version of the package', () => {
  expect(version).toBe(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
});

it('names both versions and paths wherever an object of another copy is refused', async () => {
  const { nn, optim } = own;
  const layer = new other.nn.Linear(1, 1);
  const tensor = other.tensor([1]);
  const uses: [string, () => unknown][] = [
    ['Tensor', () => own.tensor([1]).add(tensor)],
    ['Linear', () => new nn.Sequential(layer as never)],
    ['Parameter', () => new optim.SGD(layer.parameters() as never)],
    ['Parameter', () => new nn.Linear(1, 1).loadStateDict({ weight: layer.weight, bias: layer.bias } as never)],
    ['Generator', () => new nn.Dropout(0.5, { generator: new other.Generator() } as never)],
  ];
  const sentence = (kind: string) =>
    new RegExp(
      `a ${kind} of another copy of lanewise \\(version ${version} at .*dist.lib.*; this one is version ${version} at .*src.*\\)`,
    );
  for (const [kind, use] of uses) expect(use).toThrow(sentence(kind));
  await expect(own.fit(layer as never, {} as never)).rejects.toThrow(sentence('Linear'));
});

it('refuses a layer of another copy in a field, which would have no parameters', () => {
  class Model extends own.nn.Module {
    inner = new other.nn.Linear(1, 1);
  }
  for (const walk of ['parameters', 'stateDict', 'modules'] as const)
    expect(() => new Model()[walk]()).toThrow(/Model: the field 'inner' holds a Linear of another copy of lanewise/);
});

it('reads what another copy has saved', () => {
  const [from, to] = [new other.nn.Linear(2, 1), new own.nn.Linear(2, 1)];
  to.loadStateDict(JSON.parse(JSON.stringify(from)));
  expect(to.weight.toArray()).toEqual(from.weight.toArray());
});
