/** Dropout by the counter-based mask of ops/mask.ts. */
import { maskDraw, maskRowStart, maskScale, maskThreshold } from '../mask.js';
import type { Ops } from '../ops.js';
import { readFloats, readInts, writeFloats } from './memory.js';

export const dropoutOps: Pick<Ops, 'dropout'> = {
  dropout({ x, key, out, rows, columns, p, rowOffset }) {
    const source = readFloats(x);
    const target = writeFloats(out);
    const keys = readInts(key);
    const k0 = keys[0]!;
    const k1 = keys[1]!;
    const limit = maskThreshold(p) - 32768;
    const scale = maskScale(p);
    for (let r = 0; r < rows; r++) {
      const rowStart = maskRowStart(r + rowOffset, columns);
      for (let c = 0; c < columns; c++) {
        const keep = maskDraw(k0, k1, rowStart, c) < limit;
        target[r * columns + c] = source[r * columns + c]! * (keep ? scale : 0);
      }
    }
  },
};
