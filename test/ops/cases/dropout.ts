/** dropout. The mask is integers and the product one rounding, so all is exact. */
import { maskKey } from '../../../src/ops/mask.js';
import { floats, specialMix } from '../../helpers/values.js';
import { type Case, opCase, seedOf } from './case.js';

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

function key(seed: number): Int32Array {
  return Int32Array.from(maskKey(seed, 0, 3, 0));
}

function makeCases(): Case[] {
  const cases: Case[] = [];
  const add = (name: string, x: Float32Array, [rows, columns]: readonly [number, number], p: number, rowOffset = 0) => {
    const args = () => ({ x, key: key(seedOf(name)), out: rows * columns, rows, columns, p, rowOffset });
    const provesLittle = p > 0.4 ? { provesLittle: 'about a share of p is dropped' } : {};
    cases.push(opCase('dropout', name, 'exact', args, { inPlace: ['x'], ...provesLittle }));
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

export const dropoutCases: readonly Case[] = makeCases();
