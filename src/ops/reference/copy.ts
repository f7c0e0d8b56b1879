/** Ops that move elements: fill, copy, cast, and rows by index. */
import { ArgumentError } from '../../errors.js';
import { isInt32Array } from '../../realm.js';
import type { HostArray, Ops } from '../ops.js';
import { forEachRow, innermostRow } from './layout.js';
import { readFloats, readInts, writeFloats } from './memory.js';

/** Within int32; storing truncates towards zero and makes 0 of NaN, which stays one here. */
function saturate(value: number): number {
  return Math.min(Math.max(value, -2147483648), 2147483647);
}

export const copyOps: Pick<Ops, 'fill' | 'copy' | 'cast' | 'indexSelect' | 'indexAdd' | 'gatherRows'> = {
  fill({ out, value, n }) {
    out.write().fill(value, 0, n);
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

  indexSelect({ x, index, out, width, count }) {
    const source = x.read();
    const rows = readInts(index);
    const target = out.write();
    for (let r = 0; r < count; r++) {
      const start = rows[r]! * width;
      for (let c = 0; c < width; c++) target[r * width + c] = source[start + c]!;
    }
  },

  indexAdd({ grad, index, out, rows, width, count }) {
    const source = readFloats(grad);
    const targets = readInts(index);
    const total = new Float64Array(rows * width);
    for (let r = 0; r < count; r++) {
      const start = targets[r]! * width;
      for (let c = 0; c < width; c++) total[start + c]! += source[r * width + c]!;
    }
    writeFloats(out).set(total);
  },

  gatherRows({ x, index, out, rows, width, count, step }) {
    const source = x.read();
    const order = readInts(index);
    const first = step.value * count;
    if (order.length < first + count)
      throw new ArgumentError(`gatherRows: index needs ${first + count} elements, got ${order.length}`);
    const chosen = order.subarray(first, first + count);
    for (const row of chosen)
      if (row < 0 || row >= rows) throw new ArgumentError(`gatherRows: index must be in [0, ${rows}), got ${row}`);
    const target = out.write();
    chosen.forEach((row, r) => {
      target.set(source.subarray(row * width, (row + 1) * width), r * width);
    });
  },
};
