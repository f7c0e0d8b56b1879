/** Packs the library as `npm publish` would, and installs the tarball in an empty folder as a user would. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { ensureBuilt, root } from '../helpers/built.js';

export interface Tarball {
  readonly path: string;
  readonly unpackedSize: number;
  /** Paths in the tarball. */
  readonly files: readonly string[];
}

export const prebuilt = `prebuilds/${process.platform}-${process.arch}/lanewise.node`;

const npm = (cwd: string, args: readonly string[]): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe', shell: process.platform === 'win32' });

export function makeFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `lanewise-${name}-`));
}

/** What a copy of the checkout leaves out: what git does not keep, but for what has been built. */
const left =
  /^(\.git|node_modules|docs|coverage|prebuilds|build-[^/]*|.*\.tgz)$|(^|\/)node_modules(\/|$)|^build\/(?!Release(\/lanewise\.node)?$)/;

/**
 * Packs a copy of the checkout: `prepack` puts the binary where the loader looks first, and should not do so under the
 * feet of other tests.
 * @param platforms those that `npm run prebuilds` has built, or what `npm run build` has made for this one; WebAssembly if it has been built.
 */
export function pack(
  folder: string,
  platforms: 'this platform' | 'this platform and WebAssembly' | 'every platform' = 'this platform',
): Tarball {
  if (platforms !== 'every platform') ensureBuilt();
  const stage = join(folder, 'stage');
  cpSync(root, stage, { recursive: true, filter: (path) => !left.test(relative(root, path).replaceAll('\\', '/')) });
  const built = 'build-prebuilds/prebuilds';
  if (platforms === 'every platform') cpSync(join(root, built), join(stage, built), { recursive: true });
  const wasm = `${built}/wasm`;
  if (platforms === 'this platform and WebAssembly' && existsSync(join(root, wasm)))
    cpSync(join(root, wasm), join(stage, wasm), { recursive: true });
  // All is built already; the compilers' packages are not in the copy.
  const manifest = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'));
  manifest.scripts.build = 'node --version';
  writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest));
  const output = npm(stage, ['pack', '--json', '--offline', '--pack-destination', folder]);
  // What the scripts print comes before the report.
  const [report] = JSON.parse(output.slice(output.indexOf('[\n')));
  const files: string[] = report.files.map((file: { path: string }) => file.path);
  return { path: join(folder, basename(report.filename)), unpackedSize: report.unpackedSize, files };
}

/** Installs a tarball in an empty folder, without the network and without scripts. Returns the folder. */
export function install(folder: string, tarball: string): string {
  const user = join(folder, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  npm(user, ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball]);
  return user;
}

/** Runs a program of the user's. What the tests' own process says about backends does not reach it. */
export function runProgram(user: string, name: string, source: string, env: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(user, name), source);
  const kept = Object.entries(process.env).filter(([key]) => !/^(LANEWISE|NODE|VITEST)/.test(key));
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], {
    cwd: user,
    encoding: 'utf8',
    env: { ...Object.fromEntries(kept), ...env },
  });
  return { status, stdout, stderr };
}
