/** Layouts for cases, as tensor/shape.ts would make them, but never merged: ranks up to 5 reach the ops. */

/** Row-major strides. */
export function contiguous(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length).fill(1);
  for (let d = sizes.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * sizes[d + 1]!;
  return strides;
}

/** Sizes, and the strides of each operand. */
export function layout(sizes: readonly number[], ...strides: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from([...sizes, ...strides.flat()]);
}

/** How many elements an operand with these strides reaches over. */
export function extent(sizes: readonly number[], strides: readonly number[]): number {
  if (sizes.includes(0)) return 0;
  return 1 + sizes.reduce((sum, size, d) => sum + (size - 1) * strides[d]!, 0);
}

export function count(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

/** A pair of operands that broadcast: name, sizes of the output, strides of a and of b. */
export type BroadcastShape = readonly [name: string, sizes: number[], a: number[], b: number[]];

export const broadcastShapes: readonly BroadcastShape[] = [
  ['a scalar on the right', [1021], [1], [0]],
  ['a scalar on the left', [33], [0], [1]],
  ['a row', [17, 31], [31, 1], [0, 1]],
  ['a column', [17, 33], [33, 1], [1, 0]],
  ['a column and a row', [9, 15], [1, 0], [0, 1]],
  ['a transposed matrix', [16, 37], [37, 1], [1, 16]],
  ['every other column', [7, 19], [38, 2], [19, 1]],
  ['3 dimensions, middle repeated', [5, 7, 11], [77, 11, 1], [11, 0, 1]],
  ['3 dimensions permuted', [4, 6, 9], [1, 36, 4], [54, 9, 1]],
  ['5 dimensions, both repeated', [2, 3, 4, 3, 5], [180, 0, 15, 5, 1], [60, 20, 5, 0, 1]],
  ['ones as sizes', [1, 13, 1], [13, 1, 1], [0, 1, 0]],
  ['a size of 0', [4, 0, 3], [0, 3, 1], [0, 3, 1]],
  ['a row, large', [300, 401], [401, 1], [0, 1]],
  ['a column, large', [401, 300], [300, 1], [1, 0]],
];
