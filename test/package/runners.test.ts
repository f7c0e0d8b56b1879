/** The packed library under test runners that give each test file a separate realm. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../helpers/built.js';
import { install, makeFolder, pack } from './install.js';

const runners = fileURLToPath(new URL('./runners/', import.meta.url));

/** As bench/install.ts: the packages of the runners are none of the library's. */
function installRunners(): void {
  const timeOf = (file: string) => statSync(join(runners, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (timeOf('package-lock.json') <= timeOf('node_modules/.package-lock.json')) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', args, {
    cwd: runners,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

let folder = '';
let user = '';
beforeAll(() => {
  installRunners();
  folder = realpathSync(makeFolder('runners'));
  user = install(folder, pack(folder).path);
  cpSync(join(runners, 'values.test.mjs'), join(user, 'values.test.mjs'));
  mkdirSync(join(user, 'commonjs'));
  writeFileSync(
    join(user, 'commonjs/values.test.js'),
    asScript(readFileSync(join(runners, 'values.test.mjs'), 'utf8')),
  );
  writeFileSync(join(user, 'jest.config.mjs'), "export default { testMatch: ['**/*.test.mjs'], transform: {} };\n");
  writeFileSync(
    join(user, 'vitest.config.mjs'),
    "export default { test: { globals: true, include: ['*.test.mjs'] } };\n",
  );
  symlinkSync(join(root, 'node_modules/vitest'), join(user, 'node_modules/vitest'), 'junction');
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], options: readonly string[] = []) {
  const kept = Object.entries(process.env).filter(([key]) => !/^(LANEWISE|NODE|VITEST|CI$|JEST)/.test(key));
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, program, ...args], {
    cwd: user,
    encoding: 'utf8',
    env: { ...Object.fromEntries(kept), NO_COLOR: '1' },
  });
  return { status, output: `${stdout}${stderr}` };
}

/** The same file with `require`. */
const asScript = (source: string): string =>
  source.replace(/^import (?:\* as )?(\w+) from ('[^']+');$/gm, 'const $1 = require($2);');

const count = readFileSync(join(runners, 'values.test.mjs'), 'utf8').match(/^test\(/gm)?.length;

describe.each(['jest', 'jest-29'])('%s', (name) => {
  it('runs a project of a user', { timeout: 120_000 }, () => {
    const manifest = createRequire(join(runners, 'package.json')).resolve(`${name}/package.json`);
    const { status, output } = run(
      join(dirname(manifest), 'bin/jest.js'),
      ['--ci=false', '--runInBand'],
      ['--experimental-vm-modules', '--no-warnings'],
    );
    expect(output).toContain(`Tests:       ${count} passed, ${count} total`);
    expect(status).toBe(0);
    expectSnapshot();
  });
});

describe.each(['jest', 'jest-29'])('%s as it comes', (name) => {
  it('runs a project of a user that uses require', { timeout: 120_000 }, () => {
    const manifest = createRequire(join(runners, 'package.json')).resolve(`${name}/package.json`);
    const { status, output } = run(join(dirname(manifest), 'bin/jest.js'), [
      '--ci=false',
      '--runInBand',
      `--config=${JSON.stringify({ rootDir: join(user, 'commonjs') })}`,
    ]);
    expect(output).toContain(`Tests:       ${count} passed, ${count} total`);
    expect(status).toBe(0);
    expectSnapshot('commonjs', 'values.test.js');
  });
});

describe.each(['vmThreads', 'vmForks'])('vitest with the pool %s', (pool) => {
  it('runs a project of a user', { timeout: 120_000 }, () => {
    const { status, output } = run(join(root, 'node_modules/vitest/vitest.mjs'), ['run', `--pool=${pool}`, '--update']);
    expect(output).toMatch(new RegExp(`Tests +${count} passed \\(${count}\\)`));
    expect(status).toBe(0);
    expectSnapshot();
  });
});

/** The snapshot that the runner has written holds the numbers; it is gone for the next. */
function expectSnapshot(folder = '.', file = 'values.test.mjs'): void {
  const snapshots = join(user, folder, '__snapshots__');
  const text = readFileSync(join(snapshots, `${file}.snap`), 'utf8');
  expect(text).toContain('1.5');
  rmSync(snapshots, { recursive: true });
  expect(existsSync(snapshots)).toBe(false);
}
