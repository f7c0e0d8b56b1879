/** Where the native addon and the WebAssembly module may lie, and what this process is: its C library, what it may read. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../copies.js';
import { isError } from '../realm.js';
import { environment } from './environment.js';

/** Whether this Node is linked to musl (Alpine). The loader that an executable names in its first bytes tells it, a thousand times as fast as
 * `process.report`.
 */
export function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const start = Buffer.alloc(4096);
    const file = openSync(process.execPath, 'r');
    try {
      const length = readSync(file, start, 0, start.length, 0);
      return start.subarray(0, length).includes('/ld-musl-');
    } finally {
      closeSync(file);
    }
  } catch {
    // Not to be read: what is installed where glibc is not.
    const loader = `/lib/ld-musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`;
    return existsSync(loader) && !existsSync('/etc/ld.so.cache');
  }
}

/** A file of the package, and in a bundle a file that has taken it in. */
export interface Place {
  /** Its URL; empty where it has none. */
  readonly here: string;
  /** Where the binary of this platform may lie, as seen from it; null where there can be none. */
  prebuilt(): URL | null;
  /** The same of the WebAssembly module. */
  wasm(): URL | null;
}

/**
 * This file; the entry for `import` puts itself in front, since in a bundle it may be in another file. Each name of a binary is one literal in
 * a `new URL`: by it bundlers and tracers of files know which files to take along. Within `try`, since Turbopack refuses to build for a
 * platform that has no such file otherwise.
 */
export const places: Place[] = [
  {
    here: import.meta.url,
    prebuilt() {
      try {
        return isMusl()
          ? new URL(`../../prebuilds/${process.platform}-${process.arch}/lanewise.musl.node`, import.meta.url)
          : new URL(`../../prebuilds/${process.platform}-${process.arch}/lanewise.node`, import.meta.url);
      } catch {
        return null;
      }
    },
    wasm() {
      try {
        return new URL('../../prebuilds/wasm/lanewise.wasm', import.meta.url);
      } catch {
        return null;
      }
    },
  },
];

const workerEntry = 'dist/lib/data-worker.cjs';

/** What the threads of a DataLoader run: in the package, or for a bundle in the package of this version that it would load instead. Null where
 * it is not, with the files that it shares.
 */
export function workerFile(): string | null {
  // By the literal tracers of files take it along.
  const own = () => fileURLToPath(new URL('../../dist/lib/data-worker.cjs', import.meta.url));
  const installed = places.map(({ here }) => () => {
    const manifest = createRequire(here).resolve('lanewise/package.json');
    const { version: found } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
    return found === version ? join(dirname(manifest), workerEntry) : '';
  });
  for (const find of [own, () => join(packageRoot(), workerEntry), ...installed]) {
    try {
      const path = find();
      if (existsSync(path) && existsSync(join(dirname(path), 'index.cjs'))) return path;
    } catch {
      // A bundle: there is none at that place.
    }
  }
  return null;
}

/** The root of the package: the same distance from src/ops and from dist/lib, where the modules are bundled. */
export const packageRoot = (): string => fileURLToPath(new URL('../../', places.at(-1)!.here));

/** The binary of this platform, in a package or next to a bundle. */
export const prebuiltFile = (): string =>
  `prebuilds/${process.platform}-${process.arch}/${isMusl() ? 'lanewise.musl.node' : 'lanewise.node'}`;

/** The WebAssembly module, in a package or next to a bundle. */
export const wasmFile = 'prebuilds/wasm/lanewise.wasm';

/** The files to try for the addon, in this order; each may throw. */
export function addonFiles(): (() => string)[] {
  const forced = environment('LANEWISE_ADDON');
  if (forced) return [() => resolve(forced)];
  return filesOf(prebuiltFile(), 'build/Release/lanewise.node', (place) => place.prebuilt());
}

/** The files to try for the WebAssembly module, in this order; each may throw. */
export function wasmFiles(): (() => string)[] {
  const forced = environment('LANEWISE_WASM');
  if (forced) return [() => resolve(forced)];
  return filesOf(wasmFile, `build-prebuilds/${wasmFile}`, (place) => place.wasm());
}

/** @param built what a checkout has instead */
function filesOf(file: string, built: string, urlOf: (place: Place) => URL | null): (() => string)[] {
  const known = places.filter(({ here }) => here !== '');
  const prebuilt = known.flatMap((place) => urlOf(place) ?? []).map((url) => () => fileURLToPath(url));
  if (installation().kind !== 'bundle') return [...prebuilt, () => join(packageRoot(), built)];
  return [
    ...prebuilt,
    ...known.map(
      ({ here }) =>
        () =>
          fileURLToPath(new URL(file, here)),
    ),
    ...known.map(
      ({ here }) =>
        () =>
          join(dirname(createRequire(here).resolve('lanewise/package.json')), file),
    ),
  ];
}

/** False where Node's permission model keeps this process from reading the file. */
export function mayRead(path: string): boolean {
  // Types of Node 20 have it as always there.
  const { permission } = process as { permission?: { has(scope: string, reference: string): boolean } };
  return permission === undefined || permission.has('fs.read', path);
}

/** What became of opening the first of several files. */
export interface Opened<T> {
  /** Null when none could be opened. */
  readonly opened: T | null;
  /** The file it came from. */
  readonly path: string | null;
  /** The files that were tried before, and why each failed. */
  readonly tried: readonly { readonly path: string; readonly error: string }[];
}

/**
 * Opens the first file that can be opened. Never throws.
 * @param files each may throw instead of naming a file
 * @param what stands for a file that has no name then
 */
export function openFirst<T>(files: readonly (() => string)[], what: string, open: (path: string) => T): Opened<T> {
  const tried: { path: string; error: string }[] = [];
  for (const find of files) {
    let path = what;
    try {
      path = find();
      if (tried.some((before) => before.path === path)) continue;
      if (!existsSync(path)) throw new Error(mayRead(path) ? 'no such file' : 'this process may not read it');
      return { opened: open(path), path, tried };
    } catch (error) {
      const message = isError(error) ? error.message : String(error);
      tried.push({ path, error: message.trim().split('\n', 1)[0] ?? message });
    }
  }
  return { opened: null, path: null, tried };
}

/** Where this code lies: in the installed package, in a checkout, or in a bundle. With the binaries that a package has. */
export function installation(): { kind: 'package' | 'checkout' | 'bundle'; root: string; binaries: string[] } {
  let root = '';
  try {
    root = packageRoot();
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown };
    if (name !== 'lanewise') return { kind: 'bundle', root, binaries: [] };
    if (existsSync(join(root, 'binding.gyp'))) return { kind: 'checkout', root, binaries: [] };
    const folders = existsSync(join(root, 'prebuilds')) ? readdirSync(join(root, 'prebuilds')) : [];
    const binaries = folders.flatMap((folder) =>
      readdirSync(join(root, 'prebuilds', folder)).map((file) => `prebuilds/${folder}/${file}`),
    );
    return { kind: 'package', root, binaries: binaries.sort() };
  } catch {
    return { kind: 'bundle', root: root && dirname(root), binaries: [] };
  }
}
