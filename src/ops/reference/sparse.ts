/** A sparse matrix along the middle of [outer, size, inner]. */
import type { Ops } from '../ops.js';
import { readFloats, writeFloats } from './memory.js';

export const sparseOps: Pick<Ops, 'sparseMatmul'> = {
  sparseMatmul({ x, out, matrix, outer, size, rows, entries, inner }) {
    const source = readFloats(x);
    const target = writeFloats(out);
    const columns = matrix.subarray(rows + 1, rows + 1 + entries);
    const weights = matrix.subarray(rows + 1 + entries);
    for (let o = 0; o < outer; o++)
      for (let r = 0; r < rows; r++)
        for (let i = 0; i < inner; i++) {
          const [first, end] = [matrix[r]!, matrix[r + 1]!];
          const product = (e: number) => weights[e]! * source[(o * size + columns[e]!) * inner + i]!;
          // A single product keeps the sign of its zero.
          let sum = first < end ? product(first) : 0;
          for (let e = first + 1; e < end; e++) sum += product(e);
          target[(o * rows + r) * inner + i] = sum;
        }
  },
};
