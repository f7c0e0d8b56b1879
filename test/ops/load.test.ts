import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-load-'));
const before = process.env.LANEWISE_ADDON;

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

beforeEach(() => {
  delete process.env.LANEWISE_ADDON;
});
afterEach(() => {
  if (before === undefined) delete process.env.LANEWISE_ADDON;
  else process.env.LANEWISE_ADDON = before;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('loadAddon', () => {
  it('finds the addon that npm run build made, or a prebuilt one', () => {
    const { addon, path, tried } = loadAddon();
    expect(addon, `no addon; npm run build makes it. ${JSON.stringify(tried)}`).not.toBeNull();
    expect(path).toMatch(/(build[/\\]Release|prebuilds[/\\][a-z0-9-]+)[/\\]lanewise\.node$/);
    expect(addon!.compiled).toEqual(expect.arrayContaining(Object.keys(addon!.instructionSets)));
    expect(Object.keys(addon!.instructionSets)[0]).toBe('scalar');
  });

  it('tries only LANEWISE_ADDON when that is set, relative to the working folder', () => {
    const path = join(folder, 'missing.node');
    process.env.LANEWISE_ADDON = relative(process.cwd(), path);
    expect(loadAddon()).toEqual({ addon: null, path: null, tried: [{ path, error: 'no such file' }] });
  });

  // Made by npm run bench:install, as part of npm test.
  const otherAddon = fileURLToPath(new URL('../../native/bench/peak/build/Release/peak.node', import.meta.url));

  it.each([
    ['not a library', () => file('garbage.node', 'not ELF'), /garbage.node: |not a valid/],
    ['some other addon', () => otherAddon, /^not lanewise's addon$/],
  ])('reports %s', (_what, make, message) => {
    process.env.LANEWISE_ADDON = make();
    const { addon, path, tried } = loadAddon();
    expect(addon).toBeNull();
    expect(path).toBeNull();
    expect(tried).toHaveLength(1);
    expect(tried[0]!.path).toBe(process.env.LANEWISE_ADDON);
    expect(tried[0]!.error).toMatch(message);
    expect(tried[0]!.error).not.toContain('\n');
  });

  it('can be called again, for another copy of the library', () => {
    const [one, other] = [loadAddon().addon!, loadAddon().addon!];
    one.setThreads(1);
    other.setThreads(2);
    expect([one.threads(), other.threads()]).toEqual([1, 2]);
  });
});
