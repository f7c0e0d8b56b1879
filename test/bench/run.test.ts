import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { BenchDocument } from '../../bench/results/document.js';
import { readOptions } from '../../bench/runner/options.js';
import { backend } from '../../src/index.js';
import { programFile } from '../helpers/program.js';
import { resultDocument, resultRow, temporaryFolder } from './fixtures.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = temporaryFolder();

/** Compiled: what starts contenders starts each of them from its source. */
const programs = new Map<string, string>();
beforeAll(async () => {
  for (const name of ['run', 'compare', 'report']) programs.set(name, await programFile(`bench/${name}.ts`));
});

function bench(...args: string[]) {
  const child = spawn(process.execPath, [programs.get('run')!, ...args], { cwd: root });
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
    expect(stderr).toBe('1/1 gemm/128x10x128 nt/batch 128\n');
    expect(status).toBe(0);
    const document = JSON.parse(readFileSync(json, 'utf8')) as BenchDocument;
    expect(document).toMatchObject({
      version: 2,
      run: { rounds: 2, quick: true, interrupted: false, options: expect.arrayContaining(['--isa']) },
      machine: { isas, threads: backend.threads, node: process.versions.node },
      absent: [],
      failures: [],
      figures: [],
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
    for (const id of ['pytorch', 'pytorch-compile', 'pytorch-channels-last', 'jax', 'tensorflow'])
      expect(stdout).toMatch(new RegExp(`^not here: ${id} needs a Python with \\w+: --python PATH`, 'm'));
  });

  it.each([
    [['--isa', 'sse9'], "--isa: this machine has no native backend 'sse9'"],
    [['--contenders', 'jax'], '--contenders: jax needs a Python with jax: --python PATH'],
    [['--json', 'no/such/folder/rows.json'], '--json: cannot write'],
    [['--filter', 'nothing'], "--filter: no workload's name contains 'nothing'"],
  ])('ends with 2 for %j', async (args, message) => {
    const { status, stderr } = await bench(...args).ended;
    expect([stderr, status]).toEqual([expect.stringContaining(message), 2]);
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

describe('readOptions', () => {
  it('reads what it is given, and has defaults for the rest', () => {
    const defaults = { filter: '', quick: false, python: [], seconds: 60 };
    expect(readOptions([])).toEqual({ ...defaults, pace: expect.objectContaining({ rounds: 5, turnMs: 200 }) });
    expect(readOptions(['--quick']).pace).toMatchObject({ rounds: 3, turnMs: 40 });
    const line = '--json out.json --filter gemm/512 --quick --rounds 7 --seconds 5 --isa scalar,avx2';
    const pythons = '--python python3 --python jax=other/python --contenders native,jax';
    expect(readOptions(`${line} ${pythons}`.split(' '))).toEqual({
      ...{ json: 'out.json', filter: 'gemm/512', quick: true, seconds: 5, isa: ['scalar', 'avx2'] },
      ...{ python: ['python3', 'jax=other/python'], contenders: ['native', 'jax'] },
      pace: expect.objectContaining({ rounds: 7 }),
    });
  });

  it.each([
    [['--rounds', '0'], "'--rounds <n>' argument '0' is invalid. It must be an integer from 1 to 1000."],
    [['--rounds', '1e2'], "'1e2' is invalid"],
    [['--seconds', '1'], "'1' is invalid. It must be an integer from 2 to 3600."],
    [['--contenders', 'native,numpy'], "'numpy' is none of reference, native,"],
    [['--isa', ','], "'' is none of"],
    [['--python', ''], 'It must not be empty'],
    [['--json'], "option '--json <file>' argument missing"],
    [['--fast'], "unknown option '--fast'"],
    [['gemm'], 'too many arguments'],
  ])('refuses %j, and says how it is used', (args, message) => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(() => readOptions(args)).toThrow(message);
    expect(write.mock.calls.join('')).toContain('--filter <text>');
    write.mockRestore();
  });
});

describe('bench:report and bench:compare', () => {
  function file(name: string, medianMs: number, hour: number): string {
    const step = { case: 'mlp-train-step', contender: 'native-compiled', shape: '784-256-128-10', optimizer: 'SGD' };
    const roundMediansMs = [medianMs, medianMs * 1.01, medianMs * 0.99];
    const rows = Array.from({ length: 12 }, (_, i) =>
      resultRow({ ...step, batch: i, threads: 2, medianMs, roundMediansMs }),
    );
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(resultDocument({ rows }, hour)));
    return path;
  }
  const call = (program: string, ...args: string[]) =>
    spawnSync(process.execPath, [programs.get(program)!, ...args], { cwd: root, encoding: 'utf8' });

  it.each<[number, string[], object]>([
    [1, ['compare', 'a.json', 'slow.json', '--again', 'a2.json'], { stdout: expect.stringContaining('12 slower') }],
    [0, ['compare', 'slow.json', 'a2.json', '--again', 'a.json'], { stdout: expect.stringContaining(' 0 slower') }],
    [2, ['compare', 'a.json', 'none.json'], { stderr: expect.stringMatching(/^cannot read .*none\.json: /) }],
    [2, ['compare', 'a.json'], { stderr: expect.stringContaining("missing required argument 'B.json'") }],
    [2, ['report', 'none.json'], { stderr: expect.stringMatching(/^cannot read .*none\.json: /) }],
    [2, ['report'], { stderr: expect.stringContaining('missing required argument') }],
    [2, ['run', '--fast'], { stderr: expect.stringContaining("unknown option '--fast'") }],
    [0, ['run', '--help'], { stdout: expect.stringContaining('--filter <text>') }],
  ])('end with %d for %j', (status, [program, ...args], said) => {
    for (const [i, [name, ms]] of Object.entries({ a: 1, a2: 1.01, slow: 1.3 }).entries())
      file(`${name}.json`, ms, 11 + i);
    const paths = args.map((each) => (each.endsWith('.json') ? join(folder, each) : each));
    expect(call(program!, ...paths)).toMatchObject({ status, ...said });
  });

  it('write the page with its charts, or one chart', () => {
    const [a, all, one] = [file('a.json', 1, 11), join(folder, 'all'), join(folder, 'one')];
    expect(call('report', a, '--out', all)).toMatchObject({
      status: 0,
      stdout: `${join(all, 'index.html')}, and 1 charts\n`,
    });
    expect(call('report', a, '--out', one, '--chart', 'training-sgd-all-threads').status).toBe(0);
    expect([readdirSync(all), readdirSync(one)]).toEqual([
      ['index.html', 'training-sgd-all-threads.svg'],
      ['training-sgd-all-threads.svg'],
    ]);
    const wrong = "--chart: these results give no 'x', but: training-sgd-all-threads";
    expect(call('report', a, '--chart', 'x')).toMatchObject({ status: 2, stderr: expect.stringContaining(wrong) });
  });
});
