/** Ops on int32 memory: exact, with wrapping, negative powers, ties. */
import { type IntegerOperation, integerOperations } from '../../../src/ops/ops.js';
import { ints } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf } from './case.js';
import { broadcastShapes, count, extent, layout } from './layouts.js';

const names = Object.keys(integerOperations) as IntegerOperation[];

const [least, most] = [-2147483648, 2147483647];
const edges = [least, least + 1, -65536, -7, -2, -1, 0, 1, 2, 3, 31, 32, 46341, 65536, most - 1, most];

/** All of int32; exponents that do not make 0 of everything. */
const left = (n: number, seed: number) => ints(n, seed, least, most);
const right = (op: IntegerOperation, n: number, seed: number) =>
  op === 'pow' ? ints(n, seed, -2, 9) : ints(n, seed, least, most);

function binaryCases(op: IntegerOperation): Case[] {
  const operation = integerOperations[op];
  const isTest = op === 'lt' || op === 'le' || op === 'eq';
  const few = isTest ? { provesLittle: 'tests give 1 or 0' } : {};
  const cases: Case[] = lengths.map((n) => {
    const seed = seedOf(`${op} ${n}`);
    const args = () => ({
      a: left(n, seed),
      b: right(op, n, seed + 1),
      out: n,
      operation,
      layout: layout([n], [1], [1]),
    });
    return opCase('integers', `${op}, ${n} elements`, 'exact', args, {
      inPlace: [{ out: 'a' }, { out: 'b' }],
      ...few,
    });
  });
  for (const [name, sizes, aStrides, bStrides] of broadcastShapes) {
    const seed = seedOf(`${op} ${name}`);
    const args = () => ({
      a: left(extent(sizes, aStrides), seed),
      b: right(op, extent(sizes, bStrides), seed + 1),
      out: count(sizes),
      operation,
      layout: layout(sizes, aStrides, bStrides),
    });
    cases.push(opCase('integers', `${op}, ${name}`, 'exact', args, few));
  }
  const n = edges.length ** 2;
  const pairs = () => ({
    a: Int32Array.from({ length: n }, (_, i) => edges[Math.floor(i / edges.length)]!),
    b: Int32Array.from({ length: n }, (_, i) => edges[i % edges.length]!),
    out: n,
    operation,
    layout: layout([n], [1], [1]),
  });
  const provesLittle = isTest ? few.provesLittle! : 'powers of large numbers are 0 mod 2^32';
  cases.push(opCase('integers', `${op}, edges of the range`, 'exact', pairs, { provesLittle }));
  return cases;
}

type Triple = readonly [outer: number, size: number, inner: number];
const shapes: readonly Triple[] = [
  [1, 1, 1],
  [0, 3, 2],
  [3, 2, 0],
  [1, 7, 1],
  [3, 9, 1],
  [5, 15, 3],
  [2, 17, 16],
  [101, 10, 1],
  [1, 100003, 1],
];

const sumCases = [...shapes, [4, 0, 5] as const].map(([outer, size, inner]) => {
  const name = `${outer}x${size}x${inner}`;
  const args = () => ({
    x: ints(outer * size * inner, seedOf(`sumInt ${name}`), -20000, 20000),
    out: { dtype: 'int32' as const, length: outer * inner },
    outer,
    size,
    inner,
  });
  return opCase('sum', `int32, ${name}`, 'exact', args, size === 0 ? { provesLittle: 'the sum of nothing is 0' } : {});
});

const sums = (what: string, values: readonly number[], throws?: string) =>
  opCase(
    'sum',
    `int32, ${what}`,
    'exact',
    () => ({ x: Int32Array.from(values), out: { dtype: 'int32', length: 1 }, outer: 1, size: values.length, inner: 1 }),
    throws === undefined ? {} : { throws },
  );

const edgeSums = [
  sums('the largest int32 on the way back', [most, most, -most]),
  sums('the smallest int32', [least + 1, -1]),
  sums('one too many', [most, 1], "sum: out cannot hold the sum 2147483648; convert x with to('float64') before"),
  sums('one too few', [least, -1], "sum: out cannot hold the sum -2147483649; convert x with to('float64') before"),
];

const extremeCases = [true, false].flatMap((largest) =>
  shapes.flatMap(([outer, size, inner]) =>
    // Few values, so that many are equal; and neighbours beyond the integers that float32 holds.
    ([['ties', -2, 3] as const, ['large numbers', most - 40, most] as const] as const).map(([what, low, high]) =>
      opCase(
        'extreme',
        `int32, ${largest ? 'largest' : 'smallest'}, ${outer}x${size}x${inner}, ${what}`,
        'exact',
        () => ({
          x: ints(outer * size * inner, seedOf(`${largest} ${what} ${size}`), low, high),
          out: { dtype: 'int32', length: outer * inner },
          index: outer * inner,
          outer,
          size,
          inner,
          largest,
        }),
        { provesLittle: 'extremes of few values are mostly the same' },
      ),
    ),
  ),
);

export const integerCases: readonly Case[] = [...names.flatMap(binaryCases), ...sumCases, ...edgeSums, ...extremeCases];
