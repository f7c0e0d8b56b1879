import { describe, expect, it } from 'vitest';
import { isReached, judge } from '../../bench/report/targets.js';
import { row } from './fixtures.js';

/** What judge says, as one line each. */
const judged = (...rows: Parameters<typeof judge>[0]) =>
  judge(rows).map((result) => `${result.what} = ${result.value}${result.unit} ${isReached(result)}`);

describe('judge', () => {
  it('says nothing of what was not measured', () => {
    expect(judge([])).toEqual([]);
    expect(judged(row({ case: 'gemm', shape: '512x512x512 nn', contender: 'native:avx2', threads: 2 }))).toEqual([]);
  });

  it('compares train steps at batch 128 on all threads with the reference and PyTorch', () => {
    const step = { case: 'mlp-train-step', shape: '784-256-128-10', batch: 128, optimizer: 'SGD' };
    const rows = [
      row({ ...step, medianMs: 80 }),
      row({ ...step, contender: 'native:avx2', threads: 1, medianMs: 1 }),
      row({ ...step, contender: 'native:avx2', threads: 2, medianMs: 2 }),
      row({ ...step, contender: 'native:scalar', threads: 2, medianMs: 10 }),
      row({ ...step, contender: 'pytorch', threads: 1, medianMs: 9 }),
      row({ ...step, contender: 'pytorch', threads: 2, medianMs: 1.5 }),
      row({ ...step, batch: 32, contender: 'native:avx2', threads: 2, medianMs: 0.1 }),
    ];
    expect(judged(...rows)).toEqual([
      'train step at batch 128 with SGD: native over reference, all threads = 40x true',
      'train step at batch 128 with SGD: native over PyTorch, all threads = 0.75x false',
    ]);
  });

  it('compares compiled steps with eager ones at batch 32', () => {
    const step = { case: 'mlp-train-step', shape: '784-256-128-10', batch: 32, optimizer: 'SGD', threads: 2 };
    const rows = [
      row({ ...step, contender: 'native:scalar', medianMs: 9 }),
      row({ ...step, contender: 'native:avx2', medianMs: 0.9 }),
      row({ ...step, contender: 'native-compiled:avx2', medianMs: 0.5 }),
      row({ ...step, contender: 'native-compiled:avx2', threads: 1, medianMs: 0.1 }),
    ];
    expect(judged(...rows)).toEqual(['train step at batch 32 with SGD: compiled over eager, all threads = 1.8x true']);
  });

  it('takes GEMM against the reference and against the peak', () => {
    const cube = { case: 'gemm', shape: '512x512x512 nn' };
    const rows = [
      row({ ...cube, medianMs: 118 }),
      row({ ...cube, contender: 'native:avx2', medianMs: 3, percentOfPeak: 90 }),
      row({ ...cube, contender: 'native:avx2', threads: 2, medianMs: 2, percentOfPeak: 70 }),
      row({ case: 'gemm', shape: '128x256x784 nt', contender: 'native:avx2', percentOfPeak: 74 }),
    ];
    expect(judged(...rows)).toEqual([
      'gemm 512x512x512 nn: native over reference, all threads = 59x false',
      'gemm 512x512x512 nn: share of the FMA peak, avx2, 1 thread = 90 % true',
      'gemm 128x256x784 nt: share of the FMA peak, avx2, 1 thread = 74 % false',
    ]);
  });

  it('takes dropout against a copy and PyTorch, on one thread', () => {
    const dropout = { case: 'dropout', shape: '128x256' };
    const rows = [
      row({ ...dropout, contender: 'native:avx2', medianMs: 3 }),
      row({ ...dropout, contender: 'native:avx2', threads: 2, medianMs: 1 }),
      row({ ...dropout, shape: 'copy of 128x256', contender: 'native:avx2', medianMs: 2 }),
      row({ ...dropout, contender: 'pytorch', medianMs: 60 }),
    ];
    expect(judged(...rows)).toEqual([
      'dropout 128x256: time over that of a copy, 1 thread = 1.5x true',
      'dropout 128x256: native over PyTorch, 1 thread = 20x true',
    ]);
  });

  it('takes the import as a difference', () => {
    const rows = [
      row({ case: 'import', contender: 'node', medianMs: 40 }),
      row({ case: 'import', contender: 'node+lanewise', medianMs: 101 }),
    ];
    expect(judged(...rows)).toEqual(['import of the library, over a bare node start = 61 ms false']);
  });
});
