/** The dropout mask: its check vectors, its statistics, and that every way of drawing it draws the same. */
import { afterAll, describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { maskKeeps, maskKey, maskScale, maskThreshold, maskWord } from '../../src/ops/mask.js';
import type { Ops } from '../../src/ops/ops.js';
import { firstDifference } from '../helpers/compare.js';
import { GuardedMemory } from '../helpers/memory.js';
import { dropout } from './cases/pointwise-masks.js';

const key = maskKey(42, 0, 7, 1);
const threadsBefore = backend.threads;
const natives = backend.available.filter((name) => name.startsWith('native:'));

afterAll(() => {
  backend.threads = threadsBefore;
});

interface Draw {
  readonly rows: number;
  readonly columns: number;
  readonly p: number;
  readonly rowOffset?: number;
  readonly key?: readonly [number, number];
}

/** Dropout of ones: the mask times its scale. */
function draw(ops: Ops, { rows, columns, p, rowOffset = 0, key: [k0, k1] = key }: Draw): Float32Array {
  const n = rows * columns;
  const x = GuardedMemory.from(new Float32Array(n).fill(1));
  const out = GuardedMemory.unwritten('float32', n);
  ops.pointwise({
    program: dropout,
    inputs: [x],
    keys: [GuardedMemory.from(Int32Array.of(k0, k1))],
    scalars: [p],
    outputs: [out],
    step: null,
    layout: Float64Array.of(n, 1),
    columns,
    rowOffset,
  });
  return out.snapshot() as Float32Array;
}

const kept = (values: Float32Array): number => values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);

describe('the check vectors of the definition', () => {
  it('keys and words', () => {
    expect(key).toEqual([2414563044, 1870483892]);
    const words = [0, 1, 2, 3].map((c) => maskWord(key[0], key[1], c) >>> 0);
    expect(words).toEqual([2270536950, 4285157100, 4102225823, 3012926541]);
  });

  it.each([
    [0, 65536, 1],
    [1, 0, 0],
    [0.5, 32768, 2],
    [0.1, 58982, Math.fround(65536 / 58982)],
    [1 / 65536, 65535, Math.fround(65536 / 65535)],
    [1 / 262144, 65536, 1],
  ])('p = %s keeps %s of 65536 draws, times %s', (p, threshold, scale) => {
    expect(maskThreshold(p)).toBe(threshold);
    expect(maskScale(p)).toBe(scale);
  });

  it.each(['reference', ...natives])('kept counts on %s', (name) => {
    const { ops } = getBackend(name);
    expect(kept(draw(ops, { rows: 4, columns: 32, p: 0.5 }))).toBe(68);
    expect(kept(draw(ops, { rows: 128, columns: 256, p: 0.5 }))).toBe(16511);
    expect(kept(draw(ops, { rows: 128, columns: 100, p: 0.1 }))).toBe(11548);
  });
});

describe('every way of drawing draws the same', () => {
  const shapes = [
    { rows: 301, columns: 403, p: 0.37 },
    { rows: 1, columns: 120001, p: 0.5 },
    { rows: 120001, columns: 1, p: 0.2 },
    { rows: 1031, columns: 128, p: 0.75 },
  ];

  it.each(shapes)('$rows x $columns on all backends and 1, 2 and 3 threads', (shape) => {
    const expected = draw(getBackend('reference').ops, shape);
    expect(kept(expected)).toBeGreaterThan(0);
    for (const name of natives) {
      for (const threads of [1, 2, 3]) {
        backend.threads = threads;
        expect(firstDifference(draw(getBackend(name).ops, shape), expected), `${name}, ${threads} threads`).toBe(-1);
      }
    }
  });

  it.each(['reference', ...natives])('part by part on %s', (name) => {
    const { ops } = getBackend(name);
    const shape = { rows: 97, columns: 85, p: 0.4 };
    const whole = draw(ops, shape);
    for (const split of [1, 32, 64, 96]) {
      const parts = [
        ...draw(ops, { ...shape, rows: split }),
        ...draw(ops, { ...shape, rows: 97 - split, rowOffset: split }),
      ];
      expect(firstDifference(Float32Array.from(parts), whole), `split at ${split}`).toBe(-1);
    }
  });

  it('as the definition says, element by element', () => {
    const [rows, columns, p] = [19, 53, 0.6];
    const values = draw(getBackend('reference').ops, { rows, columns, p });
    values.forEach((value, i) => {
      const keep = maskKeeps(key, Math.floor(i / columns), i % columns, columns, maskThreshold(p));
      expect(value).toBe(keep ? maskScale(p) : 0);
    });
  });

  it('but another key, another mask', () => {
    const { ops } = getBackend('reference');
    const shape = { rows: 64, columns: 64, p: 0.5 };
    const first = draw(ops, shape);
    for (const other of [maskKey(43, 0, 7, 1), maskKey(42, 1, 7, 1), maskKey(42, 0, 8, 1), maskKey(42, 0, 7, 2)]) {
      const second = draw(ops, { ...shape, key: other });
      const agreeing = first.reduce((count, value, i) => count + (value === second[i] ? 1 : 0), 0);
      // Half of 4096, within 5 standard errors.
      expect(Math.abs(agreeing - 2048)).toBeLessThan(5 * 32);
    }
  });
});

describe('statistics', () => {
  /** Ten million draws where they are quick. All instruction sets draw the same. */
  const samples: readonly (readonly [name: string, rows: number])[] = [
    ['reference', 1000],
    ...natives.slice(-1).map((name) => [name, 10000] as const),
  ];
  const table = samples.flatMap(([name, rows]) => [0.05, 0.1, 0.3, 0.5, 0.8].map((p) => [name, rows, p] as const));

  it.each(table)('on %s the kept share of %s x 1000 draws fits p = %s', (name, rows, p) => {
    const n = rows * 1000;
    const share = 1 - p;
    const count = kept(draw(getBackend(name).ops, { rows, columns: 1000, p, key: maskKey(p * 1000, 5, 6, 0) }));
    expect(Math.abs(count - n * share)).toBeLessThan(4 * Math.sqrt(n * share * p));
  });

  it('neighbours in a row, in a column and from one mask to the next are independent', () => {
    const { ops } = getBackend('reference');
    const [rows, columns] = [512, 512];
    const first = draw(ops, { rows, columns, p: 0.5, key: maskKey(1, 0, 0, 0) });
    const next = draw(ops, { rows, columns, p: 0.5, key: maskKey(1, 0, 1, 0) });
    for (const [what, other, lag] of [
      ['row', first, 1],
      ['group', first, 8],
      ['line', first, 16],
      ['column', first, columns],
      ['mask', next, 0],
    ] as const) {
      const n = rows * columns - lag;
      let agreeing = 0;
      for (let i = 0; i < n; i++) if (first[i] === other[i + lag]) agreeing++;
      expect(Math.abs(agreeing - n / 2), what).toBeLessThan(4 * Math.sqrt(n / 4));
    }
  });
});
