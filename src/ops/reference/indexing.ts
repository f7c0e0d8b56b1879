/** Rows by index. */
import { ArgumentError } from '../../errors.js';
import type { Ops } from '../ops.js';
import { plainCall } from '../pointwise-program.js';
import { numberOf } from '../roles.js';
import { readFloats, readInts, temporary, writeFloats } from './memory.js';
import { pointwiseOps } from './pointwise.js';

export const indexingOps: Pick<Ops, 'indexSelect' | 'indexAdd' | 'gatherRows' | 'indexUpdate'> = {
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

  indexUpdate({ grad, index, counts, program, states, scalars, step, width, count }) {
    const source = readFloats(grad);
    const targets = readInts(index).subarray(0, count);
    const weights = counts === null ? null : readFloats(counts);
    const named = [...new Set(targets.filter((_, r) => weights === null || weights[r] !== 0))];
    const places = new Map(named.map((row, place) => [row, place]));
    const total = new Float64Array(named.length * width);
    targets.forEach((row, r) => {
      const place = places.get(row);
      if (place !== undefined) for (let c = 0; c < width; c++) total[place * width + c]! += source[r * width + c]!;
    });
    // The rows that are named, one behind the other.
    const sums = temporary(grad.dtype, total.length);
    writeFloats(sums).set(total);
    const tables = states.map(writeFloats);
    const rows = tables.map((table) => {
      const memory = temporary(grad.dtype, total.length);
      const own = writeFloats(memory);
      named.forEach((row, place) => {
        own.set(table.subarray(row * width, (row + 1) * width), place * width);
      });
      return memory;
    });
    const layout = Float64Array.of(total.length, 1, ...rows.map(() => 1));
    pointwiseOps.pointwise({ ...plainCall, program, inputs: [sums, ...rows], scalars, outputs: rows, step, layout });
    tables.forEach((table, i) => {
      const own = readFloats(rows[i]!);
      named.forEach((row, place) => {
        table.set(own.subarray(place * width, (place + 1) * width), row * width);
      });
    });
  },
};
