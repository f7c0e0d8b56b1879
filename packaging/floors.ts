/** What a binary of the package may ask of a system, and what it must be: checked by `npm run prebuilds` and by test/package/binaries.test.ts. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readElf } from './elf.js';
import { readMachO } from './mach-o.js';
import { installName, signatureFits } from './mach-o-names.js';
import { readPe } from './pe.js';
import type { Target } from './targets.js';
import { readWasm } from './wasm.js';

/** A folder of the machine that builds: with it in a binary no two machines would build the same. */
const here = fileURLToPath(new URL('../', import.meta.url));
/** glibc that binaries may need: 2.17 of RHEL 7, older than any that Node 20 runs on. */
const glibc = [2, 17] as const;
const mostBytes = 3 * 2 ** 20;
/** Of the WebAssembly module, packed: more would not be worth its place. */
const mostWasm = 400 * 1024;
const entries = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const libraries: Record<Exclude<Target['format'], 'wasm'>, RegExp> = {
  elf: /^(lib(c|m|dl|pthread)\.so(\.\d+)?|ld-linux-[\w-]+\.so\.\d)$/,
  'mach-o': /^\/usr\/lib\/libSystem\.B\.dylib$/,
  pe: /^(node\.exe|kernel32\.dll|ntdll\.dll|msvcrt\.dll|advapi32\.dll)$/,
};

/** What is wrong with the binary of a target; nothing, if it is as it should be. */
export function violations({ name, format }: Target, bytes: Buffer): string[] {
  const found: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) found.push(what);
  };
  const expectLibraries = (needed: readonly string[]) => {
    for (const library of needed) expect(format === 'wasm' || libraries[format].test(library), `needs ${library}`);
  };
  const expectExports = (exported: readonly string[], prefix = '') =>
    expect(
      String([...exported].sort()) === String(entries.map((entry) => prefix + entry)),
      `exports ${exported.slice(0, 5)} (${exported.length} names)`,
    );
  /** Names of C++, which no system has: a file of the standard library is missing. */
  const expectNoCpp = (imported: readonly string[]) => {
    for (const symbol of imported) expect(!/^_{1,2}Z/.test(symbol), `leaves ${symbol} undefined`);
  };
  const expectMachine = (machine: string) => expect(machine === name.split('-')[1], `is for ${machine}`);

  expect(!bytes.includes(here), 'says where it was built');
  expect(bytes.length <= mostBytes, `has ${bytes.length} bytes, more than ${mostBytes}`);
  if (format === 'wasm') {
    const { imported, exported } = readWasm(bytes);
    for (const from of imported) expect(from === 'wasi_snapshot_preview1', `needs ${from}`);
    for (const name of ['memory', 'call', 'runProgram']) expect(exported.includes(name), `does not export ${name}`);
    const packed = gzipSync(bytes, { level: 9 }).length;
    expect(packed <= mostWasm, `has ${packed} bytes packed, more than ${mostWasm}`);
  } else if (format === 'elf') {
    const elf = readElf(bytes);
    expectMachine(elf.machine);
    expectLibraries(elf.needed);
    expectExports(elf.exported);
    expectNoCpp(elf.imported);
    for (const version of elf.versions) {
      const [, major = 0, minor = 0] = version.match(/^GLIBC_(\d+)\.(\d+)/)?.map(Number) ?? [];
      const old = major === glibc[0] && minor <= glibc[1];
      expect(old && !name.endsWith('-musl'), `needs ${version}`);
    }
    expect(!elf.executableStack, 'has an executable stack');
    expect(!elf.writableCode, 'has writable code');
    expect(elf.relro, 'leaves writable what the linker fills in');
    expect(!elf.staticTls, 'wants its thread-local memory in the room that a process keeps at its start');
  } else if (format === 'mach-o') {
    const machO = readMachO(bytes);
    expectMachine(machO.machine);
    expectLibraries(machO.needed);
    expectExports(machO.exported, '_');
    expectNoCpp(machO.imported);
    expect(
      machO.imported.some((symbol) => symbol.startsWith('_napi_')),
      'calls nothing of Node-API',
    );
    expect(machO.name === installName, `calls itself ${machO.name}`);
    expect(machO.minimum === '11.0', `needs macOS ${machO.minimum}`);
    expect(!machO.writableCode, 'has writable code');
    expect(machO.signed || machO.machine !== 'arm64', 'has no signature');
    expect(signatureFits(bytes), 'has a signature of other bytes');
  } else {
    const pe = readPe(bytes);
    expectMachine(pe.machine);
    expectLibraries(Object.keys(pe.imported));
    expect((pe.imported['node.exe']?.length ?? 0) > 0, 'calls nothing of Node-API');
    expect(!pe.writableCode, 'has writable code');
    expect(pe.hardened, 'has executable data or a fixed address');
    expect(pe.time === 0, 'has the time at which it was linked');
  }
  return found;
}
