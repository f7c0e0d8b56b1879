/** What the CLI says of itself, and of what it cannot do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { lanewise } from './run.js';

let cwd = '';
beforeAll(() => {
  ensureBuilt();
  cwd = mkdtempSync(join(tmpdir(), 'lanewise-cli-'));
  writeFileSync(join(cwd, 'table.csv'), 'x,kind,y\n1,a,2\n2,b,4\n');
  writeFileSync(
    join(cwd, 'mixed.csv'),
    `x,y\n${Array.from({ length: 40 }, (_, i) => `${i === 17 ? 'n/a' : i},${i}`).join('\n')}\n`,
  );
  writeFileSync(join(cwd, 'short.csv'), 'x,y\n1,2\n3\n');
  writeFileSync(join(cwd, 'twice.csv'), 'x,x\n1,2\n');
  writeFileSync(join(cwd, 'empty.csv'), '');
  writeFileSync(join(cwd, 'words.csv'), `x,y\n${'1,a\n2,b\n'.repeat(20)}`);
}, 600_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const commands = ['info', 'train', 'predict', 'export', 'bench'];

describe('help', () => {
  it.each([[], ['--help'], ['-h'], ['help']])('of everything: %s', async (...args) => {
    const { code, stdout, stderr } = await lanewise(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\w`, 'm'));
  });

  it.each(commands)('of %s', async (command) => {
    const { code, stdout, stderr } = await lanewise([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toMatch(new RegExp(`^lanewise ${command}`));
    expect(stdout).toMatch(/^ {2}-h, --help +print this help$/m);
    expect(stdout).toMatch(/Examples?:\n {2}\S/);
    // Every option has its sentence.
    for (const line of stdout.split('\n').filter((each) => / --\w/.test(each.slice(0, 8))))
      expect(line).toMatch(/ {2}\S.* {2,}\S/);
    expect((await lanewise(['help', command])).stdout).toBe(stdout);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(160);
  });

  it('names the version', async () => {
    expect((await lanewise(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage', () => {
  const rows: [args: string[], code: number, says: string][] = [
    [['trian'], 2, "there is no command 'trian'; there are info, train, predict, export, bench"],
    [['info', 'more'], 2, "info: 'more' is one argument too many"],
    [['train'], 2, 'train: an argument is missing: lanewise train TABLE.csv --target COLUMN'],
    [['train', 'table.csv'], 2, '--target COLUMN is missing'],
    [['train', 'table.csv', '--target'], 2, "'-t, --target <value>' argument missing"],
    [['train', 'table.csv', '--traget', 'y'], 2, "Unknown option '--traget'"],
    [['train', 'table.csv', '-t', 'z'], 2, "table.csv: there is no column 'z'; it has 'x', 'kind', 'y'"],
    [['train', 'table.csv', '-t', 'y', '--drop', 'q'], 2, "there is no column 'q'"],
    [['train', 'table.csv', '-t', 'y', '--features', 'y'], 2, "--features: 'y' is the target"],
    [
      ['train', 'table.csv', '-t', 'y', '--task', 'guess'],
      2,
      "--task must be regression or classification, got 'guess'",
    ],
    [['train', 'table.csv', '-t', 'y', '--epochs', '0'], 2, "--epochs must be an integer from 1 to 1000000, got '0'"],
    [['train', 'table.csv', '-t', 'y', '--lr', 'fast'], 2, "--lr must be a number from 1e-9 to 10, got 'fast'"],
    [['train', 'table.csv', '-t', 'y', '--hidden', '8,-1'], 2, '--hidden must be widths from 1 to 65536'],
    [['train', 'table.csv', '-t', 'y', '--delimiter', 'ab'], 2, "--delimiter must be one character, got 'ab'"],
    [['train', 'table.csv', '-t', 'y', '--test', '0.5', '--validation', '0.5'], 2, 'leave too few rows to train on'],
    [
      ['train', 'table.csv', '-t', 'y', '--out', 'no/such/folder/m.safetensors'],
      2,
      '--out: the folder no/such/folder is not there',
    ],
    [['train', 'words.csv', '-t', 'y', '--task', 'regression'], 2, "column 'y' has no numbers"],
    [['train', '-', '-t', 'y'], 2, 'the table is read more than once, so it must be a file'],
    [['bench', '--seconds', '-1'], 2, "'--seconds' argument is ambiguous"],

    [['train', 'none.csv', '-t', 'y'], 1, 'none.csv: not found'],
    [['train', 'table.csv', '-t', 'y'], 1, 'table.csv: too few rows'],
    [
      ['train', 'mixed.csv', '-t', 'y'],
      1,
      "mixed.csv: column 'x' has 1 texts among others, the first is 'n/a' in row 17",
    ],
    [['train', 'short.csv', '-t', 'y'], 1, 'short.csv: Invalid Record Length: columns length is 2, got 1 on line 3'],
    [['train', 'twice.csv', '-t', 'x'], 1, "twice.csv: two columns have the name 'x'"],
    [['train', 'empty.csv', '-t', 'x'], 1, 'empty.csv: the table has no rows'],
    [['predict', 'none.safetensors', 'table.csv'], 1, 'none.safetensors'],
    [['predict', 'table.csv', 'table.csv'], 1, 'table.csv: not a safetensors file'],
    [['export', 'table.csv', 'x.onnx'], 1, 'table.csv: not a safetensors file'],
  ];

  it.each(rows)('%j ends with %i', async (args, code, says) => {
    const result = await lanewise(args, { cwd });
    expect(result.stderr).toContain(says);
    // People get a sentence, not a stack.
    expect(result.stderr).not.toMatch(/^ +at /m);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
  });
});

describe('info', () => {
  it('says what computes, and why', async () => {
    const { code, stdout } = await lanewise(['info'], { env: { LANEWISE_NUM_THREADS: '1' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^backend +\S+ \(.+\)$/m);
    expect(stdout).toMatch(/^threads +1 \(.*LANEWISE_NUM_THREADS.*\)$/m);
    for (const name of backend.available) expect(stdout).toContain(name);
  });

  it('says it as JSON', async () => {
    const { stdout } = await lanewise(['info', '--json'], { env: { LANEWISE_BACKEND: 'reference' } });
    expect(JSON.parse(stdout)).toMatchObject({ name: 'reference', instructionSet: null, node: process.version });
  });

  it('ends with 1 for a backend that is not there', async () => {
    const { code, stderr } = await lanewise(['info'], { env: { LANEWISE_BACKEND: 'abacus' } });
    expect(code).toBe(1);
    expect(stderr).toContain("no backend 'abacus'");
  });
});

describe('bench', () => {
  it('times the backend in use next to TypeScript', async () => {
    const { code, stdout } = await lanewise(['bench', '--seconds', '0.05', '--json']);
    expect(code).toBe(0);
    const results: { backend: string; milliseconds: number; steps: number }[] = JSON.parse(stdout);
    expect(results.map((each) => each.backend)).toEqual([...new Set([backend.available.at(-1), 'reference'])]);
    for (const { milliseconds, steps } of results) {
      expect(milliseconds).toBeGreaterThan(0);
      expect(steps).toBeGreaterThan(0);
    }
  });
});
