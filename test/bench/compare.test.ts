import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDocuments, matchRows } from '../../bench/compare/compare.js';
import { compareRows, discoveries } from '../../bench/compare/noise.js';
import { InputError } from '../../bench/options.js';
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
  /** Student's distribution with so many degrees of freedom, or a normal one. */
  readonly tails?: number;
  /** About the share of rows that a disturbance makes slower by a tenth to a third in one run. */
  readonly disturbed?: number;
}

const rowCount = 80;

/** Runs of the same rows; each row has a noise of its own about the usual one. */
function runs(seed: number, count: number, { within, run, tails, disturbed = 0 }: Noise, contender = 'native') {
  const normal = normals(seed);
  const draw = () => {
    if (tails === undefined) return normal();
    const squares = Array.from({ length: tails }, () => normal() ** 2);
    const scale = Math.sqrt((tails - 2) / squares.reduce((sum, each) => sum + each, 0));
    return normal() * scale;
  };
  const rows = Array.from({ length: rowCount }, (_, i) => {
    const size = Math.exp(0.5 * normal());
    return { shape: `row ${i}`, threads: 1 + (i % 2), ms: 10 ** (2 * normal()), size };
  });
  return Array.from({ length: count }, (_, number) =>
    resultDocument({
      run: { ...resultDocument().run, startedAt: new Date(Date.UTC(2026, 10, 23, number)).toISOString() },
      rows: rows.map(({ shape, threads, ms, size }): Row => {
        const jump = Math.abs(normal()) > disturbed ? 0 : 0.1 + 0.1 * Math.min(2, Math.abs(normal()));
        const center = Math.log(ms) + run * size * draw() + jump;
        const roundMediansMs = Array.from({ length: 5 }, () => Math.exp(center + within * size * draw()));
        return resultRow({ contender, shape, threads, medianMs: median(roundMediansMs), roundMediansMs });
      }),
    }),
  ) as [BenchDocument, BenchDocument, BenchDocument];
}

const slowed = (document: BenchDocument, factor: number, which: (row: Row, i: number) => boolean) => ({
  ...document,
  rows: document.rows.map((row, i) =>
    which(row, i)
      ? { ...row, medianMs: row.medianMs * factor, roundMediansMs: row.roundMediansMs.map((ms) => ms * factor) }
      : row,
  ),
});

const verdicts = (before: BenchDocument[], after: BenchDocument) => compareRows(matchRows(before, after).rows);
const slowOf = (before: BenchDocument[], after: BenchDocument) =>
  verdicts(before, after).filter(({ verdict }) => verdict === 'slower').length;

const calm: Noise = { within: 0.02, run: 0.01 };
const wild: Noise = { within: 0.04, run: 0.02, tails: 4 };
const shaky: Noise = { within: 0.005, run: 0.06 };
const trials = 40;

/** In how many of the trials something is called slower. */
const alarms = (noise: Noise, again: boolean) =>
  Array.from({ length: trials }, (_, seed) => {
    const [a, b, a2] = runs(seed + 1, 3, noise);
    return slowOf(again ? [a, a2] : [a], b);
  }).filter((count) => count > 0).length;

