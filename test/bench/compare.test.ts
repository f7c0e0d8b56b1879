import { describe, expect, it } from 'vitest';
import { compareDocuments, matchRows } from '../../bench/compare/compare.js';
import { compareRows, discoveries } from '../../bench/compare/noise.js';
import type { BenchDocument, Row } from '../../bench/results/document.js';
import { resultDocument, resultRow } from './fixtures.js';

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Numbers of a normal distribution, the same ones for the same seed. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

interface Noise {
  /** Standard deviations of a round within its run, and of a run, as shares of the time. */
  readonly within: number;
  readonly run: number;
  /** Student's distribution with that many degrees of freedom, or a normal one. */
  readonly tails?: number;
  /** About the share of rows that a disturbance makes slower by a tenth to a third in one run. */
  readonly disturbed?: number;
}

const rowCount = 80;

/** Three runs of the same rows; each row has its noise, about the usual one. */
function runs(seed: number, { within, run, tails, disturbed = 0 }: Noise, contender = 'native') {
  const normal = normals(seed);
  const draw = () => {
    if (tails === undefined) return normal();
    const squares = Array.from({ length: tails }, () => normal() ** 2);
    return normal() * Math.sqrt((tails - 2) / squares.reduce((sum, each) => sum + each, 0));
  };
  const rows = Array.from({ length: rowCount }, (_, i) => {
    const size = Math.exp(0.5 * normal());
    return { shape: `row ${i}`, threads: 1 + (i % 2), ms: 10 ** (2 * normal()), size };
  });
  const measured = ({ shape, threads, ms, size }: (typeof rows)[number]): Row => {
    const jump = Math.abs(normal()) > disturbed ? 0 : 0.1 + 0.1 * Math.min(2, Math.abs(normal()));
    const center = Math.log(ms) + run * size * draw() + jump;
    const roundMediansMs = Array.from({ length: 5 }, () => Math.exp(center + within * size * draw()));
    return resultRow({ contender, shape, threads, medianMs: median(roundMediansMs), roundMediansMs });
  };
  const documents = [11, 12, 13].map((hour) => resultDocument({ rows: rows.map(measured) }, hour));
  return documents as [BenchDocument, BenchDocument, BenchDocument];
}

const slow = (document: BenchDocument, factor: number, count = rowCount): BenchDocument => ({
  ...document,
  rows: document.rows.map((row, i) => {
    const by = i < count ? factor : 1;
    return { ...row, medianMs: row.medianMs * by, roundMediansMs: row.roundMediansMs.map((ms) => ms * by) };
  }),
});

const compared = (before: BenchDocument[], after: BenchDocument) => compareRows(matchRows(before, after).rows);
const count = (before: BenchDocument[], after: BenchDocument, verdict = 'slower') =>
  compared(before, after).filter((each) => each.verdict === verdict).length;

const calm: Noise = { within: 0.02, run: 0.01 };
const shaky: Noise = { within: 0.005, run: 0.06 };
const trials = Array.from({ length: 40 }, (_, i) => i + 1);

describe('the verdict', () => {
  // A twentieth of 40 trials, and three standard deviations of chance more.
  it.each<[string, Noise, boolean, number]>([
    ['calm', calm, true, 6],
    ['calm, and measured once', calm, false, 6],
    ['wild', { within: 0.04, run: 0.02, tails: 4 }, true, 6],
    ['far greater between runs than within', shaky, true, 6],
    // Disturbances that the repetition happened not to see do get blamed: in less than a third of the trials.
    ['that of a machine that is disturbed now and then', { ...calm, disturbed: 0.03 }, true, 12],
  ])('hardly ever blames the same code when noise is %s', (_name, noise, again, most) => {
    const alarms = trials.filter((seed) => {
      const [a, b, a2] = runs(seed, noise);
      return count(again ? [a, a2] : [a], b) > 0;
    });
    expect(alarms.length).toBeLessThanOrEqual(most);
  });

  it('tells the noise between runs, not only that within, and more of it for a row that lies far off', () => {
    const [a, b, a2] = runs(1, shaky);
    // Of a difference between one run and the mean of two.
    const share = median(compared([a, a2], b).map((each) => each.noise)) / (shaky.run * Math.sqrt(1.5));
    expect([share > 0.7, share < 2]).toEqual([true, true]);
    const [c, d, c2] = runs(3, calm);
    const [steady, wavering] = [c2, slow(c2, 1.5, 1)].map((again) => compared([c, again], d)[0]!.noise);
    expect(wavering).toBeGreaterThan(2 * steady!);
  });

  it('finds rows that became a fifth slower among many that did not, and a tenth when everything did', () => {
    const found = trials.slice(20).map((seed) => {
      const [a, b, a2] = runs(seed + 100, calm);
      return compared([a, a2], slow(b, 1.2, 8)).filter(({ verdict }, i) => i < 8 && verdict === 'slower').length;
    });
    expect(found.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0.8 * 20 * 8);
    const [a, b, a2] = runs(7, calm);
    expect(count([a, a2], slow(b, 1.1))).toBeGreaterThan(0.8 * rowCount);
    expect(count([a, a2], slow(b, 0.8))).toBe(0);
    expect(count([a, a2], slow(b, 0.8), 'faster')).toBeGreaterThan(0.8 * rowCount);
  });

  it('never falls on others than lanewise, and does not depend on units', () => {
    const [peer, after, again] = runs(5, calm, 'pytorch');
    expect(count([peer, again], slow(after, 3))).toBe(0);
    const [a, b, a2] = runs(11, calm);
    const verdicts = (unit: number) =>
      compared([slow(a, unit), slow(a2, unit)], slow(slow(b, 1.3, 9), unit)).map(({ verdict }) => verdict);
    expect(verdicts(1000)).toEqual(verdicts(1));
  });

  it('compares with the geometric mean of the runs before', () => {
    const [a, a2, b] = [1, 4, 3].map((ms) => resultDocument({ rows: [resultRow({ medianMs: ms })] })) as [
      never,
      never,
      never,
    ];
    expect(compared([a, a2], b)[0]?.ratio).toBeCloseTo(1.5, 12);
  });

  it('counts discoveries as Benjamini and Hochberg', () => {
    // The example of their paper, at 5 %: the four smallest.
    const small = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344];
    const paper = [...small, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1];
    expect(discoveries(paper).filter(Boolean)).toHaveLength(4);
    expect([discoveries([0.04, 0.04]), discoveries([0.04, 0.9]), discoveries([])]).toEqual([
      [true, true],
      [false, false],
      [],
    ]);
  });
});

