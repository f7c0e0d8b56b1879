/** fill, copy, cast and rows by index: nothing is computed, so everything is exact. */
import { floats, ints, specialMix, specials, subnormals, uniform } from '../../helpers/values.js';
import { type Case, type CaseArgs, lengths, opCase, seedOf, sumUnits } from './case.js';
import { contiguous, count, extent, layout } from './layouts.js';

function fillCases(): Case[] {
  const provesLittle = 'fill gives one value everywhere';
  const fill = (dtype: 'float32' | 'int32', value: number, length: number): Case =>
    opCase('fill', `${length} ${dtype} with ${value}`, 'exact', () => ({ out: { dtype, length }, value, n: length }), {
      provesLittle,
      // The value becomes a float32 where subnormals are flushed.
      subnormal: true,
    });
  return [
    ...lengths.flatMap((n) => [fill('float32', 0.1, n), fill('int32', -7, n)]),
    ...[Number.NaN, Number.NEGATIVE_INFINITY, 1e-40].map((value) => fill('float32', value, 19)),
    ...[-2147483648, 2147483647, 0].map((value) => fill('int32', value, 19)),
  ];
}

type CopyShape = readonly [
  name: string,
  sizes: number[],
  x: number[],
  out: number[],
  offsets?: readonly [x: number, out: number],
];

const copyShapes: readonly CopyShape[] = [
  ...lengths.map((n): CopyShape => [`${n} elements`, [n], [1], [1]]),
  ['a slice of each', [33], [1], [1], [5, 3]],
  ['a transposed matrix', [37, 53], [1, 37], [53, 1]],
  ['into a transposed matrix', [16, 33], [33, 1], [1, 16]],
  ['a column out of a matrix', [19], [7], [1], [3, 0]],
  ['into a column of a matrix', [19], [1], [7], [0, 6]],
  ['a block into a block', [5, 9], [20, 1], [31, 1], [22, 40]],
  ['every other element', [101], [2], [1]],
  ['a scalar, repeated', [45], [0], [1], [2, 0]],
  ['a row, repeated', [7, 17], [0, 1], [17, 1]],
  ['a column, repeated', [17, 7], [1, 0], [7, 1]],
  ['3 dimensions permuted', [6, 5, 8], [1, 48, 6], [40, 8, 1]],
  ['4 dimensions permuted', [3, 4, 5, 6], [30, 6, 90, 1], [120, 30, 6, 1], [0, 11]],
  ['5 dimensions reversed', [2, 3, 4, 3, 5], [1, 2, 6, 24, 72], [180, 60, 15, 5, 1]],
  ['a size of 0', [4, 0, 3], [3, 3, 1], [3, 3, 1]],
  ['a large transposed matrix', [300, 401], [1, 300], [401, 1]],
];

function copyCases(): Case[] {
  return copyShapes.flatMap(([name, sizes, x, out, offsets = [0, 0]]) => {
    const make = (dtype: string, values: (n: number, seed: number) => Float32Array | Int32Array): Case => {
      const seed = seedOf(`copy ${name}`);
      const args = (): CaseArgs<'copy'> => ({
        // 4 elements more than are reached: they stay as they were.
        x: values(offsets[0] + extent(sizes, x) + 4, seed),
        out: values(offsets[1] + extent(sizes, out) + 4, seed + 1),
        layout: layout(sizes, x, out),
        xOffset: offsets[0],
        outOffset: offsets[1],
      });
      return opCase('copy', `${dtype}, ${name}`, 'exact', args);
    };
    return [make('float32', floats), make('int32', (n, seed) => ints(n, seed, -1e9, 1e9))];
  });
}

/** What has no int32 counterpart. */
const uncastable = [2147483520, 2147483648, -2147483648, -2147483904, 3e9, -3e9, 1e30, -0.9, 0.9, 1.9, -1.9, 2.5];
const wideInts = [16777217, -16777217, 2147483647, -2147483648, 16777219, 33554435, 0, -1];

function castCases(): Case[] {
  const cast = (name: string, x: Float32Array | Int32Array, dtype: 'float32' | 'int32'): Case =>
    opCase('cast', `${name} to ${dtype}`, 'exact', () => ({ x, out: { dtype, length: x.length }, n: x.length }));
  const both = (name: string, x: Float32Array | Int32Array): Case[] => [
    cast(name, x, 'float32'),
    cast(name, x, 'int32'),
  ];
  return [
    ...lengths.flatMap((n) => [
      ...both(`${n} float32`, floats(n, seedOf(`cast ${n}`), -100, 100)),
      ...both(`${n} int32`, ints(n, seedOf(`cast int ${n}`), -1e6, 1e6)),
    ]),
    ...both('special float32', specialMix(3, [...specials, ...uncastable])),
    cast('subnormal float32', specialMix(4, subnormals), 'float32'),
    ...both('wide int32', Int32Array.from([...wideInts, ...wideInts, ...wideInts])),
  ];
}

