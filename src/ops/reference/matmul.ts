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
 * out[outOffset + i·n + j] = start[j] + Σ a(i, p)·b(p, j), p ascending. Operands become float64 first, so that the
 * inner loop is contiguous and sees one kind of array only: V8 makes it several times slower otherwise.
 */
export function multiply(
  a: MatrixView,
  b: MatrixView,
  start: FloatArray | null,
  out: FloatArray,
  outOffset: number,
  [m, n, k]: readonly [m: number, n: number, k: number],
): void {
  const left = new Float64Array(k);
  const right = toRows(b, k, n);
  const sums = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) left[p] = a.data[a.offset + i * a.rowStride + p * a.columnStride]!;
    if (start === null) sums.fill(0);
    else sums.set(start);
    addProduct(sums, left, right);
    out.set(sums, outOffset + i * n);
  }
}

function toRows(view: MatrixView, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0, at = 0; i < rows; i++) {
    const start = view.offset + i * view.rowStride;
    for (let j = 0; j < columns; j++, at++) result[at] = view.data[start + j * view.columnStride]!;
  }
  return result;
}

/** sums[j] += Σ left[p]·right(p, j), p ascending; four terms at a time keep the sum in a register, in the same order. */
function addProduct(sums: Float64Array, left: Float64Array, right: Float64Array): void {
  const n = sums.length;
  const k = left.length;
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    const f0 = left[p]!;
    const f1 = left[p + 1]!;
    const f2 = left[p + 2]!;
    const f3 = left[p + 3]!;
    for (let j = 0, at = p * n; j < n; j++, at++) {
      sums[j] = sums[j]! + f0 * right[at]! + f1 * right[at + n]! + f2 * right[at + 2 * n]! + f3 * right[at + 3 * n]!;
    }
  }
  for (; p < k; p++) {
    const factor = left[p]!;
    for (let j = 0, at = p * n; j < n; j++, at++) sums[j]! += factor * right[at]!;
  }
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