describe('the verdict', () => {
  // A twentieth of 40 trials, and three standard deviations of chance more.
  it.each<[string, Noise, boolean, number]>([
    ['calm', calm, true, 6],
    ['calm, and measured once', calm, false, 6],
    ['wild', wild, true, 6],
    ['far greater between runs than within', shaky, true, 6],
    // Disturbances that the repetition happened not to see do get blamed: in less than a third of the trials.
    ['that of a machine that is disturbed now and then', { ...calm, disturbed: 0.03 }, true, 12],
  ])('hardly ever blames the same code when noise is %s', (_name, noise, again, most) => {
    expect(alarms(noise, again)).toBeLessThanOrEqual(most);
  });

  it('tells the noise between runs, not only that within', () => {
    const [a, b, a2] = runs(1, 3, shaky);
    const noise = median(verdicts([a, a2], b).map((each) => each.noise));
    // Of a difference between one run and the mean of two.
    expect(noise / (shaky.run * Math.sqrt(1.5))).toBeGreaterThan(0.7);
    expect(noise / (shaky.run * Math.sqrt(1.5))).toBeLessThan(2);
  });

  it('finds rows that became a fifth slower, among many that did not', () => {
    const found = Array.from({ length: 20 }, (_, seed) => {
      const [a, b, a2] = runs(seed + 100, 3, calm);
      const compared = verdicts(
        [a, a2],
        slowed(b, 1.2, (_row, i) => i < 8),
      );
      return compared.slice(0, 8).filter(({ verdict }) => verdict === 'slower').length;
    });
    expect(found.reduce((sum, count) => sum + count, 0) / (20 * 8)).toBeGreaterThan(0.8);
  });

  it('finds a tenth when everything is slower, and none of it when everything is faster', () => {
    const [a, b, a2] = runs(7, 3, calm);
    expect(
      slowOf(
        [a, a2],
        slowed(b, 1.1, () => true),
      ),
    ).toBeGreaterThan(rowCount * 0.8);
    const faster = verdicts(
      [a, a2],
      slowed(b, 0.8, () => true),
    );
    expect(faster.filter(({ verdict }) => verdict === 'slower')).toEqual([]);
    expect(faster.filter(({ verdict }) => verdict === 'faster').length).toBeGreaterThan(rowCount * 0.8);
  });

  it('asks more of a row whose repetition already lies far off', () => {
    const [a, b, a2] = runs(3, 3, calm);
    const jumpy = slowed(a2, 1.5, (_row, i) => i === 0);
    const [steady, wavering] = [verdicts([a, a2], b)[0]!, verdicts([a, jumpy], b)[0]!];
    expect(wavering.noise).toBeGreaterThan(2 * steady.noise);
  });

  it('never falls on others than lanewise', () => {
    const [a, b, a2] = runs(5, 3, calm, 'pytorch');
    expect(
      slowOf(
        [a, a2],
        slowed(b, 3, () => true),
      ),
    ).toBe(0);
  });

  it('does not depend on units, nor on the order of rows', () => {
    const [a, b, a2] = runs(11, 3, wild);
    const after = slowed(b, 1.3, (_row, i) => i % 7 === 0);
    const inOrder = verdicts([a, a2], after);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.shuffledSubarray([...a.rows.keys()], { minLength: rowCount, maxLength: rowCount }),
        (unit, order) => {
          const turned = (document: BenchDocument) => {
            const { rows } = slowed(document, unit, () => true);
            return { ...document, rows: order.map((i) => rows[i]!) };
          };
          for (const each of verdicts([turned(a), turned(a2)], turned(after))) {
            const same = inOrder.find(({ name }) => name === each.name)!;
            expect([each.name, each.verdict]).toEqual([same.name, same.verdict]);
            expect(each.ratio).toBeCloseTo(same.ratio, 9);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('compares with the geometric mean of the runs before', () => {
    const [a, a2] = [1, 4].map((medianMs) => resultDocument({ rows: [resultRow({ medianMs })] })) as [
      BenchDocument,
      BenchDocument,
    ];
    const [compared] = verdicts([a, a2], resultDocument({ rows: [resultRow({ medianMs: 3 })] }));
    expect(compared?.ratio).toBeCloseTo(1.5, 12);
  });
});

describe('discoveries', () => {
  it('are those of Benjamini and Hochberg', () => {
    // The example of their paper, at 5 %: the four smallest.
    const paper = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324].concat([
      0.4262, 0.5719, 0.6528, 0.759, 1,
    ]);
    expect(discoveries(paper).filter(Boolean)).toHaveLength(4);
    expect(discoveries([0.04, 0.04])).toEqual([true, true]);
    expect(discoveries([0.04, 0.9])).toEqual([false, false]);
    expect(discoveries([])).toEqual([]);
  });
});

describe('compareDocuments', () => {
  const quiet = { force: false, all: false };
  const [a, b, a2] = runs(9, 3, calm);

  it('prints what is slower and says so', () => {
    const { text, slower } = compareDocuments(
      [a, a2],
      slowed(b, 1.5, (_row, i) => i === 4),
      quiet,
    );
    expect(slower).toBe(true);
    expect(text).toMatch(/gemm row 4, native avx2, 1 thread.*slower/);
    expect(text).toContain(`${rowCount} rows of lanewise compared: 1 slower, 0 faster`);
    expect(text).not.toContain('row 5,');
    expect(text).not.toContain('a guess');
  });

  it('says that noise is a guess without a second run', () => {
    const { text, slower } = compareDocuments([a], b, quiet);
    expect([slower, text]).toEqual([false, expect.stringContaining('no second run of the code before (--again)')]);
  });

  it('prints every row when asked', () => {
    const { text } = compareDocuments([a, a2], b, { ...quiet, all: true });
    for (const { shape } of a.rows) expect(text).toContain(`gemm ${shape},`);
  });

  it('names rows that one side lacks', () => {
    const more = resultRow({ shape: 'newcomer' });
    const { text } = compareDocuments([a, a2], { ...b, rows: [...b.rows.slice(1), more] }, quiet);
    expect(text).toContain('only before:\n  gemm row 0, native avx2, 1 thread');
    expect(text).toContain('only after:\n  gemm newcomer, native avx2, 1 thread');
  });

  it('shows the machine beside: its peaks, others, and versions that changed', () => {
    const peaks = [{ isa: 'avx2', threads: 1, median: 100, lowest: 90, highest: 101 }];
    const torch = (version: string) => ({
      ...{ id: 'pytorch', isa: null, versions: { torch: version }, threads: 2, threadSource: 'own', notes: [] },
    });
    const peer = (medianMs: number) => resultRow({ contender: 'pytorch', medianMs });
    const { text } = compareDocuments(
      [{ ...a, peaks, contenders: [torch('2.13')], rows: [...a.rows, peer(1)] }],
      { ...b, peaks, contenders: [torch('2.14')], rows: [...b.rows, peer(1.25)] },
      quiet,
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
    expect(() => compareDocuments([a, other], a2, quiet)).toThrow(InputError);
    expect(compareDocuments([a], other, { ...quiet, force: true }).text).toContain(sentence);
  });

  it('refuses the same run twice, and runs with nothing in common', () => {
    expect(() => compareDocuments([a, a], b, { force: true, all: false })).toThrow('the same run is given twice');
    expect(() => compareDocuments([a], { ...b, rows: [] }, quiet)).toThrow('no row is in all of these runs');
  });
});
