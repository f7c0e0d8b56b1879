/**
 * Linear maps along one dimension: each position of the result is a sum of few positions of the input. Padding by reflection, unfolding
 * and interpolation are such maps, one for each dimension; their gradients are the transposed ones.
 */
import { currentOps } from '../ops/backend.js';
import type { Layout } from '../ops/ops.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { around, empty } from './support.js';

/** [rows, size] in compressed sparse rows, as the op `sparseMatmul` takes it. */
export interface SparseMatrix {
  readonly size: number;
  readonly rows: number;
  readonly entries: number;
  readonly matrix: Layout;
}

/** Where a number comes from, and what it is multiplied with. */
export type SparseEntry = readonly [column: number, weight: number];

export function sparseMatrix(size: number, rows: number, row: (r: number) => readonly SparseEntry[]): SparseMatrix {
  const lists = Array.from({ length: rows }, (_, r) => row(r));
  const entries = lists.reduce((count, list) => count + list.length, 0);
  const matrix = new Float64Array(rows + 1 + 2 * entries);
  let at = 0;
  for (const [r, list] of lists.entries()) {
    for (const [column, weight] of list) {
      matrix[rows + 1 + at] = column;
      matrix[rows + 1 + entries + at] = weight;
      at++;
    }
    matrix[r + 1] = at;
  }
  return { size, rows, entries, matrix };
}

/** Each position of the result is one of the input. */
export const selection = (size: number, rows: number, source: (r: number) => number): SparseMatrix =>
  sparseMatrix(size, rows, (r) => [[source(r), 1]]);

/** The entries of each column in the order of the rows. */
export function transposedMatrix({ size, rows, entries, matrix }: SparseMatrix): SparseMatrix {
  const lists = Array.from({ length: size }, (): SparseEntry[] => []);
  for (let r = 0; r < rows; r++)
    for (let e = matrix[r]!; e < matrix[r + 1]!; e++)
      lists[matrix[rows + 1 + e]!]!.push([r, matrix[rows + 1 + entries + e]!]);
  return sparseMatrix(rows, size, (column) => lists[column]!);
}

/** The map along `dim` of a float tensor, whose size there is that of the matrix. Gradient: the transposed map of grad. */
export function alongDim(gradName: string, input: Tensor, dim: number, matrix: SparseMatrix): Tensor {
  const output = mapped(input, dim, matrix);
  return setGradFn(gradName, output, [input], [], (grad) => [mapped(grad, dim, transposedMatrix(matrix))]);
}

function mapped(input: Tensor, dim: number, { size, rows, entries, matrix }: SparseMatrix): Tensor {
  const output = empty(input.shape.with(dim, rows), input.dtype);
  const { outer, inner } = around(input.shape, dim);
  currentOps().sparseMatmul({ x: input.storage, out: output.storage, matrix, outer, size, rows, entries, inner });
  return output;
}
