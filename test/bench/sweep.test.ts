import { describe, expect, it } from 'vitest';
import { type Case, loadCases } from '../../bench/case.js';
import type { Row } from '../../bench/report/document.js';
import { judgeSweeps, largestFall, sweepLines } from '../../bench/report/sweeps.js';
import { isSweep } from '../../bench/sweep.js';

const cases = (await loadCases()).filter(({ name }) => isSweep(name));
const named = (name: string): Case => cases.find((each) => each.name === name)!;
const values = (name: string) => named(name).workloads.map(({ point }) => point?.value);
const layers = (name: string) =>
  named(name).workloads.map(({ params }) => String(params.layers).split('-').map(Number));

describe('the cases', () => {
  it('are one for each thing that grows', () => {
    expect(cases.map(({ name }) => name)).toEqual(['sweep-batch', 'sweep-depth', 'sweep-threads', 'sweep-width']);
  });

  it('go through the ranges of the issue', () => {
    expect(values('sweep-depth')).toEqual([2, 3, 4, 6, 8, 12, 16]);
    expect([values('sweep-width').at(0), values('sweep-width').at(-1)]).toEqual([64, 4096]);
    expect([values('sweep-batch').at(0), values('sweep-batch').at(-1)]).toEqual([1, 4096]);
    expect(named('sweep-threads').workloads.map(({ batch, threads }) => [batch, threads])).toEqual([
      [128, 'every'],
      [1024, 'every'],
    ]);
  });

  it('build the networks that their points name', () => {
    for (const [i, sizes] of layers('sweep-depth').entries()) {
      expect(sizes.slice(1, -1)).toEqual(Array(values('sweep-depth')[i]!).fill(256));
      expect([sizes.at(0), sizes.at(-1)]).toEqual([784, 10]);
    }
    expect(layers('sweep-width')).toEqual(values('sweep-width').map((width) => [784, width, width, 10]));
    for (const { params, point, batch } of named('sweep-batch').workloads)
      expect([params.layers, params.batch, batch]).toEqual(['784-256-128-10', point?.value, point?.value]);
  });

  it('train with SGD and dropout, and count every product but the first input gradient', () => {
    const { workloads } = named('sweep-width');
    for (const { params, optimizer } of workloads) expect([params.dropout, optimizer]).toEqual([0.5, 'SGD']);
    const { flops } = workloads.find(({ point }) => point?.value === 1024)!;
    expect(flops).toBe(2 * 128 * (2 * 784 * 1024 + 3 * 1024 * 1024 + 3 * 1024 * 10));
  });
});

function row(over: Partial<Row>): Row {
  return {
    ...{ case: 'sweep-width', contender: 'native-compiled', shape: null, batch: 128, optimizer: 'SGD', threads: 2 },
    ...{ isa: 'avx2', point: null, medianMs: 1, p5Ms: 1, p10Ms: 0.8, p90Ms: 1.25, samples: 9, roundMediansMs: [1] },
    ...{ gflops: null, percentOfPeak: null, p5PercentOfPeak: null, speedupOverReference: null },
    ...over,
  };
}
const width = (value: number, gflops: number, over: Partial<Row> = {}) =>
  row({ point: { name: 'width', value }, gflops, ...over });

describe('sweepLines', () => {
  it('puts points in the direction of growth, one line for each contender', () => {
    const rows = [
      width(128, 80),
      width(64, 40),
      width(64, 20, { contender: 'pytorch' }),
      row({ case: 'gemm', gflops: 9 }),
    ];
    const lines = sweepLines(rows);
    expect(lines.map(({ contender, points }) => [contender, points.map(({ value }) => value)])).toEqual([
      ['native-compiled', [64, 128]],
      ['pytorch', [64]],
    ]);
    expect(lines[0]).toMatchObject({ case: 'sweep-width', name: 'width', beside: null });
  });

  it('takes the number of threads for the place where there is no other, and batches apart', () => {
    const at = (batch: number, threads: number, gflops: number) =>
      row({ case: 'sweep-threads', batch, threads, gflops });
    const lines = sweepLines([at(128, 2, 150), at(128, 1, 80), at(1024, 1, 90), at(1024, 2, 170)]);
    expect(lines.map(({ name, beside, points }) => [name, beside, points.map(({ value }) => value)])).toEqual([
      ['threads', 'batch 128', [1, 2]],
      ['threads', 'batch 1024', [1, 2]],
    ]);
  });
});

describe('largestFall', () => {
  it('is the step down that loses most of where it starts', () => {
    const [line] = sweepLines([width(1, 100), width(2, 80), width(3, 50), width(4, 60), width(5, 45)]);
    expect(largestFall(line!)).toMatchObject({ from: { value: 2 }, to: { value: 3 }, percent: 37.5 });
  });

  it('is none where it grows all the way', () => {
    const [line] = sweepLines([width(1, 100), width(2, 100), width(3, 101)]);
    expect(largestFall(line!)).toBeNull();
  });
});

describe('judgeSweeps', () => {
  it('names the pair, with the spread of both, and holds it against 25 %', () => {
    const [target] = judgeSweeps([width(64, 100), width(96, 70), width(128, 68)]);
    expect(target).toMatchObject({
      value: expect.closeTo(30, 10),
      unit: ' %',
      target: 25,
      bound: 'most',
      reached: false,
    });
    expect(target?.what).toBe(
      'sweep-width, avx2: largest fall of GFLOP/s between neighbours (from 64 at 100 (80.0-125) to 96 at 70.0 (56.0-87.5))',
    );
    expect(judgeSweeps([width(64, 100), width(96, 76)])[0]).toMatchObject({ reached: true });
  });

  it('lets no thread make it slower', () => {
    const at = (threads: number, gflops: number) => row({ case: 'sweep-threads', threads, gflops });
    expect(judgeSweeps([at(1, 100), at(2, 99)])[0]).toMatchObject({ target: 0, reached: false });
    expect(judgeSweeps([at(1, 100), at(2, 101)])[0]).toMatchObject({ value: 0, reached: true });
  });

  it('says nothing of others, nor of a single point', () => {
    const peer = { contender: 'pytorch' };
    expect(judgeSweeps([width(64, 100), width(64, 100, peer), width(96, 10, peer)])).toEqual([]);
  });
});
