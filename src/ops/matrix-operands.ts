/** How the operands of a post-op lie over the rows of a product: by their lengths. */

/** Rows of a product seen as images: [images, rows of each, columns]. */
export type MatrixSizes = readonly [images: number, rows: number, columns: number];

/** How many images there are: an operand says so that has more than one row and fewer than all. */
export function matrixSizes(rows: number, columns: number, lengths: readonly number[]): MatrixSizes {
  const own = lengths.find((length) => length !== rows * columns && length > Math.max(1, columns));
  const images = own === undefined ? 1 : own / columns;
  return [images, rows / images, columns];
}

/** Strides over [images, rows, columns] of an operand of as many elements as the product, as one row, as a row for each image, or of one. */
export function matrixStrides(length: number, [images, rows, columns]: MatrixSizes): readonly number[] | null {
  if (length === images * rows * columns) return [rows * columns, columns, 1];
  if (length === columns) return [0, 0, 1];
  if (length === 1) return [0, 0, 0];
  return length === images * columns ? [columns, 0, 1] : null;
}
