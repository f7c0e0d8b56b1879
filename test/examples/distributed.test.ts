/** The example of several processes: the last line is that of one. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { launchers } from '../distributed/ranks.js';
import { ensureBuilt, root } from '../helpers/built.js';
import { type Run, runExample } from './run.js';

const timeout = 240_000;
const args = ['--epochs', '2'];
const lastLine = (stdout: string) => stdout.trimEnd().split('\n').at(-1);

beforeAll(() => {
  ensureBuilt();
}, 600_000);

let one: Promise<Run> | undefined;
/** The run of one process, which both tests look at. */
const alone = () => (one ??= runExample('distributed/main.mjs', args));

it('learns the digits', { timeout }, async () => {
  const { code, stdout, stderr } = await alone();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('ranks: 1\n');
  expect(Number(/accuracy ([\d.]+)$/m.exec(stdout)![1])).toBeGreaterThan(0.9);
});

it.skipIf(launchers.length === 0)(
  'ends with the same line on two ranks (needs mpirun: apt-get install openmpi-bin)',
  { timeout },
  async () => {
    const [launcher] = launchers as [(typeof launchers)[number]];
    const script = join(root, 'examples/distributed/main.mjs');
    const [program, ...rest] = launcher.command(2, [process.execPath, script, ...args]);
    const run = promisify(execFile);
    const { stdout } = await run(program!, rest, {
      cwd: root,
      env: { ...process.env, ...launcher.env },
      timeout: timeout - 20_000,
      killSignal: 'SIGTERM',
    });
    expect(stdout).toContain('ranks: 2\n');
    expect(lastLine(stdout)).toBe(lastLine((await alone()).stdout));
    expect(lastLine(stdout)).toMatch(/^after 2 epochs: loss 0\.\d+, validation 0\.\d+, accuracy 0\.9\d+$/);
  },
);
