/** Ops along the middle of [outer, size, inner] that leave one element of it: sum, max, min. */
import type { OpArgs, Ops } from '../ops.js';
import { readFloats, writeFloats, writeInts } from './memory.js';

/** Keeps the first element that nothing beats; a NaN is beaten by nothing. */
function extreme(beats: (value: number, best: number) => boolean): (args: OpArgs<'max'>) => void {
  return ({ x, out, index, outer, size, inner }) => {
    const source = readFloats(x);
    const values = writeFloats(out);
    const positions = writeInts(index);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * size * inner + i;
        let best = source[start]!;
        let position = 0;
        for (let s = 1; s < size && !Number.isNaN(best); s++) {
          const value = source[start + s * inner]!;
          if (beats(value, best) || Number.isNaN(value)) {
            best = value;
            position = s;
          }
        }
        values[o * inner + i] = best;
        positions[o * inner + i] = position;
      }
    }
  };
}

export const reduceOps: Pick<Ops, 'sum' | 'max' | 'min'> = {
  sum({ x, out, outer, size, inner }) {
    const source = readFloats(x);
    const target = writeFloats(out);
    // Otherwise an empty result of many empty rows would take its time.
    if (inner === 0) return;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * size * inner + i;
        let total = 0;
        for (let s = 0; s < size; s++) total += source[start + s * inner]!;
        target[o * inner + i] = total;
      }
    }
  },

  max: extreme((value, best) => value > best),
  min: extreme((value, best) => value < best),
};
