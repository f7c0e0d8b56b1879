import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../bench/measure/schedule.js';
import { buildRows, peakFor, summarizePeaks } from '../../bench/report/rows.js';
import { entry, fake } from './fixtures.js';

const isas = new Map([
  ['reference', null],
  ['pytorch', 'avx512'],
]);
const gemm = entry({ shape: '512x512x512 nn', flops: 6e6 });
const native = fake('native', 'works', { isa: 'avx2' });
const measurement = (over: Partial<Measurement>): Measurement => ({
  entry: gemm,
  contender: fake('reference'),
  threads: 1,
  roundsMs: [
    [4, 4],
    [4, 4, 4],
  ],
  peaks: [],
  ...over,
});

describe('buildRows', () => {
  it('computes every figure of a row', () => {
    const peaks = [{ isa: 'avx2', threads: 2, gflops: 12 }];
    const roundsMs = [[1.1], [0.9, 1]];
    const rows = buildRows(
      [measurement({ peaks }), measurement({ contender: native, threads: 2, roundsMs, peaks })],
      isas,
    );
    expect(rows[1]).toEqual({
      case: 'fake',
      contender: 'native',
      shape: '512x512x512 nn',
      batch: null,
      optimizer: null,
      threads: 2,
      isa: 'avx2',
      point: null,
      medianMs: 1,
      p5Ms: expect.closeTo(0.91, 12),
      p10Ms: expect.closeTo(0.92, 12),
      p90Ms: expect.closeTo(1.08, 12),
      samples: 3,
      roundMediansMs: [1.1, 0.95],
      gflops: 6,
      percentOfPeak: 50,
      p5PercentOfPeak: expect.closeTo(50 / 0.91, 9),
      speedupOverReference: 4,
    });
    // No peak was measured on one thread.
    expect(rows[0]).toMatchObject({ gflops: 1.5, percentOfPeak: null, speedupOverReference: 1, isa: null });
  });

  it('leaves null what does not apply', () => {
    const [row] = buildRows([measurement({ entry: entry({ flops: null }), contender: fake('pytorch') })], isas);
    expect(row).toMatchObject({ gflops: null, percentOfPeak: null, p5PercentOfPeak: null, speedupOverReference: null });
    expect(row?.isa).toBe('avx512');
  });

  it('says where a workload stands in a sweep', () => {
    const point = { name: 'depth', value: 4 };
    expect(buildRows([measurement({ entry: entry({ point }) })], isas)[0]?.point).toEqual(point);
  });

  it('compares with the reference of the same workload only', () => {
    const other = entry({ shape: '1x1x1 nn' });
    const rows = buildRows(
      [
        measurement({ roundsMs: [[8]] }),
        measurement({ entry: other, roundsMs: [[2]] }),
        measurement({ entry: other, contender: native, roundsMs: [[1]] }),
      ],
      isas,
    );
    expect(rows[2]?.speedupOverReference).toBe(2);
  });
});

describe('peakFor', () => {
  const peaks = [
    { isa: 'avx2', threads: 1, gflops: 100 },
    { isa: 'avx512', threads: 1, gflops: 160 },
    { isa: 'avx512', threads: 2, gflops: 300 },
  ];

  it.each([
    ['avx2', 1, 100],
    ['avx512', 1, 160],
    ['scalar', 1, 160],
    [null, 1, 160],
    [null, 2, 300],
    [null, 4, null],
  ])('for %s on %d threads is %d', (isa, threads, expected) => {
    expect(peakFor(peaks, { isa }, threads)).toBe(expected);
  });
});

describe('summarizePeaks', () => {
  it('counts the peak of a workload once, though all its measurements carry it', () => {
    const peak = (gflops: number) => ({ isa: 'avx2', threads: 1, gflops });
    const [low, middle, high] = [peak(90), peak(100), peak(110)];
    const found = [low, low, low, middle, high].map((each) => measurement({ peaks: [each] }));
    expect(summarizePeaks(found)).toEqual([{ isa: 'avx2', threads: 1, median: 100, lowest: 90, highest: 110 }]);
    expect(summarizePeaks([])).toEqual([]);
  });
});
