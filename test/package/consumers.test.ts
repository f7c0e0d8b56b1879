/** The packed library in bundles and processes, as far as that takes a moment; `npm run test:consumers` has them all. */
import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundlers } from './consumers/bundlers.js';
import { hosts } from './consumers/hosts.js';
import { judge, Project } from './consumers/support.js';
import { workers } from './consumers/workers.js';
import { install, makeFolder, pack } from './install.js';

const cases = [...bundlers, ...workers, ...hosts].filter(({ quick }) => quick);
let folder = '';
let installed = '';
beforeAll(() => {
  folder = realpathSync(makeFolder('consumers'));
  installed = install(folder, pack(folder, 'this platform and WebAssembly').path);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(cases.map((each, i) => ({ ...each, i })))('$name', { timeout: 120_000 }, async ({ run, expected, i }) => {
  expect(judge(await run(new Project(join(folder, `case-${i}`), installed)), expected)).toBe('');
});
