// The floors of the packed binaries: of those that npm run prebuilds has built, and that the check finds what is wrong.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../packaging/floors.js';
import { keepExports, readExports } from '../../packaging/mach-o-exports.js';
import { installName } from '../../packaging/mach-o-names.js';
import { sourcesHash, withImports } from '../../packaging/sources.mjs';
import { targets } from '../../packaging/targets.js';
import { ensureBuilt, root } from '../helpers/built.js';

const fileOf = (file: string) => join(root, 'build-prebuilds/prebuilds', file);
// Written last, as the mark of a whole file.
const built = targets.filter(({ file }) => existsSync(fileOf(`${file}.sources`)));
const linux = targets.find(({ name }) => name === 'linux-x64')!;

describe('binaries of npm run prebuilds', () => {
  it.runIf(built.length > 0)('keep to the floors', () => {
    for (const target of built)
      expect([target.name, violations(target, readFileSync(fileOf(target.file)))]).toEqual([target.name, []]);
  });

  const wasm = built.find(({ format }) => format === 'wasm');
  it.runIf(wasm !== undefined)('have a WebAssembly module of these sources, which tests run', () => {
    const made = readFileSync(fileOf(`${wasm!.file}.sources`), 'utf8');
    expect(made, 'npm run prebuilds -- wasm').toBe(sourcesHash());
  });

  it('are known by all that makes them', () => {
    const files = [...withImports('packaging/zig.ts')];
    for (const name of [
      'zig',
      'targets',
      'standard-library',
      'mach-o-names',
      'mach-o-exports',
      'mach-o-commands',
      'pe',
    ])
      expect(files).toContain(`packaging/${name}.ts`);
    expect(files).toContain('packaging/unity.mjs');
  });

  it('are for each name of the loader once', () => {
    expect(new Set(targets.map(({ file }) => file)).size).toBe(targets.length);
    for (const { file } of targets)
      expect(file).toMatch(/^((linux|darwin|win32)-(x64|arm64)\/lanewise(\.musl)?\.node|wasm\/lanewise\.wasm)$/);
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the check', () => {
  it('refuses the binary of this machine’s compiler', () => {
    ensureBuilt();
    const found = violations(linux, readFileSync(join(root, 'build/Release/lanewise.node')));
    expect(found.join('\n')).toMatch(/needs GLIBC(XX)?_/);
    // Of libstdc++, which the packed ones do not need.
    expect(found.join('\n')).toMatch(/leaves _Z\S+ undefined/);
  });

  it('refuses a program, and what is no binary', () => {
    expect(violations(linux, readFileSync('/bin/true')).join('\n')).toMatch(/exports/);
    expect(() => violations(linux, Buffer.alloc(1000))).toThrow('no 64-bit ELF file');
    for (const format of ['mach-o', 'pe'] as const)
      expect(() => violations({ ...linux, format }, Buffer.alloc(1000))).toThrow(/no 64-bit/);
  });

  it('refuses a module of WebAssembly that is not lanewise’s', () => {
    const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const wasm = targets.find(({ format }) => format === 'wasm')!;
    expect(violations(wasm, empty)).toEqual(['memory', 'call', 'runProgram'].map((name) => `does not export ${name}`));
    expect(() => violations(wasm, Buffer.alloc(1000))).toThrow(/WebAssembly/);
  });

  it('keeps of the exports of a file for macOS those that are asked for, as they stand', () => {
    // A load command, and a trie whose root has all names as its edges.
    const names = ['_napi', '_napi_register', '_node', '_other'];
    const edges = names.map((name) => Buffer.from(`${name}\0`, 'latin1'));
    const root = 2 + edges.reduce((sum, edge) => sum + edge.length + 1, 0);
    const places = edges.map((edge, i) => [...edge, root + 5 * i]);
    const leaves = names.map((_, i) => [3, 0, 0x80 + i, 0x10, 0]);
    const trie = Buffer.from([0, names.length, ...places.flat(), ...leaves.flat()]);
    const file = Buffer.alloc(32 + 48 + trie.length);
    file.writeUInt32LE(1, 16);
    file.writeUInt32LE(0x80000022, 32);
    file.writeUInt32LE(48, 36);
    file.writeUInt32LE(80, 72);
    file.writeUInt32LE(trie.length, 76);
    trie.copy(file, 80);
    const all = readExports(file);
    expect([...all.keys()]).toEqual(names);
    expect(() => keepExports(file, ['_none'])).toThrow('no export _none');
    expect(readExports(file)).toEqual(all);
    const kept = names.slice(0, 3);
    keepExports(file, kept);
    expect(readExports(file)).toEqual(new Map(kept.map((name) => [name, all.get(name)])));
  });

  it('reads what a file for macOS calls itself', () => {
    const darwin = targets.find(({ name }) => name === 'darwin-arm64')!;
    const found = (name: string) => {
      // Two load commands: a name, and a trie without exports.
      const file = Buffer.alloc(32 + 48 + 48 + 2);
      file.writeUInt32LE(0xfeedfacf, 0);
      file.writeUInt32LE(2, 16);
      for (const [at, kind] of [
        [32, 0xd],
        [80, 0x80000022],
      ] as const) {
        file.writeUInt32LE(kind, at);
        file.writeUInt32LE(48, at + 4);
      }
      file.writeUInt32LE(24, 40);
      file.write(name, 56, 'latin1');
      file.writeUInt32LE(128, 120);
      file.writeUInt32LE(2, 124);
      return violations(darwin, file);
    };
    expect(found('/builds/lanewise.node')).toContain('calls itself /builds/lanewise.node');
    expect(found(installName).join()).not.toContain('calls itself');
  });

  it('finds the folder of the checkout in a binary of any format', () => {
    const path = Buffer.from(join(root, 'build-prebuilds'));
    const wasm = targets.find(({ format }) => format === 'wasm')!;
    const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, path.length + 2, 1, 0x78, ...path]);
    expect(violations(wasm, empty)).toContain('says where it was built');
    expect(violations(linux, Buffer.concat([readFileSync('/bin/true'), path]))).toContain('says where it was built');
  });

  it('sees each bit that it looks at', () => {
    const bytes = readFileSync('/bin/true');
    const start = Number(bytes.readBigUInt64LE(32));
    for (let i = 0; i < bytes.readUInt16LE(56); i++) {
      const at = start + i * 56;
      const type = bytes.readUInt32LE(at);
      // The stack, and the segments that are loaded, made writable and executable.
      if (type === 0x6474e551 || type === 1) bytes.writeUInt32LE(7, at + 4);
    }
    expect(violations(linux, bytes)).toEqual(expect.arrayContaining(['has an executable stack', 'has writable code']));
  });
});
