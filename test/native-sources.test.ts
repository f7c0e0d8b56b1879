import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

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

it('both builds read that list and none else', () => {
  const gyp = readFileSync(new URL('binding.gyp', root), 'utf8');
  const cmake = readFileSync(new URL('native/CMakeLists.txt', root), 'utf8');
  expect(gyp).toContain("readFileSync('native/sources.txt'");
  expect(cmake).toContain('file(STRINGS sources.txt');
  for (const path of lines) {
    const name = path.slice('native/'.length);
    expect(gyp, name).not.toContain(name);
    expect(cmake, name).not.toContain(name);
  }
});
