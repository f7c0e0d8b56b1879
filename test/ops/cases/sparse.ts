/** A sparse matrix along the middle of [outer, size, inner]. */
import { floats, specials } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';

type Row = readonly (readonly [column: number, weight: number])[];

/** Compressed sparse rows, as the contract has them. */
function matrixOf(rows: readonly Row[]): { matrix: Float64Array; rows: number; entries: number } {
  const starts = [0];
  for (const row of rows) starts.push(starts.at(-1)! + row.length);
  const all = rows.flat();
  const matrix = Float64Array.of(...starts, ...all.map(([column]) => column), ...all.map(([, weight]) => weight));
  return { matrix, rows: rows.length, entries: all.length };
}

/** Σ |weight·x|: what is added up. */
function sizes({ x, matrix, outer, size, rows, entries, inner }: CaseArgs<'sparseMatmul'>): { out: Float64Array } {
  const out = new Float64Array(outer * rows * inner);
  out.forEach((_, at) => {
    const [i, r, o] = [at % inner, Math.floor(at / inner) % rows, Math.floor(at / (inner * rows))];
    for (let e = matrix[r]!; e < matrix[r + 1]!; e++)
      out[at]! += Math.abs(matrix[rows + 1 + entries + e]! * x[(o * size + matrix[rows + 1 + e]!) * inner + i]!);
  });
  return { out };
}

/** Row r has (r mod most) + 1 entries, or none, from all over the columns, in no order. */
function scattered(rows: number, size: number, most: number): Row[] {
  const weights = floats(rows * most, seedOf(`sparse ${rows} ${size}`));
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: size === 0 ? 0 : (r * 7 + 1) % (most + 1) }, (_, e): [number, number] => [
      (r * 5 + e * 3) % size,
      weights[r * most + e]!,
    ]),
  );
}

/** The last ones go over the threshold for threads. */
const shapes = [
  { outer: 1, size: 1, rows: 1, inner: 1, most: 1 },
  { outer: 0, size: 3, rows: 2, inner: 2, most: 2 },
  { outer: 3, size: 3, rows: 0, inner: 2, most: 2 },
  { outer: 3, size: 0, rows: 2, inner: 2, most: 2 },
  { outer: 3, size: 3, rows: 4, inner: 0, most: 2 },
  { outer: 2, size: 5, rows: 7, inner: 1, most: 3 },
  { outer: 3, size: 7, rows: 4, inner: 17, most: 4 },
  { outer: 1, size: 16, rows: 33, inner: 15, most: 5 },
  { outer: 311, size: 23, rows: 17, inner: 9, most: 3 },
  { outer: 5003, size: 11, rows: 13, inner: 1, most: 2 },
];

export const sparseCases: readonly Case[] = [
  ...shapes.map(({ most, ...shape }) => {
    const { outer, size, rows, inner } = shape;
    const name = `${outer}x${size}x${inner} to ${rows} rows`;
    const options = { provesLittle: 'some rows have no entries' };
    return opCase(
      'sparseMatmul',
      name,
      // Weights are rounded, then products and sums.
      { ulp: 1, units: sumUnits(most) + 2, condition: sizes },
      () => ({
        x: floats(outer * size * inner, seedOf(name)),
        out: outer * rows * inner,
        ...{ outer, size, inner, ...matrixOf(scattered(rows, size, most)) },
      }),
      options,
    );
  }),
  opCase('sparseMatmul', 'moves numbers as they are', 'exact', () => {
    const ordinary = floats(60, 3);
    const x = ordinary.map((value, i) => (i % 3 === 0 ? value : specials[i % specials.length]!));
    const rows = [[[4, 1]], [[0, 1]], [[4, 1]], [[2, 1]]] as const;
    return { x, out: 48, outer: 3, size: 5, inner: 4, ...matrixOf(rows) };
  }),
  opCase(
    'sparseMatmul',
    'special values',
    { ulp: 1, units: 4, condition: sizes },
    () => {
      const { length } = specials;
      const rows = [
        [
          [0, 0.5],
          [1, 0.25],
        ],
        [[1, -2]],
      ] as const;
      return {
        x: Float32Array.of(...specials, ...specials.toReversed()),
        out: 2 * length,
        ...{ outer: 1, size: 2, inner: length, ...matrixOf(rows) },
      };
    },
    { subnormal: true },
  ),
];
