import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../bench/report/rows.js';
import { backend } from '../../src/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], { cwd: root });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    said.stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...said }));
  return { child, said, ended };
}

describe('npm run bench', () => {
  it('times every backend of the machine, and writes rows', async () => {
    const json = join(folder, 'rows.json');
    const { status, stdout, stderr } = await bench('--quick', '--filter', '128x10x128', '--rounds', '1', '--json', json)
      .ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '1/1 gemm/128x10x128 nt/batch 128\n' });
    const rows = JSON.parse(readFileSync(json, 'utf8')) as Row[];
    expect(new Set(rows.map((row) => row.contender))).toEqual(new Set(backend.available));
    const keys = ['case', 'contender', 'shape', 'batch', 'optimizer', 'threads', 'isa', 'medianMs', 'p10Ms', 'p90Ms'];
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([...keys, 'gflops', 'percentOfPeak', 'speedupOverReference']);
      expect(row).toMatchObject({ case: 'gemm', shape: '128x10x128 nt', batch: 128, optimizer: null });
      expect(row.p10Ms).toBeGreaterThan(0);
      expect(row.gflops! * row.medianMs).toBeCloseTo((2 * 128 * 10 * 128) / 1e6, 9);
    }
    expect(stdout).toMatch(/^CPU {2}.*\nthreads .*\nnode .*\nlanewise {2}\d/);
  });

  it.each([
    [['--rounds', 'x'], "--rounds must be an integer from 1 to 1000, got 'x'"],
    [['--filter', 'nothing'], "--filter: no workload's name contains 'nothing'"],
    [['--json', 'no/such/folder/rows.json'], '--json: cannot write'],
    [['--python', './no-such-python'], '--python: pytorch cannot start ./no-such-python'],
  ])('ends with 2 for %j', async (args, message) => {
    const { status, stderr } = await bench(...args).ended;
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('prints what is done when interrupted', async () => {
    const { child, said, ended } = bench('--filter', 'gemm', '--rounds', '1');
    await new Promise<void>((resolve) => child.stderr.on('data', () => said.stderr.includes('2/') && resolve()));
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('32x256x784 nt');
    expect(stdout).toMatch(/stopped early: .*\n$/);
  });
});
