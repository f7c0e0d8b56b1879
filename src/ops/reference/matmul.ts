/** Matrix products. */
import type { FloatArray, Ops } from '../ops.js';
import { readFloats, writeFloats } from './memory.js';

/** A matrix inside an array: element (i, j) stands at offset + i·rowStride + j·columnStride. */
export interface MatrixView {
  readonly data: FloatArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * out[outOffset + i·n + j] = start[j] + Σ a(i, p)·b(p, j), p ascending. Operands become float64 rows first, so that
 * the inner loop is contiguous and sees one kind of array only: V8 makes it several times slower otherwise.
 */
export function multiply(
  a: MatrixView,
  b: MatrixView,
  start: FloatArray | null,
  out: FloatArray,
  outOffset: number,
  [m, n, k]: readonly [m: number, n: number, k: number],
): void {
  const right = new Float64Array(k * n);
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < n; j++) right[p * n + j] = b.data[b.offset + p * b.rowStride + j * b.columnStride]!;
  }
  const sums = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    if (start === null) sums.fill(0);
    else sums.set(start);
    for (let p = 0; p < k; p++) {
      addScaledRow(sums, a.data[a.offset + i * a.rowStride + p * a.columnStride]!, right, p * n);
    }
    out.set(sums, outOffset + i * n);
  }
}

function addScaledRow(sums: Float64Array, factor: number, rows: Float64Array, start: number): void {
  for (let j = 0; j < sums.length; j++) sums[j]! += factor * rows[start + j]!;
}

export const matmulOps: Pick<Ops, 'matmul'> = {
  matmul({ a, b, out, batch, m, n, k, transA, transB, aStride, bStride }) {
    const left = readFloats(a);
    const right = readFloats(b);
    const target = writeFloats(out);
    for (let g = 0; g < batch; g++) {
      multiply(
        { data: left, offset: g * aStride, rowStride: transA ? 1 : k, columnStride: transA ? m : 1 },
        { data: right, offset: g * bStride, rowStride: transB ? 1 : n, columnStride: transB ? k : 1 },
        null,
        target,
        g * m * n,
        [m, n, k],
      );
    }
  },
};
