/** The arguments of ops that a program follows. */

/**
 * What becomes of a matrix product, a block of it at a time while it is in cache (oneDNN: post-op). The program's input 0 is the product; the
 * others have as many elements as the product, as one of its rows, as a row for each image (a run of rows; all are equally long, and all such operands
 * have the same number of rows), or 1. Its first output goes to `out`, the others to `outputs`, each of the product's size. Masks and rowOffset as in `pointwise`. Without a program the product goes to `out`.
 */
export const postOp = {
  program: 'program?',
  inputs: 'ins',
  keys: 'indexes',
  scalars: 'scalars',
  outputs: 'outs',
  rowOffset: 'size',
} as const;
