import { describe, expect, it } from 'vitest';
import { atLeast, atMost, explains } from '../../bench/figure.js';
import type { ContenderInfo } from '../../bench/report/document.js';
import {
  formatContenders,
  formatFindings,
  formatMs,
  formatPeaks,
  formatRows,
  formatTargets,
} from '../../bench/report/text.js';
import { row } from './fixtures.js';

/** The cells of each line: the table pads with spaces only. */
const cells = (text: string) => text.split('\n').map((line) => line.trim().split(/ {2,}/));

describe('formatFindings', () => {
  it('holds figures against their targets, where they have one', () => {
    const figures = [explains('RSS', 80, ' MiB'), atMost('delay', 6.25, 5, ' ms'), atLeast('share', 90.04, 85, ' %')];
    const [, ...lines] = cells(formatFindings(figures.map((figure) => ({ case: 'service', ...figure }))));
    expect(lines).toEqual([
      ['service', 'RSS', '80.0 MiB'],
      ['service', 'delay', '6.25 ms', '<= 5 ms', 'short'],
      ['service', 'share', '90.0 %', '>= 85 %', 'reached'],
    ]);
  });
});

describe('formatRows', () => {
  it('has a column for every figure, a dash where there is none', () => {
    const rows = [
      row({ shape: '2x3', medianMs: 2, p10Ms: 1, p90Ms: 3 }),
      row({
        ...{ shape: '2x3', batch: 32, optimizer: 'SGD', threads: 2, isa: 'avx2', contender: 'native:avx2' },
        ...{ medianMs: 0.01234, gflops: 98.76, percentOfPeak: 49.6, speedupOverReference: 162.1 },
      }),
    ];
    const [head, first, second, ...rest] = cells(formatRows(rows));
    const names = ['case', 'shape', 'batch', 'optimizer', 'threads', 'isa', 'contender', 'median ms'];
    expect(head).toEqual([...names, 'p10-p90 ms', 'GFLOP/s', '% of peak', 'over reference']);
    expect(first?.filter((cell) => cell === '-')).toHaveLength(6);
    expect(first).toContain('1.00-3.00');
    expect(second?.slice(-4)).toEqual(['1.00-1.00', '98.8', '50', '162x']);
    expect(second).toContain('0.0123');
    expect(rest).toEqual([]);
  });

  it('marks rows of few samples', () => {
    const text = formatRows([row({ medianMs: 1, samples: 9 }), row({ medianMs: 2, samples: 10 })]);
    expect(text).toContain('1.00*');
    expect(text).not.toContain('2.00*');
    expect(text).toContain('fewer than 10 samples');
  });
});

describe('formatMs', () => {
  it.each([
    [1234.5, '1235'],
    [99.94, '99.9'],
    [1, '1.00'],
    [0.5, '0.500'],
    [0.00271, '0.00271'],
    [0, '0.000000'],
    [Number.NaN, '-'],
  ])('writes %d as %s', (ms, expected) => expect(formatMs(ms)).toBe(expected));
});

describe('formatPeaks', () => {
  it('says how far a peak went up and down, where it was measured more than once', () => {
    const peak = { isa: 'avx2', threads: 1, median: 100, lowest: 90, highest: 110 };
    const text = formatPeaks([peak, { ...peak, threads: 2, median: 200, lowest: 200, highest: 200 }]);
    expect(text.split('\n')).toEqual([
      'FMA peak avx2, 1 thread: 100.0 GFLOP/s (90.0 to 110.0 over the run)',
      'FMA peak avx2, 2 threads: 200.0 GFLOP/s',
    ]);
    expect(formatPeaks([])).toBe('');
  });
});

describe('formatContenders', () => {
  const contender = (over: Partial<ContenderInfo>): ContenderInfo => ({
    ...{ id: 'jax', isa: null, versions: { jax: '1' }, threads: 2, threadSource: 'told', notes: ['jit'] },
    ...over,
  });

  it('names those who bring something of their own once, and those who are not here', () => {
    const own = contender({ id: 'native', versions: { node: '20' }, notes: [] });
    const other = contender({ id: 'tfjs-wasm', versions: { tfjs: '2' } });
    const all = [own, contender({}), contender({ threads: 1 }), other];
    const text = formatContenders(all, [{ id: 'tfjs-cpu', why: 'is not' }]);
    const lines = ['jax: jax 1; threads: told', '  jit', 'tfjs-wasm: tfjs 2; threads: told', '  jit'];
    expect(text.split('\n')).toEqual([...lines, 'not here: tfjs-cpu is not']);
  });
});

describe('formatTargets', () => {
  it('says of each whether it was reached', () => {
    const text = formatTargets([
      { what: 'speed', value: 41.23, unit: 'x', target: 40, bound: 'least', reached: true },
      { what: 'delay', value: 61, unit: ' ms', target: 60, bound: 'most', reached: false },
    ]);
    expect(cells(text).slice(1)).toEqual([
      ['speed', '41.2x', '>= 40x', 'reached'],
      ['delay', '61.0 ms', '<= 60 ms', 'short'],
    ]);
  });
});
