/**
 * Builds the binaries of the package in build-prebuilds/: `npm run prebuilds -- --all`, or names of targets. What is there of the same sources
 * stays. `--verify` builds each once more, with nothing left of the first, and compares.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { violations } from './floors.js';
import { sourcesHash } from './sources.mjs';
import { type Target, targets } from './targets.js';
import { Zig } from './zig.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = join(root, 'build-prebuilds');

/** What all binaries may have in the tarball, which has 5,000,000 bytes and 492,000 of other files. */
const mostPacked = 4_508_000;

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean' }, verify: { type: 'boolean' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.help || (!values.all && positionals.length === 0)) {
  console.log(`npm run prebuilds -- --all | NAME... [--verify]\nnames: ${targets.map(({ name }) => name).join(', ')}`);
  process.exit(values.help ? 0 : 2);
}
const chosen = values.all ? targets : positionals.map(find);

function find(name: string): Target {
  const target = targets.find((each) => each.name === name);
  if (target !== undefined) return target;
  console.error(`no target ${name}; there are ${targets.map((each) => each.name).join(', ')}`);
  process.exit(2);
}

/** As bench/install.ts: the compiler is no package of the library. */
function installCompiler(): void {
  const here = join(root, 'packaging');
  const timeOf = (file: string) => statSync(join(here, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (timeOf('package-lock.json') <= timeOf('node_modules/.package-lock.json')) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

installCompiler();
const zig = new Zig(folder);
const sources = sourcesHash();
let sum = 0;
for (const target of chosen) {
  const start = performance.now();
  const file = join(folder, 'prebuilds', target.file);
  const mark = `${file}.sources`;
  const isThere = existsSync(mark) && readFileSync(mark, 'utf8') === sources;
  if (!isThere) {
    mkdirSync(dirname(file), { recursive: true });
    rmSync(mark, { force: true });
    await zig.build(target, file);
    writeFileSync(mark, sources);
  }
  const seconds = (performance.now() - start) / 1000;
  const bytes = readFileSync(file);
  const packed = gzipSync(bytes, { level: 9 }).length;
  sum += packed;
  console.log(
    `${target.name}: ${(bytes.length / 1024).toFixed(0)} KiB, ${(packed / 1024).toFixed(0)} packed, ` +
      `sha256 ${hash(file).slice(0, 16)}, ${isThere ? 'built before' : `${seconds.toFixed(0)} s`}`,
  );
  for (const wrong of violations(target, bytes)) {
    console.error(`${target.name}: ${wrong}`);
    process.exitCode = 1;
  }
  if (values.verify) await verify(target, file);
}

if (values.all) console.log(`all: ${sum} bytes packed, of ${mostPacked}`);
if (sum > mostPacked) {
  console.error('the binaries are more than the package may have');
  process.exitCode = 1;
}

async function verify(target: Target, file: string): Promise<void> {
  const other = mkdtempSync(join(tmpdir(), 'lanewise-prebuild-'));
  try {
    const second = join(other, 'lanewise.node');
    await new Zig(other).build(target, second);
    if (hash(second) !== hash(file)) {
      console.error(`${target.name}: a second build has other bytes`);
      process.exitCode = 1;
    } else console.log(`${target.name}: a second build, in another folder, has the same bytes`);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
}
