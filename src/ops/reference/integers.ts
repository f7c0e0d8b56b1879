/** Arithmetic of int32 memory: exact, and modulo 2^32 where a result does not fit. */
import { ArgumentError } from '../../errors.js';
import type { OpArgs, Ops } from '../ops.js';
import { forEachRow, innermostRow } from './layout.js';
import { readInts, writeInts } from './memory.js';

function binary(compute: (a: number, b: number) => number): (args: OpArgs<'addInt'>) => void {
  return ({ a, b, out, layout }) => {
    const left = readInts(a);
    const right = readInts(b);
    const target = writeInts(out);
    const { size, firstStride, secondStride } = innermostRow(layout);
    forEachRow(layout, (first, second, position) => {
      for (let i = 0; i < size; i++)
        target[position + i] = compute(left[first + i * firstStride]!, right[second + i * secondStride]!);
    });
  };
}

function power(base: number, exponent: number): number {
  if (exponent < 0) {
    if (base === 1) return 1;
    return base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  }
  let result = 1;
  for (let left = exponent, square = base; left > 0; left = Math.floor(left / 2), square = Math.imul(square, square))
    if (left % 2 === 1) result = Math.imul(result, square);
  return result;
}

function extreme(isBetter: (a: number, b: number) => boolean): (args: OpArgs<'maxInt'>) => void {
  return ({ x, out, index, outer, size, inner }) => {
    const source = readInts(x);
    const values = writeInts(out);
    const places = writeInts(index);
    for (let at = 0; at < outer * inner; at++) {
      const first = Math.floor(at / inner) * size * inner + (at % inner);
      let best = 0;
      for (let s = 1; s < size; s++) if (isBetter(source[first + s * inner]!, source[first + best * inner]!)) best = s;
      values[at] = source[first + best * inner]!;
      places[at] = best;
    }
  };
}

export const integerOps: Pick<
  Ops,
  'addInt' | 'subInt' | 'mulInt' | 'powInt' | 'maximumInt' | 'minimumInt' | 'sumInt' | 'maxInt' | 'minInt'
> = {
  addInt: binary((a, b) => a + b),
  subInt: binary((a, b) => a - b),
  mulInt: binary(Math.imul),
  powInt: binary(power),
  maximumInt: binary(Math.max),
  minimumInt: binary(Math.min),
  maxInt: extreme((a, b) => a > b),
  minInt: extreme((a, b) => a < b),

  sumInt({ x, out, outer, size, inner }) {
    const source = readInts(x);
    const sums = new Float64Array(outer * inner);
    for (let at = 0; at < sums.length; at++) {
      const first = Math.floor(at / inner) * size * inner + (at % inner);
      for (let s = 0; s < size; s++) sums[at]! += source[first + s * inner]!;
      if ((sums[at]! | 0) !== sums[at])
        throw new ArgumentError(`sumInt: out cannot hold the sum ${sums[at]}; convert x with to('float64') before`);
    }
    writeInts(out).set(sums);
  },
};
