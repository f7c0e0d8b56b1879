/** Ops that move elements: fill, copy, cast. */
import { isInt32Array } from '../../realm.js';
import type { HostArray, Ops } from '../ops.js';
import { numberOf } from '../roles.js';
import { forEachRow, innermostRow } from './layout.js';

/** Within int32; storing truncates towards zero and makes 0 of NaN, which stays one here. */
function saturate(value: number): number {
  return Math.min(Math.max(value, -2147483648), 2147483647);
}

export const copyOps: Pick<Ops, 'fill' | 'copy' | 'cast'> = {
  fill({ out, value, n }) {
    out.write().fill(numberOf(value), 0, n);
  },

  copy({ x, out, layout, xOffset, outOffset }) {
    const source = x.read();
    const target = out.write();
    const { size, firstStride, secondStride } = innermostRow(layout);
    forEachRow(layout, (first, second) => {
      let from = xOffset + first;
      let to = outOffset + second;
      for (let i = 0; i < size; i++, from += firstStride, to += secondStride) target[to] = source[from]!;
    });
  },

  cast({ x, out, n }) {
    const source = x.read();
    const target: HostArray = out.write();
    if (isInt32Array(target)) for (let i = 0; i < n; i++) target[i] = saturate(source[i]!);
    else for (let i = 0; i < n; i++) target[i] = source[i]!;
  },
};
