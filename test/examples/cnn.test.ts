/** The convolutional example: what it prints, how well it learns, its picture, its options, Ctrl-C. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { accuracyOf, runExample } from './run.js';

const timeout = 300_000;
const hasNative = backend.available.length > 1;
const cnn = (args: readonly string[], options?: Parameters<typeof runExample>[2]) =>
  runExample('cnn/main.ts', args, options);

let folder = '';
beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'lanewise-cnn-'));
  // Images whose label shows instead of a bright bar, so that they can be learnt in no time.
  for (const [name, count] of [
    ['train', 320],
    ['t10k', 50],
  ] as const) {
    const images = new Uint8Array(count * 784);
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    for (const [i, label] of labels.entries()) images.fill(255, i * 784 + label * 78, i * 784 + label * 78 + 56);
    // The last one's label is wrong: a mistake to be shown.
    if (name === 't10k') labels[count - 1] = 0;
    const header = (sizes: readonly number[]) =>
      Buffer.from(Uint32Array.of(0x0800 + sizes.length, ...sizes).buffer).swap32();
    writeFileSync(join(folder, `${name}-images-idx3-ubyte`), Buffer.concat([header([count, 28, 28]), images]));
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte`), Buffer.concat([header([count]), labels]));
  }
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const epochLine = /^epoch +(\d+): loss \d+\.\d{4}, test loss \d+\.\d{4}, test accuracy [01]\.\d{4}, \d+ images\/s$/gm;

it('learns, draws curves and the confusion matrix, and shows its mistakes', { timeout }, async () => {
  const args = ['--data', folder, '--epochs', hasNative ? '8' : '1', '--batch-size', '16', '--out', folder];
  const run = await cnn(args);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('(0): Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))');
  expect(run.stdout).toContain('(6): Dropout2d(p=0.25, inplace=False)');
  expect(run.stdout).toContain(`320 images to train, 50 held out (${folder})`);
  expect([...run.stdout.matchAll(epochLine)]).toHaveLength(hasNative ? 8 : 1);
  const picture = readFileSync(join(folder, 'confusion.svg'), 'utf8');
  expect(run.stdout).toContain(`confusion matrix: ${join(folder, 'confusion.svg')}`);
  expect(picture).toMatch(/^<svg.*network says.*<\/svg>\s*$/s);
  if (!hasNative) return;
  expect(run.stdout).toContain('┤');
  expect(run.stdout).toMatch(/^\d+ mistakes; those the network was surest of:\n\n0, not \d \([01]\.\d{3}\)/m);
  expect(accuracyOf(run)).toBeGreaterThanOrEqual(0.8);
});

it('says what it can be told, and refuses the rest', async () => {
  const help = await cnn(['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const option of ['--data', '--epochs', '--batch-size', '--seed', '--augment', '--backend', '--threads', '--out'])
    expect(help.stdout).toContain(option);
  const wrong = await cnn(['--epochs', '0']);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain("--epochs must be an integer of at least 1, got '0'");
});

it.skipIf(process.platform === 'win32' || !hasNative)('ends with 130 after Ctrl-C', { timeout }, async () => {
  let isSent = false;
  const run = await cnn(['--data', folder, '--epochs', '100000', '--augment'], {
    onOutput: (stdout, kill) => {
      if (isSent || !/^epoch +1:/m.test(stdout)) return;
      isSent = true;
      kill('SIGINT');
    },
  });
  expect(run).toMatchObject({ code: 130, stderr: '' });
  expect(run.stdout).toMatch(/stopped after \d+ of 100000 epochs\n$/);
});
