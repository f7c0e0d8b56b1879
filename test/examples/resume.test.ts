/** The example of a training that is interrupted: by Ctrl-C, by kill -9, and not at all, it learns the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { type Run, runExample } from './run.js';

const timeout = 180_000;
let folder = '';
beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'lanewise-resume-'));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lastLine = ({ stdout }: Run) => stdout.trimEnd().split('\n').at(-1);
const epochsOf = ({ stdout }: Run) => [...stdout.matchAll(/^epoch (\d+):/gm)].map(([, epoch]) => Number(epoch));
const resume = (path: string, options?: Parameters<typeof runExample>[2], args: readonly string[] = []) =>
  runExample('resume/main.ts', [join(folder, path), '--epochs', '12', ...args], options);

it('goes on to the same result after Ctrl-C and after kill -9', { timeout }, async () => {
  const whole = await resume('whole');
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  expect(epochsOf(whole)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

  let isSent = false;
  const interrupted = await resume(
    'interrupted',
    {
      onOutput: (stdout, kill) => {
        if (isSent || !stdout.includes('epoch 3:')) return;
        isSent = true;
        kill('SIGINT');
      },
    },
    ['--slow'],
  );
  expect(interrupted.code).toBe(130);
  expect(lastLine(interrupted)).toBe(`saved to ${join(folder, 'interrupted')}; the same command goes on from there`);

  let isKilled = false;
  const killed = await resume(
    'interrupted',
    {
      onOutput: (stdout, kill) => {
        if (isKilled || !stdout.includes('epoch 6:')) return;
        isKilled = true;
        kill('SIGKILL');
      },
    },
    ['--slow'],
  );
  expect(killed.code).toBeNull();
  // What was saved is not done again.
  expect(epochsOf(killed)[0]).toBeGreaterThanOrEqual(3);

  const rest = await resume('interrupted');
  expect(rest).toMatchObject({ code: 0, stderr: '' });
  expect(epochsOf(rest).length).toBeLessThan(12);
  expect(lastLine(rest)).toBe(lastLine(whole));
});

it('says how it is called', { timeout }, async () => {
  const run = await runExample('resume/main.ts', []);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('usage: main.ts PATH');
});
