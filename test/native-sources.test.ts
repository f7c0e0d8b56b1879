import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { nativeSources, writeUnits } from '../packaging/unity.mjs';

const root = new URL('../', import.meta.url);
const lines = readFileSync(new URL('native/sources.txt', root), 'utf8').trimEnd().split('\n');

it('native/sources.txt lists every translation unit on disk but tests and benchmark, sorted', () => {
  const onDisk = readdirSync(new URL('native/', root), { recursive: true, encoding: 'utf8' })
    .map((path) => `native/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.cc') && !/^native\/(test|bench)\//.test(path))
    .sort();
  expect(onDisk.length).toBeGreaterThan(10);
  expect(lines).toEqual(onDisk);
});

it('all builds read that list and none else', () => {
  const gyp = readFileSync(new URL('binding.gyp', root), 'utf8');
  const cmake = readFileSync(new URL('native/CMakeLists.txt', root), 'utf8');
  const unity = readFileSync(new URL('packaging/unity.mjs', root), 'utf8');
  expect(gyp).toContain('node packaging/unity.mjs');
  expect(unity).toContain("'native/sources.txt'");
  expect(cmake).toContain('file(STRINGS sources.txt');
  for (const path of lines) {
    const name = path.slice('native/'.length);
    for (const text of [gyp, unity]) expect(text, name).not.toContain(name);
    // The one that tests replace.
    if (name !== 'core/cpu.cc') expect(cmake, name).not.toContain(name);
  }
});

describe('units of several sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-units-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const included = (source: string) =>
    [...readFileSync(new URL(source, root), 'utf8').matchAll(/^#include "(.*)"$/gm)].map(([, path]) =>
      relative(fileURLToPath(root), join(folder, path!)).replaceAll('\\', '/'),
    );

  it('have each source once, with those of its folder that are compiled alike', () => {
    const kindOf = (source: string) => (source.includes('/conv') ? 'a' : 'b');
    const units = writeUnits(relative(fileURLToPath(root), folder), nativeSources(), kindOf);
    const found: string[] = [];
    for (const { source, kind } of units) {
      const members = lines.includes(source) ? [source] : included(source);
      expect(members.length).toBeGreaterThan(0);
      expect(new Set(members.map((each) => dirname(each))).size).toBe(1);
      expect(new Set(members.map(kindOf))).toEqual(new Set([kind]));
      found.push(...members);
    }
    expect(found.sort()).toEqual(lines);
    expect(units.length).toBeLessThan(lines.length / 2);
  });

  it('are written only when they change', () => {
    const write = () => writeUnits(relative(fileURLToPath(root), folder), nativeSources());
    const [first] = write().filter(({ source }) => !lines.includes(source));
    const before = statSync(new URL(first!.source, root)).mtimeMs;
    write();
    expect(statSync(new URL(first!.source, root)).mtimeMs).toBe(before);
  });

  // A helper of one file would else be a candidate in the others, and win in silence where it fits better.
  it('name each thing in an anonymous namespace once a folder', () => {
    const twice: string[] = [];
    for (const folder of ['binding', 'distributed', 'ops', 'program', 'test']) {
      const owners = new Map<string, string>();
      for (const file of readdirSync(new URL(`native/${folder}/`, root)).filter((name) => name.endsWith('.cc'))) {
        const names = anonymousNames(readFileSync(new URL(`native/${folder}/${file}`, root), 'utf8'));
        for (const name of names) {
          if (owners.has(name)) twice.push(`${folder}: ${name} in ${owners.get(name)} and ${file}`);
          owners.set(name, file);
        }
      }
      expect(owners.size).toBeGreaterThan(5);
    }
    expect(twice).toEqual([]);
  });
});

/** What is declared at the beginning of a line within `namespace {`. An alias of a type may be there twice. */
function anonymousNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, body] of text.matchAll(/^namespace \{\n(.*?)^\} {2}\/\/ namespace$/gms)) {
    for (const line of body!.split('\n')) {
      if (!/^[A-Za-z_[]/.test(line) || /^(using|namespace|TEST_CASE|public|private)\b/.test(line)) continue;
      const name =
        /^(?:struct|class|enum class|enum|union|concept) (\w+)/.exec(line) ??
        /(\w+)(?:\[[^\]]*\])* ?[({=;]/.exec(line.replace(/^template <.*> ?/, ''));
      if (name !== null) names.add(name[1]!);
    }
  }
  return names;
}