const tables: readonly (readonly [rows: number, width: number, count: number])[] = [
  [1, 1, 1],
  [3, 0, 4],
  [5, 7, 0],
  [4, 1, 37],
  [7, 17, 9],
  [10, 33, 64],
  [3, 16, 101],
  [1000, 101, 1021],
];

function indexCases(): Case[] {
  return tables.flatMap(([rows, width, n]) => {
    const name = `${n} of ${rows}x${width}`;
    const seed = seedOf(`index ${name}`);
    const index = ints(n, seed, 0, rows);
    const select = (dtype: 'float32' | 'int32'): Case =>
      opCase('indexSelect', `${name} ${dtype}`, 'exact', () => ({
        x: dtype === 'float32' ? floats(rows * width, seed + 1) : ints(rows * width, seed + 1, -1e9, 1e9),
        index,
        out: { dtype, length: n * width },
        rows,
        width,
        count: n,
      }));
    const hits = new Int32Array(rows);
    for (const row of index) hits[row]! += 1;
    const add = opCase(
      'indexAdd',
      name,
      { ulp: 1, units: sumUnits(Math.max(0, ...hits)), condition: indexAddCondition },
      () => ({ grad: floats(n * width, seed + 2), index, out: rows * width, rows, width, count: n }),
      n < rows * 0.75 ? { provesLittle: 'rows that are not named stay 0' } : {},
    );
    return [select('float32'), select('int32'), add];
  });
}

/** The same tables; the index holds three steps' rows, and the dynamic scalar says whose turn it is. */
function gatherCases(): Case[] {
  const steps = 3;
  const gather = ([rows, width, n]: (typeof tables)[number], dtype: 'float32' | 'int32', step: number): Case => {
    const name = `step ${step} of ${n} rows of ${rows}x${width} ${dtype}`;
    const seed = seedOf(`gather ${name}`);
    return opCase('gatherRows', name, 'exact', () => ({
      x: dtype === 'float32' ? floats(rows * width, seed + 1) : ints(rows * width, seed + 1, -1e9, 1e9),
      index: ints(n * steps, seed, 0, rows),
      out: { dtype, length: n * width },
      rows,
      width,
      count: n,
      step,
    }));
  };
  return tables.flatMap((table, i) => [gather(table, 'float32', i % steps), gather(table, 'int32', (i + 1) % steps)]);
}

/** The step's rows reach past the index, or name rows that are not there. */
function gatherRefusals(): Case[] {
  const refusal = (name: string, index: readonly number[], step: number, throws: string): Case => {
    const args = () => ({
      x: floats(6, 5),
      index: Int32Array.from(index),
      out: { dtype: 'float32' as const, length: 4 },
      rows: 3,
      width: 2,
      count: 2,
      step,
    });
    return opCase('gatherRows', name, 'exact', args, { throws });
  };
  return [
    refusal('an index too short', [0, 1, 2], 1, 'gatherRows: index needs 4 elements, got 3'),
    refusal('a row too far', [0, 1, 2, 3], 1, 'gatherRows: index must be in [0, 3), got 3'),
    refusal('a negative row', [-1, 1], 0, 'gatherRows: index must be in [0, 3), got -1'),
  ];
}

function indexAddCondition({ grad, index, rows, width }: CaseArgs<'indexAdd'>): { out: Float64Array } {
  const out = new Float64Array(rows * width);
  index.forEach((row, r) => {
    for (let c = 0; c < width; c++) out[row * width + c]! += Math.abs(grad[r * width + c]!);
  });
  return { out };
}

/** Dense permutations of up to 4 dimensions, drawn by seed: shapes that no case names. */
function permutedCases(): Case[] {
  return Array.from({ length: 12 }, (_, i) => {
    const draw = uniform(seedOf(`permuted ${i}`));
    const sizes = Array.from({ length: 2 + (i % 3) }, () => 1 + Math.floor(draw() * 12));
    const strides = contiguous(sizes);
    const order = sizes.map((_size, d) => ({ d, key: draw() })).sort((p, q) => p.key - q.key);
    const permuted = order.map(({ d }) => sizes[d]!);
    const from = order.map(({ d }) => strides[d]!);
    const n = count(sizes);
    return opCase('copy', `permuted ${sizes.join('x')} by ${order.map(({ d }) => d).join('')}`, 'exact', () => ({
      x: floats(n, i),
      out: floats(n, i + 100),
      layout: layout(permuted, from, contiguous(permuted)),
      xOffset: 0,
      outOffset: 0,
    }));
  });
}

export const memoryCases: readonly Case[] = [
  ...fillCases(),
  ...copyCases(),
  ...permutedCases(),
  ...castCases(),
  ...indexCases(),
  ...gatherCases(),
  ...gatherRefusals(),
];
