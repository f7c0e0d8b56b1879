import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../bench/options.js';
import { readDocument } from '../../bench/results/document.js';
import { buildRows, peakFor, summarizePeaks } from '../../bench/results/rows.js';
import { formatContenders, formatDocument, formatMs } from '../../bench/results/text.js';
import type { Measurement } from '../../bench/runner/schedule.js';
import { fake, fakeWorkload, resultDocument, resultRow, temporaryFolder } from './fixtures.js';

const gemm = fakeWorkload({ shape: '512x512x512 nn', point: { name: 'depth', value: 4 } });
const native = fake('native', 'works', { isa: 'avx2' });
const measurement = (over: Partial<Measurement>): Measurement => ({
  ...{ workload: gemm, contender: fake('reference'), threads: 1, peaks: [] },
  roundsMs: [
    [4, 4],
    [4, 4, 4],
  ],
  ...over,
});
const peak = (isa: string, threads: number, gflops: number) => ({ isa, threads, gflops });

describe('rows', () => {
  const isas = new Map([['pytorch', 'avx512']]);

  it('have every figure, with quantiles as numpy has them', () => {
    const own = { contender: native, threads: 2, roundsMs: [[1.1], [0.9, 1]], peaks: [peak('avx2', 2, 12)] };
    const other = { workload: fakeWorkload(), roundsMs: [[8]] };
    const rows = buildRows([measurement(other), measurement({}), measurement(own)], isas);
    expect(rows[2]).toEqual({
      ...{ case: 'fake', contender: 'native', shape: '512x512x512 nn', batch: null, optimizer: null, threads: 2 },
      ...{ isa: 'avx2', point: { name: 'depth', value: 4 }, medianMs: 1, samples: 3, roundMediansMs: [1.1, 0.95] },
      ...{ p5Ms: expect.closeTo(0.91, 12), p10Ms: expect.closeTo(0.92, 12), p90Ms: expect.closeTo(1.08, 12) },
      ...{ gflops: 6, percentOfPeak: 50, p5PercentOfPeak: expect.closeTo(50 / 0.91, 9), speedupOverReference: 4 },
    });
    expect(rows[1]).toMatchObject({ gflops: 1.5, percentOfPeak: null, speedupOverReference: 1, isa: null });
  });

  it('have null for what does not apply', () => {
    const [row] = buildRows(
      [measurement({ workload: fakeWorkload({ flops: null }), contender: fake('pytorch') })],
      isas,
    );
    const nothing = { gflops: null, percentOfPeak: null, p5PercentOfPeak: null, speedupOverReference: null };
    expect(row).toMatchObject({ ...nothing, isa: 'avx512' });
  });

  it('are measured by the peak of their instruction set, else by the highest', () => {
    const peaks = [peak('avx2', 1, 100), peak('avx512', 1, 160), peak('avx512', 2, 300)];
    const found = [peakFor(peaks, { isa: 'avx2' }, 1), peakFor(peaks, { isa: null }, 1), peakFor(peaks, native, 4)];
    expect(found).toEqual([100, 160, null]);
  });

  it('share the peak of their workload, which counts once', () => {
    const [low, middle, high] = [90, 100, 110].map((gflops) => peak('avx2', 1, gflops)) as [never, never, never];
    const found = [low, low, low, middle, high].map((each) => measurement({ peaks: [each] }));
    expect(summarizePeaks(found)).toEqual([{ isa: 'avx2', threads: 1, median: 100, lowest: 90, highest: 110 }]);
  });
});

describe('the document', () => {
  const folder = temporaryFolder();
  const read = (value: unknown) => {
    const file = join(folder, 'x.json');
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return readDocument(file);
  };

  it('comes back as it was written', () => {
    const document = resultDocument({
      rows: [resultRow({ point: { name: 'width', value: 64 } })],
      figures: [{ case: 'service', what: 'delay', value: 0, unit: ' ms' }],
    });
    expect(read(document)).toEqual(document);
  });

  it.each<[string, unknown, string | RegExp]>([
    ['no JSON', '{', /x\.json is no JSON: /],
    ['no document', [], 'is no document that the benchmark wrote: it has no version'],
    ['another version', { ...resultDocument(), version: 1 }, 'has version 1, this benchmark reads 2: measure again'],
    ['a part missing', { ...resultDocument(), machine: undefined }, 'at machine'],
    ['a wrong number', resultDocument({ rows: [resultRow({ medianMs: -1 })] }), 'rows[0].medianMs'],
  ])('is refused with a sentence when it is %s', (_what, value, message) => {
    expect(() => read(value)).toThrow(InputError);
    expect(() => read(value)).toThrow(message);
    expect(() => readDocument(join(folder, 'none.json'))).toThrow(/^cannot read .*none\.json: /);
  });
});

describe('the text', () => {
  /** The cells of each line: the table pads with spaces only. */
  const cells = (text: string) => text.split('\n').map((line) => line.trim().split(/ {2,}/));

  it('has a column for every figure, a dash where there is none, and marks rows of few samples', () => {
    const rows = [
      resultRow({ shape: '2x3', medianMs: 2, p10Ms: 1, p90Ms: 3, isa: null }),
      resultRow({ batch: 32, optimizer: 'SGD', medianMs: 0.01234, samples: 9, gflops: 98.76, percentOfPeak: 49.6 }),
    ];
    const peaks = [{ isa: 'avx2', threads: 2, median: 100, lowest: 90, highest: 110 }];
    const figures = [{ case: 'service', what: 'delay', value: 6.254, unit: ' ms' }];
    const [head, first, second, ...rest] = cells(formatDocument(resultDocument({ rows, peaks, figures })));
    expect(head).toHaveLength(12);
    expect(first).toEqual(['gemm', '2x3', '-', '-', '1', '-', 'native', '2.00', '1.00-3.00', '-', '-', '-']);
    expect(second?.slice(-5)).toEqual(['0.0123*', '0.0117-0.0136', '98.8', '50', '-']);
    expect(rest.map((line) => line.join('|')).filter(Boolean)).toEqual([
      '* fewer than 10 samples',
      'FMA peak avx2, 2 threads: 100.0 GFLOP/s (90.0 to 110.0 over the run)',
      'case|figure|measured',
      'service|delay|6.25 ms',
    ]);
  });

  it('says what could not be measured, and that a run was stopped', () => {
    const { run } = resultDocument();
    const text = formatDocument(resultDocument({ failures: ['gemm: no'], run: { ...run, interrupted: true } }));
    expect(text).toBe('not measured: gemm: no\n\nstopped early: the tables hold what was done so far');
  });

  it('writes three digits of a time', () => {
    const found = [1234.5, 99.94, 1, 0.5, 0.00271, 0].map(formatMs);
    expect(found).toEqual(['1235', '99.9', '1.00', '0.500', '0.00271', '0.000000']);
  });

  it('names contenders with versions or notes once, and those that are not here', () => {
    const jax = { id: 'jax', isa: null, versions: { jax: '1' }, threads: 2, threadSource: 'told', notes: ['jit'] };
    const own = { ...jax, id: 'native', versions: { node: '20' }, notes: [] };
    const absent = [{ id: 'tfjs-cpu', why: 'is not' }];
    const text = formatContenders({ contenders: [own, jax, { ...jax, threads: 1 }], absent });
    expect(text.split('\n')).toEqual(['jax: jax 1; threads: told', '  jit', 'not here: tfjs-cpu is not']);
  });
});
