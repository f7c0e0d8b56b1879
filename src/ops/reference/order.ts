/** Orders and running sums along the middle of [outer, size, inner]. */
import { isInt32Array } from '../../realm.js';
import type { Ops } from '../ops.js';
import { writeInts } from './memory.js';

/** Less than 0 when a comes first. NaN is the largest, and equal to NaN. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

/** Where each line along the middle starts; its elements are `inner` apart. */
function forEachLine(outer: number, size: number, inner: number, visit: (start: number) => void): void {
  if (size === 0) return;
  for (let o = 0; o < outer && inner > 0; o++) for (let i = 0; i < inner; i++) visit(o * size * inner + i);
}

export const orderOps: Pick<Ops, 'argsort' | 'cumsum'> = {
  argsort({ x, index, outer, size, inner, descending }) {
    const source = x.read();
    const target = writeInts(index);
    const sign = descending ? -1 : 1;
    forEachLine(outer, size, inner, (start) => {
      const order = Array.from({ length: size }, (_, j) => j);
      // Array.prototype.sort is stable.
      order.sort((p, q) => sign * compare(source[start + p * inner]!, source[start + q * inner]!));
      for (let j = 0; j < size; j++) target[start + j * inner] = order[j]!;
    });
  },

  cumsum({ x, out, outer, size, inner, reverse }) {
    const source = x.read();
    const target = out.write();
    const isInteger = isInt32Array(target);
    forEachLine(outer, size, inner, (start) => {
      let sum = 0;
      for (let j = 0; j < size; j++) {
        const at = start + (reverse ? size - 1 - j : j) * inner;
        sum += source[at]!;
        if (isInteger) sum |= 0;
        target[at] = sum;
      }
    });
  },
};
