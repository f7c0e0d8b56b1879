/** x·weightᵀ + bias, by itself or with what follows it in a network. */
import { BackendError } from '../../errors.js';
import type { Ops } from '../ops.js';
import { dropoutOps } from './dropout.js';
import { elementwiseOps } from './elementwise.js';
import { multiply } from './matmul.js';
import { readFloats, writeFloats } from './memory.js';

/** Panels are a layout of the native backends. */
export function refusePanels(packed: boolean): void {
  if (packed) throw new BackendError('reference: weights lie row by row, not in panels');
}

export const linearOps: Pick<Ops, 'linear' | 'linearActivation'> = {
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

  linearActivation({ x, weight, bias, key, out, rows, inFeatures, outFeatures, relu, p, rowOffset, packed }) {
    refusePanels(packed);
    linearOps.linear({ x, weight, bias, out, rows, inFeatures, outFeatures });
    if (relu) elementwiseOps.relu({ x: out, out, n: rows * outFeatures });
    if (key !== null) dropoutOps.dropout({ x: out, key, out, rows, columns: outFeatures, p, rowOffset });
  },
};
