import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { writeAtomically, writeAtomicallySync } from '../../src/io/atomic-write.js';
import { temporaryFolder } from './files.js';

const folder = temporaryFolder();

/** Both forms, as one that returns a promise. */
const forms = [
  ['writeAtomically', writeAtomically],
  ['writeAtomicallySync', async (...args: Parameters<typeof writeAtomicallySync>) => writeAtomicallySync(...args)],
] as const;

describe.each(forms)('%s', (name, write) => {
  const own = join(folder, name);
  mkdirSync(own);
  const path = join(own, 'file');

  it('writes chunks of any number and size', async () => {
    const chunks = [[], [[1, 2], [], [3]], new Array(1500).fill([7]), [new Array(9 << 20).fill(5)]];
    for (const parts of chunks) {
      const bytes = parts.map((part) => Uint8Array.from(part));
      await write('f', path, bytes);
      expect(readFileSync(path).equals(Buffer.concat(bytes))).toBe(true);
      expect(readdirSync(own)).toEqual(['file']);
    }
  });

  it('keeps the permissions of the old file, and follows links', async () => {
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    symlinkSync('file', join(own, 'link'));
    await write('f', join(own, 'link'), [Buffer.from('new')]);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readlinkSync(join(own, 'link'))).toBe('file');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('leaves the old file and no other when the chunks fail', async () => {
    writeFileSync(path, 'old');
    const before = readdirSync(own);
    const broken = function* (): Generator<Uint8Array> {
      yield Buffer.alloc(5 << 20);
      throw new RangeError('no more');
    };
    await expect(write('f', path, broken())).rejects.toThrow(new RangeError('no more'));
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(own)).toEqual(before);
  });

  it('names what cannot be written', async () => {
    mkdirSync(join(own, 'inner'));
    const before = readdirSync(own);
    await expect(write('f', join(own, 'none', 'x'), [])).rejects.toThrow(/^f: .*none.x: there is no such folder$/);
    await expect(write('f', join(own, 'inner'), [])).rejects.toThrow(/^f: .*inner: cannot be written \(E/);
    await expect(write('f', join(own, 'file', 'x'), [])).rejects.toThrow(ArgumentError);
    await expect(write('f', new URL('https://example.org/x'), [])).rejects.toThrow('is not the URL of a file');
    await expect(write('f', 'a\0b', [])).rejects.toThrow('cannot be written (ERR_INVALID_ARG_VALUE)');
    expect(readdirSync(own)).toEqual(before);
  });
});

describe('a process that is killed while it writes', () => {
  it('leaves the old file or the new one, whole', async () => {
    const path = join(folder, 'killed');
    const module = new URL('../../src/io/atomic-write.ts', import.meta.url).href;
    const code = `import { writeAtomically } from ${JSON.stringify(module)};
      for (let i = 0; ; i++) {
        await writeAtomically('f', ${JSON.stringify(path)}, new Array(40).fill(Buffer.alloc(5000, i % 251)));
        if (i === 0) console.log('first');
      }`;
    for (const delay of [0, 7, 23]) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code]);
      let said = '';
      child.stderr.on('data', (data) => {
        said += data;
      });
      await new Promise((resolve) => {
        child.stdout.once('data', resolve);
        child.once('exit', resolve);
      });
      expect(said).toBe('');
      await new Promise((resolve) => setTimeout(resolve, delay));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(path)).toBe(true);
      const bytes = readFileSync(path);
      expect(bytes.length).toBe(200_000);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
  });
});

it('tells of a write to the disk that failed while others went on', async () => {
  const path = join(folder, 'synced');
  writeFileSync(path, 'old');
  const before = readdirSync(folder);
  const probe = await open(path);
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const sync = vi.spyOn(handles, 'datasync').mockRejectedValueOnce(Object.assign(new Error('lost'), { code: 'EIO' }));
  try {
    const chunks = new Array(6).fill(Buffer.alloc(4 << 20, 1));
    await expect(writeAtomically('f', path, chunks)).rejects.toThrow(/^f: .*synced: cannot be written \(EIO\)$/);
    expect(sync).toHaveBeenCalled();
  } finally {
    sync.mockRestore();
  }
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(before);
});
