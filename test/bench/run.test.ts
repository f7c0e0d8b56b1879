import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BenchDocument } from '../../bench/report/document.js';
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
  it('times the instruction sets that it is told to, and writes a document', async () => {
    const json = join(folder, 'results.json');
    const isas = backend.available.flatMap((name) => (name.startsWith('native:') ? [name.slice(7)] : []));
    const args = ['--quick', '--filter', '128x10x128', '--rounds', '2', '--isa', isas.join(',')];
    const chosen = 'reference,native,native-compiled,tfjs-wasm';
    const { status, stdout, stderr } = await bench(...args, '--contenders', chosen, '--json', json).ended;
    expect(stderr).toMatch(/^1\/1 gemm\/128x10x128 nt\/batch 128 \(about \d s left\)\n$/);
    expect(status).toBe(0);
    const document = JSON.parse(readFileSync(json, 'utf8')) as BenchDocument;
    expect(document).toMatchObject({
      version: 1,
      run: { rounds: 2, quick: true, interrupted: false, options: expect.arrayContaining(['--isa']) },
      machine: { isas, threads: backend.threads, node: process.versions.node },
      absent: [],
      failures: [],
      figures: [],
      targets: [],
    });
    const natives = isas.map((isa) => `native ${isa}`);
    const nameOf = ({ id, isa }: { id: string; isa: string | null }) => (id === 'native' ? `${id} ${isa}` : id);
    const taking = document.contenders.map(nameOf);
    // Nothing is to be compiled in a single product.
    expect(taking).toEqual(['reference', ...natives, 'tfjs-wasm']);
    const names = document.rows.map(({ contender, isa }) => nameOf({ id: contender, isa }));
    expect(new Set(names)).toEqual(new Set(taking));
    expect(new Set(document.peaks.map(({ isa }) => isa))).toEqual(new Set(isas));
    for (const row of document.rows) {
      expect(row).toMatchObject({ case: 'gemm', shape: '128x10x128 nt', batch: 128, optimizer: null, point: null });
      expect(row.p5Ms).toBeGreaterThan(0);
      expect(row.roundMediansMs).toHaveLength(2);
      expect(row.gflops! * row.medianMs).toBeCloseTo((2 * 128 * 10 * 128) / 1e6, 9);
    }
    expect(stdout).toMatch(/^CPU {2}.*\nthreads .*\nnode .*\nlanewise {2}\d/);
  });

  it('names those who are not here', async () => {
    const { stdout } = await bench('--quick', '--filter', 'relu/128', '--rounds', '1').ended;
    for (const id of ['pytorch', 'pytorch-compile', 'jax', 'tensorflow'])
      expect(stdout).toMatch(new RegExp(`^not here: ${id} needs a Python with \\w+: --python PATH`, 'm'));
  });

  it.each([
    [['--rounds', 'x'], "--rounds must be an integer from 1 to 1000, got 'x'"],
    [['--filter', 'nothing'], "--filter: no workload's name contains 'nothing'"],
    [['--contenders', 'jax'], '--contenders: jax needs a Python with jax: --python PATH'],
    [['--isa', 'sse9'], "--isa: this machine has no native backend 'sse9'"],
    [['--json', 'no/such/folder/rows.json'], '--json: cannot write'],
    [['--python', './no-such-python'], '--python: cannot start ./no-such-python'],
  ])('ends with 2 for %j', async (args, message) => {
    const { status, stderr } = await bench(...args).ended;
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('prints what is done when interrupted', async () => {
    const { child, said, ended } = bench('--filter', 'gemm', '--rounds', '1', '--contenders', 'reference,native');
    await new Promise<void>((resolve) => child.stderr.on('data', () => said.stderr.includes('2/') && resolve()));
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('32x256x784 nt');
    expect(stdout).toMatch(/stopped early: .*\n$/);
  });
});
