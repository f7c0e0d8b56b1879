import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../bench/measure/schedule.js';
import { buildRows, peakFor } from '../../bench/report/rows.js';
import { entry } from './fixtures.js';

const isas = new Map([
  ['reference', null],
  ['native:avx2', 'avx2'],
  ['pytorch', 'avx512'],
]);
const gemm = entry({ shape: '512x512x512 nn', flops: 6e6 });
const measurement = (over: Partial<Measurement>): Measurement => ({
  entry: gemm,
  contender: 'reference',
  threads: 1,
  samplesMs: [4, 4, 4],
  peaks: [],
  ...over,
});

describe('buildRows', () => {
  it('computes every figure of a row', () => {
    const peaks = [{ contender: 'native:avx2', threads: 2, gflops: 12 }];
    const rows = buildRows(
      [measurement({ peaks }), measurement({ contender: 'native:avx2', threads: 2, samplesMs: [0.9, 1, 1.1], peaks })],
      isas,
    );
    expect(rows[1]).toEqual({
      case: 'fake',
      contender: 'native:avx2',
      shape: '512x512x512 nn',
      batch: null,
      optimizer: null,
      threads: 2,
      isa: 'avx2',
      medianMs: 1,
      p10Ms: expect.closeTo(0.92, 12),
      p90Ms: expect.closeTo(1.08, 12),
      gflops: 6,
      percentOfPeak: 50,
      speedupOverReference: 4,
    });
    // No peak was measured on one thread.
    expect(rows[0]).toMatchObject({ gflops: 1.5, percentOfPeak: null, speedupOverReference: 1, isa: null });
  });

  it('leaves null what does not apply', () => {
    const [row] = buildRows([measurement({ entry: entry({ flops: null }), contender: 'pytorch' })], isas);
    expect(row).toMatchObject({ gflops: null, percentOfPeak: null, speedupOverReference: null });
  });

  it('compares with the reference of the same workload only', () => {
    const other = entry({ shape: '1x1x1 nn' });
    const rows = buildRows(
      [
        measurement({ samplesMs: [8] }),
        measurement({ entry: other, samplesMs: [2] }),
        measurement({ entry: other, contender: 'native:avx2', samplesMs: [1] }),
      ],
      isas,
    );
    expect(rows[2]?.speedupOverReference).toBe(2);
  });
});

describe('peakFor', () => {
  const peaks = [
    { contender: 'native:avx2', threads: 1, gflops: 100 },
    { contender: 'native:avx512', threads: 1, gflops: 160 },
    { contender: 'native:avx512', threads: 2, gflops: 300 },
  ];

  it.each([
    ['native:avx2', 1, 100],
    ['native:avx512', 1, 160],
    ['native:scalar', 1, 160],
    ['pytorch', 1, 160],
    ['reference', 2, 300],
    ['pytorch', 4, null],
  ])('for %s on %d threads is %d', (contender, threads, expected) => {
    expect(peakFor(peaks, contender, threads)).toBe(expected);
  });
});
