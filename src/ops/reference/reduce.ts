/** Ops along the middle of [outer, size, inner] that leave one element of it. */
import { ArgumentError } from '../../errors.js';
import type { Ops } from '../ops.js';
import { plainCall } from '../pointwise-program.js';
import { numberOf } from '../roles.js';
import { temporary, writeInts } from './memory.js';
import { pointwiseOps } from './pointwise.js';

/** The codes of the op `reduce`. */
const kinds = { sum: 0, largest: 1 } as const;

export const reduceOps: Pick<Ops, 'sum' | 'extreme' | 'reduce'> = {
  reduce({ program, inputs, scalars, layout, out, index, outer, size, inner, kind, divisor }) {
    if (kind === kinds.sum && index !== null) throw new ArgumentError('reduce: index must be null for a sum');
    const x = temporary(out.dtype, outer * size * inner);
    pointwiseOps.pointwise({ ...plainCall, program, inputs, scalars, outputs: [x], layout });
    if (kind !== kinds.sum) {
      reduceOps.extreme({ x, out, index: index!, outer, size, inner, largest: kind === kinds.largest });
      return;
    }
    reduceOps.sum({ x, out, outer, size, inner });
    const sums = out.write();
    const by = numberOf(divisor);
    for (let at = 0; at < outer * inner; at++) sums[at]! /= by;
  },

  sum({ x, out, outer, size, inner }) {
    const source = x.read();
    // Otherwise an empty result of many empty rows would take its time.
    const sums = new Float64Array(inner === 0 ? 0 : outer * inner);
    for (let at = 0; at < sums.length; at++) {
      const first = Math.floor(at / inner) * size * inner + (at % inner);
      for (let s = 0; s < size; s++) sums[at]! += source[first + s * inner]!;
      if (x.dtype === 'int32' && (sums[at]! | 0) !== sums[at])
        throw new ArgumentError(`sum: out cannot hold the sum ${sums[at]}; convert x with to('float64') before`);
    }
    out.write().set(sums);
  },

  /** Keeps the first element that nothing beats; a NaN is beaten by nothing. */
  extreme({ x, out, index, outer, size, inner, largest }) {
    const source = x.read();
    const values = out.write();
    const positions = writeInts(index);
    for (let at = 0; at < outer * inner; at++) {
      const first = Math.floor(at / inner) * size * inner + (at % inner);
      let best = source[first]!;
      let position = 0;
      for (let s = 1; s < size && !Number.isNaN(best); s++) {
        const value = source[first + s * inner]!;
        if ((largest ? value > best : value < best) || Number.isNaN(value)) {
          best = value;
          position = s;
        }
      }
      values[at] = best;
      positions[at] = position;
    }
  },
};
