/** Rows by index. */
import { ArgumentError } from '../../errors.js';
import type { Ops } from '../ops.js';
import { numberOf } from '../roles.js';
import { readFloats, readInts, writeFloats } from './memory.js';

export const indexingOps: Pick<Ops, 'indexSelect' | 'indexAdd' | 'gatherRows'> = {
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
    const first = numberOf(step) * count;
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
