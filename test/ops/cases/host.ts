/** Ops that run on the host on every backend: drawing and checking. */
import { NotFiniteError } from '../../../src/ops/graph.js';
import { rangeLaws } from '../../../src/ops/host.js';
import { floats } from '../../helpers/values.js';
import { type Case, opCase, sumUnits } from './case.js';
import { matmulCondition } from './matmul.js';

const keys = [
  [1, 2],
  [0xffffffff, 0x80000000],
  [2414563044, 1870483892],
] as const;

const keyCases = keys.map((key) =>
  opCase('drawKey', `${key[0]} and ${key[1]}`, 'exact', () => ({ source: { nextKey: () => key }, key: 2 })),
);

/** A source that answers from a table, so that the order of the draws shows. */
const drawCases = [0, 1, 17].flatMap((length) =>
  (['float32', 'int32'] as const).map((dtype) =>
    opCase('draw', `${length} of ${dtype}`, 'exact', () => {
      const drawn = floats(length, 71, 0, 100);
      return { draw: { source: {}, fill: (array) => array.set(drawn) }, out: { dtype, length } };
    }),
  ),
);

const indexCases: readonly (readonly [index: number[], bound: number, throws?: string])[] = [
  [[], 0],
  [[0, 4, 2], 5],
  [[0, 5], 5, 'index 5 is out of bounds for dimension 0 with size 5'],
  [[3, -1], 5, 'index -1 is out of bounds for dimension 0 with size 5'],
];

const targetCases: readonly (readonly [target: number[], ignoreIndex: number, throws?: string])[] = [
  [[], -100],
  [[0, -100, 2], -100],
  [[7, 1], 7],
  [[0, 3], -100, 'Target 3 is out of bounds. It is the label of row 1; there are 3 classes'],
  [[-1, 0], -100, 'Target -1 is out of bounds. It is the label of row 0; there are 3 classes'],
  [[-100], 1, 'Target -100 is out of bounds. It is the label of row 0; there are 3 classes'],
];

const finiteCases: readonly (readonly [name: string, x: number[], n: number, finite: boolean])[] = [
  ['nothing', [], 0, true],
  ['extremes', [0, -0, 3.4e38, -3.4e38, 1e-45], 5, true],
  ['a NaN behind them', [1, 2, Number.NaN], 2, true],
  ['a NaN', [1, 2, Number.NaN], 3, false],
  ['Infinity', [Number.POSITIVE_INFINITY, 2, 3], 3, false],
  ['-Infinity', [1, Number.NEGATIVE_INFINITY, 3], 3, false],
];

const rangeCases: readonly (readonly [
  name: string,
  x: number[] | Int32Array,
  n: number,
  law: number,
  holds: boolean,
])[] = [
  ['nothing', [], 0, 0, true],
  ['the ends', [0, 1, 0.5, -0], 4, 0, true],
  ['beyond n', [0, 1, 2], 2, 0, true],
  ['above', [0, 1, 1.0000001], 3, 0, false],
  ['below', [-1e-30, 1], 2, 1, false],
  ['a NaN', [0.5, Number.NaN], 2, 2, false],
  ['int32', Int32Array.of(0, 1), 2, 3, true],
  ['int32 above', Int32Array.of(1, 2), 2, 5, false],
  ['int32 below', Int32Array.of(-1, 1), 2, 4, false],
];

export const hostCases: readonly Case[] = [
  ...rangeCases.map(([name, x, n, law, holds]) =>
    opCase(
      'checkRange',
      name,
      'exact',
      () => ({ x: x instanceof Int32Array ? x : Float32Array.from(x), n, low: 0, high: 1, law }),
      holds ? {} : { throws: rangeLaws[law]! },
    ),
  ),
  ...keyCases,
  ...drawCases,
  ...indexCases.map(([index, bound, throws]) =>
    opCase(
      'checkIndex',
      `[${index}] below ${bound}`,
      'exact',
      () => ({ index: Int32Array.from(index), bound, dim: 0 }),
      {
        ...(throws === undefined ? {} : { throws }),
      },
    ),
  ),
  ...targetCases.map(([target, ignoreIndex, throws]) =>
    opCase(
      'checkTarget',
      `[${target}] of 3 classes, ${ignoreIndex} ignored`,
      'exact',
      () => ({ target: Int32Array.from(target), classes: 3, ignoreIndex }),
      throws === undefined ? {} : { throws },
    ),
  ),
  ...finiteCases.map(([name, x, n, finite], layer) =>
    opCase(
      'checkFinite',
      name,
      'exact',
      () => ({ x: Float32Array.from(x), n, layer }),
      finite ? {} : { throws: new NotFiniteError(layer) },
    ),
  ),
  // Without a process group; on several ranks in test/distributed.
  ...(['allReduce', 'allReduceStart'] as const).flatMap((op) =>
    [1, 3].flatMap((divisor) =>
      [[5], [0], [17, 0, 100]].map((counts) =>
        opCase(
          op,
          `${counts} of one rank by ${divisor}`,
          'exact',
          () => ({ x: counts.map((count) => floats(count, 7 + count)), out: counts, divisor }),
          { inPlace: [Object.fromEntries(counts.map((_, i) => [`out[${i}]`, `x[${i}]`]))] },
        ),
      ),
    ),
  ),
  ...(
    [
      [1, 1, 1, 1],
      [37, 53, 61, 2],
      [130, 17, 9, 4],
      [0, 3, 4, 2],
      [5, 3, 0, 3],
    ] as const
  ).flatMap(([m, n, k, parts]) =>
    [false, true].map((transA) => {
      const transB = !transA && m > 1;
      const sizes = { m, n, k, transA, transB };
      return opCase(
        'allReduceMatmulStart',
        `${m}x${n}x${k} ${transA ? 'T' : 'N'}${transB ? 'T' : 'N'} in ${parts} parts of one rank`,
        {
          ...{ ulp: 2, units: sumUnits(k) },
          condition: (args) => matmulCondition({ ...args, batch: 1, aStride: 0, bStride: 0 }),
        },
        () => ({ a: floats(m * k, 3 + m), b: floats(k * n, 4 + n), out: m * n, ...sizes, parts, divisor: 2 }),
        k === 0 ? { provesLittle: 'a sum of no products is 0' } : {},
      );
    }),
  ),
  ...[[], [0], [0, 0]].map((out) =>
    opCase('allReduceWait', `for ${out.length} without elements`, 'exact', () => ({ out }), {
      provesLittle: 'one rank computes nothing there',
    }),
  ),
];
