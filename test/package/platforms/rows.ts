/** The runtimes that the package is tried on: how each is started, and what it has to say. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = fileURLToPath(new URL('./', import.meta.url));
const packages = join(here, 'node_modules');

export interface Row {
  readonly name: string;
  /** The command before the program. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The name of the backend. */
  readonly backend: RegExp;
  /** What the warning says, where WebAssembly computes because no binary can be loaded. */
  readonly advice?: RegExp;
  /** Commands that must be there; the row says which are missing. */
  readonly needs?: readonly string[];
  /** In the quick run of .ci/run. */
  readonly quick?: boolean;
}

const node = (version: string) => join(packages, `node-${version}`, 'bin/node');
const x64 = /^native:(scalar|avx2|avx512)$/;
const wasm = /^wasm$/;
const deno = join(packages, '@deno/linux-x64-glibc/deno');
const emulated = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];
const wine = '/usr/lib/wine/wine64';

export const rows: readonly Row[] = [
  ...['20', '22', '24', '26'].map((version) => ({
    name: `linux-x64, Node ${version}`,
    command: [node(version)],
    backend: x64,
  })),
  {
    name: `${process.platform}-${process.arch}, this Node`,
    command: [process.execPath],
    backend: /^native:/,
    quick: true,
  },
  ...[process.execPath, node('20')].map((command, i) => ({
    name: `WebAssembly, ${i === 0 ? 'this Node' : 'Node 20'}`,
    command: [command],
    env: { LANEWISE_BACKEND: 'wasm' },
    backend: wasm,
    quick: i === 0,
  })),
  {
    name: 'WebAssembly, Bun',
    command: [join(packages, '@oven/bun-linux-x64/bin/bun')],
    env: { LANEWISE_BACKEND: 'wasm' },
    backend: wasm,
  },
  {
    name: 'linux-arm64, Node 22 under qemu-user',
    command: [...emulated, node('arm64')],
    backend: /^native:neon$/,
    needs: ['qemu-aarch64'],
    quick: true,
  },
  {
    name: 'linux-x64-musl, Bun under the loader of musl',
    command: [join(packages, '@oven/bun-linux-x64-musl/bin/bun')],
    env: { LD_LIBRARY_PATH: join(here, '../../../build-platforms/musl') },
    backend: x64,
    needs: ['/lib/ld-musl-x86_64.so.1'],
  },
  {
    name: 'win32-x64, Node 22 under wine64',
    command: [wine, join(packages, 'node-windows/bin/node.exe')],
    env: { NODE_SKIP_PLATFORM_CHECK: '1', WINEDEBUG: '-all', WINEPREFIX: join(here, '../../../build-platforms/wine') },
    backend: x64,
    needs: [wine],
  },
  { name: 'linux-x64, Bun', command: [join(packages, '@oven/bun-linux-x64/bin/bun')], backend: x64 },
  { name: 'linux-x64, Deno --allow-all', command: [deno, 'run', '--allow-all'], backend: x64 },
  {
    name: 'linux-x64, Deno --allow-read --allow-ffi --allow-sys, no environment',
    command: [deno, 'run', '--no-prompt', '--allow-read', '--allow-ffi', '--allow-sys'],
    backend: x64,
  },
  {
    name: 'linux-x64, Deno without --allow-ffi',
    command: [deno, 'run', '--no-prompt', '--allow-read'],
    backend: wasm,
    advice: /--allow-ffi/,
  },
  {
    name: 'linux-x64, Node 26 --permission --allow-addons --allow-fs-read=*',
    command: [node('26'), '--permission', '--allow-addons', '--allow-fs-read=*'],
    backend: x64,
  },
  {
    name: 'linux-x64, Node 26 --permission --allow-fs-read=*',
    command: [node('26'), '--permission', '--allow-fs-read=*'],
    backend: wasm,
    advice: /--allow-addons/,
  },
  {
    name: 'linux-x64, Node 24 --no-addons',
    command: [node('24'), '--no-addons'],
    backend: wasm,
    advice: /--no-addons/,
  },
];
