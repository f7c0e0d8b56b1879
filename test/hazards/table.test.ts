/** The table of hazards says what is so. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { faults, hazards } from './table.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const all = [...hazards, ...faults];

it('names every row of the design notes', () => {
  expect(hazards.length).toBe(21);
  expect(new Set(all.map(({ hazard }) => hazard)).size).toBe(all.length);
});

it.each(all)('$hazard', ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  for (const [file, ...titles] of tests) {
    const text = readFileSync(join(root, file), 'utf8');
    expect(titles.length).toBeGreaterThan(0);
    for (const title of titles) expect(text.includes(title), `${file}: ${title}`).toBe(true);
  }
});

it('every test of this folder stands in it', () => {
  const named = new Set(all.flatMap(({ tests }) => tests.map(([file]) => file)));
  const here = readdirSync(join(root, 'test/hazards')).filter((name) => name.endsWith('.test.ts'));
  expect(here.filter((name) => !named.has(`test/hazards/${name}`))).toEqual([]);
});

it('no memory of the addon is handed to JavaScript', () => {
  const folder = join(root, 'native/binding');
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(sources.length).toBeGreaterThan(5);
  // But the frame that lists of numbers cross in: memory of the instance, which outlives every array over it.
  const found = sources.flatMap((source) => source.match(/(napi|node_api)_create_external\w*/g) ?? []);
  expect(found).toEqual(['napi_create_external_arraybuffer']);
  expect(sources.some((source) => source.includes('napi_create_external_arraybuffer(env, instance.frame.data()'))).toBe(
    true,
  );
});
