import { describe, expect, it } from 'vitest';
import { neighbours } from '../../bench/cases/odd-shapes.js';
import { isReached, judge } from '../../bench/report/targets.js';
import { row } from './fixtures.js';

/** What judge says, as one line each. */
const judged = (...rows: Parameters<typeof judge>[0]) =>
  judge(rows).map(({ what, value, unit, reached }) => `${what} = ${Number(value.toFixed(9))}${unit} ${reached}`);

const avx2 = { contender: 'native', isa: 'avx2' };
const compiled = { contender: 'native-compiled', isa: 'avx2' };
const step = { case: 'mlp-train-step', shape: '784-256-128-10', optimizer: 'SGD', threads: 2 };

describe('judge', () => {
  it('says nothing of what was not measured', () => {
    expect(judge([])).toEqual([]);
    expect(judged(row({ ...avx2, case: 'gemm', shape: '512x512x512 nn', threads: 2 }))).toEqual([]);
  });

  it('compares eager steps with the reference and PyTorch, on all threads and the fastest instruction set', () => {
    const here = { ...step, batch: 128 };
    const rows = [
      row({ ...here, threads: 1, medianMs: 80 }),
      row({ ...here, ...avx2, threads: 1, medianMs: 1 }),
      row({ ...here, ...avx2, medianMs: 2 }),
      row({ ...here, ...avx2, isa: 'scalar', medianMs: 10 }),
      row({ ...here, contender: 'pytorch', threads: 1, medianMs: 9 }),
      row({ ...here, contender: 'pytorch', medianMs: 2.5 }),
      row({ ...here, ...avx2, batch: 32, medianMs: 0.1 }),
      row({ ...here, ...avx2, shape: '784-256-128-10 without dropout', medianMs: 0.1 }),
    ];
    expect(judged(...rows)).toEqual([
      'eager step, batch 128, SGD: native over reference, all threads = 40x true',
      'eager step, batch 128, SGD: native over pytorch, all threads = 1.25x false',
    ]);
  });

  it('takes GEMM against the reference and against the peak', () => {
    const cube = { case: 'gemm', shape: '512x512x512 nn' };
    const rows = [
      row({ ...cube, medianMs: 118 }),
      row({ ...cube, ...avx2, medianMs: 3, percentOfPeak: 90 }),
      row({ ...cube, ...avx2, threads: 2, medianMs: 2, percentOfPeak: 70 }),
      row({ ...cube, contender: 'native', isa: 'avx512', medianMs: 2.5, percentOfPeak: 60 }),
      row({ ...avx2, case: 'gemm', shape: '128x256x784 nt', percentOfPeak: 74 }),
      row({ ...avx2, case: 'gemm', shape: '1024x1024x1024 nn', percentOfPeak: 90 }),
    ];
    expect(judged(...rows)).toEqual([
      'gemm 512x512x512 nn: native over reference, all threads = 59x false',
      'gemm 512x512x512 nn: share of the FMA peak, avx2, 1 thread = 90 % true',
      'gemm 128x256x784 nt: share of the FMA peak, avx2, 1 thread = 74 % false',
      'gemm 1024x1024x1024 nn: share of the FMA peak, avx2, 1 thread = 90 % true',
    ]);
  });

  it('takes dropout against a plain copy and PyTorch, on one thread', () => {
    const dropout = { case: 'dropout', shape: '128x256' };
    const rows = [
      row({ ...dropout, ...avx2, medianMs: 3 }),
      row({ ...dropout, ...avx2, threads: 2, medianMs: 1 }),
      row({ ...dropout, ...avx2, shape: 'copy of 128x256', medianMs: 2 }),
      row({ ...dropout, ...avx2, shape: 'scaled copy of 128x256', medianMs: 3 }),
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

describe('judge of compiled steps', () => {
  it('takes them against the peak, the others, Adam, one thread and eager mode', () => {
    const here = { ...step, batch: 128 };
    const rows = [
      row({ ...here, ...compiled, medianMs: 1, percentOfPeak: 65, p5PercentOfPeak: 87.9 }),
      row({ ...here, ...compiled, threads: 1, medianMs: 1.7 }),
      row({ ...here, ...compiled, optimizer: 'Adam', medianMs: 1.2 }),
      row({ ...here, ...compiled, shape: '784-256-128-10 without dropout', medianMs: 0.97 }),
      row({ ...here, contender: 'pytorch', medianMs: 3.5 }),
      row({ ...here, contender: 'pytorch-compile', medianMs: 0.1 }),
      row({ ...here, contender: 'jax', medianMs: 2.1 }),
    ];
    expect(judged(...rows)).toEqual([
      'compiled step, batch 128, SGD: share of the FMA peak, all threads, median = 65 % true',
      'compiled step, batch 128, SGD: share of the FMA peak, all threads, best 5th percentile = 87.9 % false',
      'compiled step, batch 128, SGD: over PyTorch eager, all threads = 3.5x true',
      'compiled step, batch 128, SGD: over JAX, all threads = 2.1x false',
      "compiled step, batch 128: Adam's time over that of SGD, all threads = 1.2x false",
      'compiled step, batch 128, SGD: 2 threads over 1 = 1.7x true',
      'compiled step, batch 128, SGD: what dropout adds, all threads = 3.092783505 % false',
    ]);
  });

  it('asks of a second core where there are two only', () => {
    const here = { ...step, ...compiled, batch: 1024 };
    const second = (threads: number) =>
      judged(row({ ...here, threads, medianMs: 1 }), row({ ...here, threads: 1, medianMs: 1.9 }));
    expect(second(2)).toEqual(['compiled step, batch 1024, SGD: 2 threads over 1 = 1.9x true']);
    expect(second(4)).toEqual([]);
  });

  it('compares with eager mode at batch 32', () => {
    const rows = [
      row({ ...step, ...avx2, batch: 32, medianMs: 0.9 }),
      row({ ...step, ...compiled, batch: 32, medianMs: 0.5 }),
      row({ ...step, ...compiled, batch: 32, threads: 1, medianMs: 0.1 }),
    ];
    expect(judged(...rows)).toContain('compiled step, batch 32, SGD: over eager, all threads = 1.8x true');
  });

  it('takes a forward pass of one row in microseconds on one thread, and eight rows against it', () => {
    const pass = { ...compiled, case: 'forward', shape: '784-256-128-10' };
    const rows = [
      row({ ...pass, batch: 1, medianMs: 0.026 }),
      row({ ...pass, batch: 1, threads: 2, medianMs: 0.01 }),
      row({ ...pass, batch: 8, medianMs: 0.104 }),
    ];
    expect(judged(...rows)).toEqual([
      'compiled forward pass of one row, from JavaScript, 1 thread = 26 us false',
      'compiled forward pass: 8 rows over 1, 1 thread = 4x true',
    ]);
  });

  it('names the worst odd shape of those whose neighbour was measured', () => {
    const [first, second, third] = neighbours;
    const at = (place: { shape: string; batch: number }, gflops: number) =>
      row({ ...compiled, ...place, case: 'odd-shapes', optimizer: 'SGD', threads: 2, gflops });
    const rows = [at(first!.odd, 80), at(first!.round, 100), at(second!.odd, 69), at(third!.odd, 1)];
    // The first two have one neighbour.
    expect(second!.round).toEqual(first!.round);
    expect(judged(...rows)).toEqual([
      `odd shapes, GFLOP/s of the round neighbour's, worst of 2: ${second!.odd.shape} at batch 1 to ${second!.round.shape} at batch 1 = 69 % false`,
    ]);
  });
});

describe('isReached', () => {
  it.each([
    [3, 'least', 3, true],
    [2.9, 'least', 3, false],
    [3, 'most', 3, true],
    [3.1, 'most', 3, false],
  ] as const)('%d, at %s %d: %s', (value, bound, target, expected) => {
    expect(isReached({ value, bound, target })).toBe(expected);
  });
});
