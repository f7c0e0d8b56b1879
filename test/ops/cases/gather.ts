/** Elements by index along the middle of [outer, size, inner]: taken, put, added up. */
import { floats, ints, specialMix } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';

type Sizes = readonly [outer: number, size: number, count: number, inner: number];

/** Sizes around vector widths; the last ones go over the threshold for threads, with many lines and with few. */
const shapes: readonly Sizes[] = [
  [1, 1, 1, 1],
  [0, 3, 2, 2],
  [2, 3, 0, 2],
  [3, 2, 2, 0],
  [1, 7, 20, 1],
  [2, 8, 3, 1],
  [3, 9, 9, 5],
  [1, 17, 33, 16],
  [4, 5, 31, 17],
  [301, 7, 40, 3],
  [1, 12, 40, 1021],
  [1, 1000, 100003, 1],
];

/** For each place of [outer, size, inner], what `each` makes of the elements that are put there. */
function condition({ x, index, out, outer, size, count, inner }: CaseArgs<'scatterAdd'>): { out: Float64Array } {
  const total = Float64Array.from(out, Math.abs);
  for (let at = 0; at < outer * count * inner; at++) {
    const o = Math.floor(at / (count * inner));
    total[(o * size + index[at]!) * inner + (at % inner)]! += Math.abs(x[at]!);
  }
  return { out: total };
}

function casesOf([outer, size, count, inner]: Sizes): Case[] {
  const name = `${count} of ${outer}x${size}x${inner}`;
  const seed = seedOf(`gather ${name}`);
  const whole = outer * size * inner;
  const picked = outer * count * inner;
  const sizes = { index: ints(picked, seed, 0, size), outer, size, count, inner };
  const integers = (n: number) => ints(n, seed + 1, -1e9, 1e9);
  return [
    opCase('gather', `${name} float32`, 'exact', () => ({
      x: floats(whole, seed + 1),
      out: { dtype: 'float32', length: picked },
      ...sizes,
    })),
    opCase('gather', `${name} int32`, 'exact', () => ({
      x: integers(whole),
      out: { dtype: 'int32', length: picked },
      ...sizes,
    })),
    opCase('scatter', `${name} float32`, 'exact', () => ({
      x: floats(picked, seed + 2),
      out: floats(whole, seed + 3),
      ...sizes,
    })),
    opCase('scatter', `${name} int32`, 'exact', () => ({ x: integers(picked), out: ints(whole, 9, 0, 99), ...sizes })),
    opCase(
      'scatterAdd',
      name,
      { ulp: 1, units: sumUnits(Math.ceil(count / Math.max(size, 1)) + 8), condition },
      () => ({
        x: floats(picked, seed + 2),
        out: floats(whole, seed + 3),
        ...sizes,
      }),
    ),
  ];
}

/** Nothing is computed: bits go through, whatever they mean. */
function specialCases(): Case[] {
  const x = specialMix(5);
  const sizes = { outer: 1, size: x.length, count: x.length, inner: 1 };
  const index = Int32Array.from(x, (_, i) => x.length - 1 - i);
  return [
    opCase('gather', 'special values', 'exact', () => ({
      x,
      index,
      out: { dtype: 'float32', length: x.length },
      ...sizes,
    })),
    opCase('scatter', 'special values', 'exact', () => ({ x, index, out: floats(x.length, 3), ...sizes })),
  ];
}

export const gatherCases: readonly Case[] = [...shapes.flatMap(casesOf), ...specialCases()];
