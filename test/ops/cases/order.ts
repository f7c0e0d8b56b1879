/** argsort and cumsum along the middle of [outer, size, inner]. Both are exact: sums are kept in float64. */
import { floats, ints, specialMix, specials } from '../../helpers/values.js';
import { type Case, opCase, seedOf } from './case.js';

type Triple = readonly [outer: number, size: number, inner: number];

/** The last ones go over the threshold for threads. */
const shapes: readonly Triple[] = [
  [1, 1, 1],
  [0, 3, 2],
  [3, 0, 2],
  [3, 2, 0],
  [1, 7, 1],
  [3, 9, 1],
  [4, 16, 3],
  [3, 17, 17],
  [1, 33, 8],
  [101, 10, 1],
  [1, 1021, 1],
  [257, 403, 1],
  [1, 401, 307],
  [1, 100003, 1],
];

function casesOf([outer, size, inner]: Triple): Case[] {
  const name = `${outer}x${size}x${inner}`;
  const seed = seedOf(`order ${name}`);
  const n = outer * size * inner;
  const sizes = { outer, size, inner };
  // In coarse steps: equal numbers everywhere, which keep their order.
  const coarse = floats(n, seed, -size, size).map((value) => Math.round(value) / 4);
  const integers = ints(n, seed + 1, -2e9, 2e9);
  const small = size < 3 ? { provesLittle: 'short lines have few orders' } : {};
  return [false, true].flatMap((flag): Case[] => {
    const end = flag ? 'from the end' : 'from the start';
    const direction = flag ? 'descending' : 'ascending';
    return [
      opCase(
        'argsort',
        `${name} ${direction}`,
        'exact',
        () => ({ x: coarse, index: n, ...sizes, descending: flag }),
        small,
      ),
      opCase(
        'argsort',
        `${name} int32 ${direction}`,
        'exact',
        () => ({ x: integers, index: n, ...sizes, descending: flag }),
        small,
      ),
      opCase('cumsum', `${name} ${end}`, 'exact', () => ({
        x: floats(n, seed + 2),
        out: { dtype: 'float32', length: n },
        ...sizes,
        reverse: flag,
      })),
      opCase('cumsum', `${name} int32 ${end}`, 'exact', () => ({
        x: integers,
        out: { dtype: 'int32', length: n },
        ...sizes,
        reverse: flag,
      })),
    ];
  });
}

function specialCases(): Case[] {
  const x = specialMix(6);
  const n = x.length;
  const each = (descending: boolean) =>
    opCase('argsort', `special values, ${descending ? 'descending' : 'ascending'}`, 'exact', () => ({
      x,
      index: n,
      outer: 1,
      size: n,
      inner: 1,
      descending,
    }));
  // Each special value in a separate line.
  const lines = floats(specials.length * 5, 8);
  specials.forEach((value, line) => {
    lines[line * 5 + (line % 5)] = value;
  });
  const out = { dtype: 'float32', length: lines.length } as const;
  const sums = () => ({ x: lines, out, outer: specials.length, size: 5, inner: 1, reverse: false });
  return [each(false), each(true), opCase('cumsum', 'special values', 'exact', sums)];
}

export const orderCases: readonly Case[] = [...shapes.flatMap(casesOf), ...specialCases()];
