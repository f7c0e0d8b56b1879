/** The node `mask`: dropout and more. The mask is integers and the product one rounding, so all is exact. */
import { maskKey } from '../../../src/ops/mask.js';
import { intern } from '../../../src/pointwise/emit.js';
import { floats, specialMix } from '../../helpers/values.js';
import { type Case, opCase, seedOf } from './case.js';
import { extent, layout } from './layouts.js';
import { argsOf, over, programOf } from './programs.js';

const shapes: readonly (readonly [rows: number, columns: number])[] = [
  [0, 5],
  [5, 0],
  [1, 1],
  [37, 1],
  [3, 7],
  [5, 8],
  [4, 9],
  [7, 15],
  [6, 16],
  [9, 17],
  [3, 31],
  [4, 32],
  [5, 33],
  [1, 1021],
  [128, 100],
  [400, 257],
];

export const keyOf = (seed: number): Int32Array => Int32Array.from(maskKey(seed, 0, 3, 0));

export const dropout = programOf(1, 1, ([x], [p], graph) => x.mul(graph.mask(0, p)));

type Shape = readonly [rows: number, columns: number];

function dropoutCases(): Case[] {
  const cases: Case[] = [];
  const add = (name: string, x: Float32Array, [rows, columns]: Shape, p: number, rowOffset = 0) => {
    const args = () => ({
      ...argsOf({ program: dropout, inputs: [x], keys: [keyOf(seedOf(name))], scalars: [p], rowOffset }),
      // A size of 0 has no columns: the contract asks for 1 or more.
      columns: rows * columns === 0 ? 1 : columns,
    });
    const provesLittle = p > 0.4 ? { provesLittle: 'about a share of p is dropped' } : {};
    cases.push(opCase('pointwise', `mask, ${name}`, 'exact', args, { inPlace: [over(0)], ...provesLittle }));
  };
  for (const shape of shapes) {
    for (const p of [0.1, 0.5]) {
      const name = `${shape.join('x')}, p ${p}`;
      add(name, floats(shape[0] * shape[1], seedOf(name)), shape, p);
    }
  }
  for (const p of [0, 1e-5, 0.25, 0.9, 0.99999, 1]) add(`33x40, p ${p}`, floats(1320, 51), [33, 40], p);
  for (const offset of [1, 17, 2 ** 31, 2 ** 33 + 5]) {
    add(`9x19 from row ${offset}`, floats(171, 52), [9, 19], 0.3, offset);
  }
  for (const p of [0, 0.4, 1]) {
    const x = specialMix(53);
    add(`special values, p ${p}`, x, [1, x.length], p);
    add(`special values in a column, p ${p}`, x, [x.length, 1], p);
  }
  return cases;
}

const twoMasks = programOf(2, 2, ([x, y], [p, q], graph) => [
  x.mul(graph.mask(0, p)).add(y.mul(graph.mask(1, q))),
  graph.mask(0, q),
  x.mul(graph.mask(1, p.mul(q).add(0.1))),
]);
const noInput = programOf(0, 1, (_, [p], graph) => graph.mask(0, p));

/** The first mask is not needed: what follows keeps its own. */
const unneeded = intern({
  ...{ inputs: 1, keys: 2, scalars: 2, constants: [] },
  instructions: [
    { node: 'mask', key: 0, p: 1 },
    { node: 'mask', key: 1, p: 2 },
    { node: 'mask', key: 0, p: 2 },
    { node: 'mul', operands: [0, 5] },
    { node: 'sub', operands: [6, 4] },
  ],
  outputs: [7],
});

const zeros = { provesLittle: 'a mask is zeros and one other value' };

/** Whole numbers and p = 1/2, 3/4: scales 2 and 4, so that sums are exact. */
const others: readonly Case[] = [
  opCase(
    'pointwise',
    'mask, one that is not needed',
    'exact',
    () =>
      argsOf({
        ...{ program: unneeded, inputs: [floats(1320, 61).map((value) => Math.round(4 * value))] },
        ...{ keys: [keyOf(62), keyOf(63)], scalars: [0.5, 0.75], columns: 40 },
      }),
    zeros,
  ),
  ...shapes.flatMap(([rows, columns]) => {
    const n = rows * columns;
    const x = floats(n, 54).map((value) => Math.round(4 * value));
    const y = floats(n, 55).map((value) => Math.round(4 * value));
    const keys = [keyOf(56), keyOf(57)];
    const columnsOf = n === 0 ? 1 : columns;
    const name = `mask, two keys and a probability that is computed, ${rows}x${columns}`;
    const call = { program: twoMasks, inputs: [x, y], keys, scalars: [0.5, 0.75], columns: columnsOf, rowOffset: 3 };
    return [opCase('pointwise', name, 'exact', () => argsOf(call), zeros)];
  }),
  ...[
    [3, 7],
    [128, 100],
    [400, 257],
  ].map((sizes) =>
    opCase(
      'pointwise',
      `mask, no input, ${sizes.join('x')}`,
      'exact',
      () =>
        argsOf({ program: noInput, keys: [keyOf(58)], scalars: [0.3], layout: layout(sizes), columns: sizes.at(-1)! }),
      zeros,
    ),
  ),
  // The outputs as they lie in memory are what is masked, whatever the layout of the input.
  ...[7, 21, 105, 3, 1].map((columns) => {
    const [sizes, strides] = [
      [5, 3, 7],
      [1, 35, 5],
    ];
    const call = {
      program: dropout,
      inputs: [floats(extent(sizes, strides), 59)],
      keys: [keyOf(60)],
      scalars: [0.3],
      layout: layout(sizes, strides),
      columns,
    };
    return opCase('pointwise', `mask, a permuted input in rows of ${columns}`, 'exact', () => argsOf(call));
  }),
];

export const maskCases: readonly Case[] = [...dropoutCases(), ...others];