describe('compareDocuments', () => {
  const quiet = { force: false, all: false };
  const [a, b, a2] = runs(9, calm);

  it('prints what is slower, or every row, and says when noise is a guess', () => {
    const { text, slower } = compareDocuments([a, a2], slow(b, 1.5, 1), quiet);
    expect([slower, text]).toEqual([true, expect.stringMatching(/gemm row 0, native avx2, 1 thread.*slower/)]);
    expect(text).toContain(`${rowCount} rows of lanewise compared: 1 slower, 0 faster`);
    expect(text).not.toMatch(/row 5,|a guess/);
    const all = compareDocuments([a], b, { ...quiet, all: true });
    expect([all.slower, all.text]).toEqual([
      false,
      expect.stringContaining('no second run of the code before (--again)'),
    ]);
    for (const { shape } of a.rows) expect(all.text).toContain(`gemm ${shape},`);
  });

  it('names rows that one side lacks, and how the machine fared', () => {
    const peaks = [{ isa: 'avx2', threads: 1, median: 100, lowest: 90, highest: 101 }];
    const torch = { id: 'pytorch', isa: null, threads: 2, threadSource: 'own', notes: [] };
    const peer = (medianMs: number) => resultRow({ contender: 'pytorch', medianMs });
    const before = { ...a, peaks, contenders: [{ ...torch, versions: { torch: '2.13' } }], rows: [...a.rows, peer(1)] };
    const rows = [...b.rows.slice(1), peer(1.25), resultRow({ shape: 'newcomer' })];
    const { text } = compareDocuments(
      [before],
      { ...b, peaks, contenders: [{ ...torch, versions: { torch: '2.14' } }], rows },
      quiet,
    );
    expect(text).toContain(
      'only before:\n  gemm row 0, native avx2, 1 thread\nonly after:\n  gemm newcomer, native avx2',
    );
    expect(text).toContain('pytorch: torch 2.13 before, 2.14 after');
    expect(text).toContain("other contenders' rows: +25.0 % in the median of 1");
    expect(text).toContain('FMA peak avx2, 1 thread: 100.0, 100.0 GFLOP/s');
  });

  it.each<[string, Partial<BenchDocument>]>([
    ['different processors: AMD EPYC and Other', { machine: { ...b.machine, cpu: 'Other' } }],
    ['different instruction sets: scalar, avx2 and scalar', { machine: { ...b.machine, isas: ['scalar'] } }],
    ['different numbers of threads: 2 and 4', { machine: { ...b.machine, threads: 4 } }],
    ['different lengths of turns: full and those of --quick', { run: { ...b.run, quick: true } }],
  ])('refuses %s, unless forced', (sentence, over) => {
    const other = { ...b, ...over };
    expect(() => compareDocuments([a], other, quiet)).toThrow(sentence);
    expect(() => compareDocuments([a, other], a2, quiet)).toThrow(sentence);
    expect(compareDocuments([a], other, { ...quiet, force: true }).text).toContain(sentence);
  });

  it('refuses the same run twice, and runs with nothing in common', () => {
    expect(() => compareDocuments([a, a], b, { force: true, all: false })).toThrow('the same run is given twice');
    expect(() => compareDocuments([a], { ...b, rows: [] }, quiet)).toThrow('no row is in all of these runs');
  });
});
