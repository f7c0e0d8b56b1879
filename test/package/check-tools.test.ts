// A machine without a compiler, make or Python: what npm run demo and npm test say first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../helpers/built.js';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));

function check(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'packaging/check-tools.mjs'), ...args], {
    env: { PATH: folder },
    encoding: 'utf8',
  });
  return { status, lines: stderr.split('\n').filter((line) => line !== '') };
}

it.runIf(process.platform !== 'win32')('names what is missing, and the line that installs it', () => {
  expect(check()).toEqual({
    status: 1,
    lines: [
      'The addon cannot be built: a C++20 compiler, make, Python 3 missing. Debian and Ubuntu: apt-get install g++ make python3',
    ],
  });
  symlinkSync(process.execPath, join(folder, 'g++'));
  symlinkSync(process.execPath, join(folder, 'python3'));
  const { status, lines } = check('demo');
  expect(status).toBe(1);
  expect(lines[0]).toBe('The addon cannot be built: make missing. Debian and Ubuntu: apt-get install make');
  expect(lines[1]).toContain('npm run demo:reference');
  symlinkSync(process.execPath, join(folder, 'make'));
  expect(check('demo')).toEqual({ status: 0, lines: [] });
});
