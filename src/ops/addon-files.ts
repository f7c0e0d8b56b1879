/** Where the native addon may lie, and what this process is: its C library, what it may read. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.js';

/**
 * `'-musl'` in a Node that is linked to musl (Alpine), `''` in any other: what the names of prebuilt binaries end in. The loader that an
 * executable names in its first bytes tells it; `process.report` would take a thousand times as long.
 */
export function libcSuffix(): '-musl' | '' {
  if (process.platform !== 'linux') return '';
  try {
    const start = Buffer.alloc(4096);
    const file = openSync(process.execPath, 'r');
    try {
      const length = readSync(file, start, 0, start.length, 0);
      return start.subarray(0, length).includes('/ld-musl-') ? '-musl' : '';
    } finally {
      closeSync(file);
    }
  } catch {
    // Not to be read: where that loader is installed and glibc's is not, it has started this process.
    return existsSync(`/lib/ld-musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`) &&
      !existsSync('/etc/ld.so.cache')
      ? '-musl'
      : '';
  }
}

/**
 * Where the binary of this platform may lie. The entry for `import` puts its own place first, since in a bundle it may be in another file
 * than this code. One literal in a `new URL`: by it bundlers and tracers of files know which files to take along.
 */
export const prebuiltPlaces: (() => URL)[] = [
  () => new URL(`../../prebuilds/${process.platform}-${process.arch}${libcSuffix()}/lanewise.node`, import.meta.url),
];

/** The root of the package: the same distance from src/ops and from dist/lib, where the modules are bundled. */
function packageRoot(): string {
  // In a variable, since bundlers look for what a literal names.
  const here = import.meta.url;
  return fileURLToPath(new URL('../../', here));
}

/** The files to try, in this order; each may throw where a bundle has no place of its own. */
export function addonFiles(): (() => string)[] {
  const forced = environment('LANEWISE_ADDON');
  if (forced) return [() => resolve(forced)];
  return [
    ...prebuiltPlaces.map((place) => () => fileURLToPath(place())),
    () => resolve(packageRoot(), 'build/Release/lanewise.node'),
  ];
}

/** False where Node's permission model keeps this process from reading the file. */
export function mayRead(path: string): boolean {
  // Types of Node 20 have it as always there.
  const { permission } = process as { permission?: { has(scope: string, reference: string): boolean } };
  return permission === undefined || permission.has('fs.read', path);
}

/** Where this code lies: in the installed package, in a checkout, or in a bundle. With the platforms that a package has binaries for. */
export function installation(): { kind: 'package' | 'checkout' | 'bundle'; root: string; platforms: string[] } {
  let root = '';
  try {
    root = packageRoot();
    const { name } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { name?: unknown };
    if (name !== 'lanewise') return { kind: 'bundle', root, platforms: [] };
    if (existsSync(resolve(root, 'binding.gyp'))) return { kind: 'checkout', root, platforms: [] };
    const folder = resolve(root, 'prebuilds');
    return { kind: 'package', root, platforms: existsSync(folder) ? readdirSync(folder).sort() : [] };
  } catch {
    return { kind: 'bundle', root: root && dirname(root), platforms: [] };
  }
}
