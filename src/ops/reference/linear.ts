/** x·weightᵀ + bias. */
import type { Ops } from '../ops.js';
import { multiply } from './matmul.js';
import { readFloats, writeFloats } from './memory.js';

export const linearOps: Pick<Ops, 'linear'> = {
  linear({ x, weight, bias, out, rows, inFeatures, outFeatures }) {
    multiply(
      { data: readFloats(x), offset: 0, rowStride: inFeatures, columnStride: 1 },
      { data: readFloats(weight), offset: 0, rowStride: 1, columnStride: inFeatures },
      bias === null ? null : readFloats(bias),
      writeFloats(out),
      0,
      [rows, outFeatures, inFeatures],
    );
  },
};
