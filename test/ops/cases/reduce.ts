/** Ops along the middle of [outer, size, inner] of floats; of int32: integers.ts. */
import { floats, largest as largestFloat, specials, uniform } from '../../helpers/values.js';
import { type Case, type CaseArgs, type Fresh, opCase, seedOf, sumUnits } from './case.js';

type Triple = readonly [outer: number, size: number, inner: number];

const floatsOf = (length: number): Fresh => ({ dtype: 'float32', length });

/** size and inner around vector widths; the last ones go over the threshold for threads. */
export const shapes: readonly Triple[] = [
  [1, 1, 1],
  [0, 3, 2],
  [3, 2, 0],
  [1, 7, 1],
  [2, 8, 1],
  [3, 9, 1],
  [5, 15, 1],
  [4, 16, 3],
  [3, 17, 5],
  [1, 31, 7],
  [1, 33, 8],
  [2, 5, 9],
  [1, 37, 16],
  [3, 10, 17],
  [1, 128, 33],
  [7, 1, 13],
  [101, 10, 1],
  [1, 1021, 1],
  [257, 403, 1],
  [1, 401, 307],
  [11, 97, 101],
  [1, 100003, 1],
];

/** Σ |x| for each output: what a sum's rounding errors are relative to. */
export function sumCondition({ x, outer, size, inner }: Pick<CaseArgs<'sum'>, 'x' | 'outer' | 'size' | 'inner'>): {
  out: Float64Array;
} {
  const out = new Float64Array(outer * inner);
  x.forEach((value, at) => {
    const o = Math.floor(at / (size * inner));
    out[o * inner + (at % inner)]! += Math.abs(value);
  });
  return { out };
}

function sumCases(): Case[] {
  const cases = [...shapes, [4, 0, 5] as const].map(([outer, size, inner]) => {
    const name = `${outer}x${size}x${inner}`;
    const x = floats(outer * size * inner, seedOf(`sum ${name}`));
    const tolerance = { ulp: 1, units: sumUnits(size), condition: sumCondition };
    const provesLittle = size === 0 ? { provesLittle: 'the sum of nothing is 0' } : {};
    return opCase(
      'sum',
      name,
      tolerance,
      () => ({ x, out: floatsOf(outer * inner), outer, size, inner }),
      provesLittle,
    );
  });
  // Each special value alone among ordinary ones, at every place of a line of 11.
  const rows = specials.filter((value) => Math.abs(value) !== largestFloat);
  for (const inner of [1, 3]) {
    const x = floats(rows.length * 11 * inner, 21);
    rows.forEach((value, r) => {
      x[(r * 11 + (r % 11)) * inner] = value;
    });
    const args = () => ({ x, out: floatsOf(rows.length * inner), outer: rows.length, size: 11, inner });
    cases.push(opCase('sum', `special values, inner ${inner}`, { ulp: 1, units: 12, condition: sumCondition }, args));
  }
  const infinities = Float32Array.of(Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2);
  const cancel = () => ({ x: infinities, out: floatsOf(1), outer: 1, size: 4, inner: 1 });
  return [...cases, opCase('sum', 'infinities that cancel', 'exact', cancel)];
}

function extremeCases(largest: boolean): Case[] {
  const which = largest ? 'largest' : 'smallest';
  const cases = shapes.map(([outer, size, inner]) => {
    const name = `${outer}x${size}x${inner}`;
    // In coarse steps: ties everywhere, and the first of them is the answer.
    const range = 2 * size;
    const x = floats(outer * size * inner, seedOf(`${which} ${name}`), -range, range).map(
      (value) => Math.round(value) / 4,
    );
    const n = outer * inner;
    const small = size < 3 ? { provesLittle: 'short lines have few places to choose from' } : {};
    return opCase(
      'extreme',
      `${which}, ${name}`,
      'exact',
      () => ({ x, out: floatsOf(n), index: n, outer, size, inner, largest }),
      small,
    );
  });
  for (const inner of [1, 2, 16]) {
    const size = 19;
    const outer = specials.length;
    const x = floats(outer * size * inner, 22);
    const draw = uniform(inner);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        // One special value twice in each line, and a second one once: NaN against infinity among others.
        for (const value of [specials[o]!, specials[o]!, specials[(o + i + 1) % outer]!]) {
          x[(o * size + Math.floor(draw() * size)) * inner + i] = value;
        }
      }
    }
    const n = outer * inner;
    cases.push(
      opCase('extreme', `${which}, special values, inner ${inner}`, 'exact', () => ({
        x,
        out: floatsOf(n),
        index: n,
        outer,
        size,
        inner,
        largest,
      })),
    );
  }
  const descending = Float32Array.from({ length: 100 }, (_, i) => (largest ? -i : i));
  cases.push(
    opCase('extreme', `${which}, the first is the answer`, 'exact', () => ({
      x: descending,
      out: floatsOf(1),
      index: 1,
      outer: 1,
      size: 100,
      inner: 1,
      largest,
    })),
  );
  return cases;
}

export const reduceCases: readonly Case[] = [...sumCases(), ...extremeCases(true), ...extremeCases(false)];
