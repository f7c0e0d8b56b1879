/** Shapes, strides and the layouts that strided ops take. Pure functions over arrays of sizes. */
import { checkSize, maxElements, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { Layout } from '../ops/ops.js';
import { isArray } from '../realm.js';

/** Sizes of the dimensions, outermost first; `[]` for a scalar. */
export type Shape = readonly number[];

/** More dimensions than any model has; native code keeps its counters in an array of this length. */
export const maxRank = 16;

/** `[2, 3]`, as messages print shapes. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Checks a shape given by a caller and returns a frozen copy. */
export function checkShape(caller: string, shape: unknown): Shape {
  const sizes = readSizes(caller, shape).map((size, dim) => checkSize(caller, `size of dimension ${dim}`, size));
  if (numelOf(sizes) > maxElements)
    throw new ShapeError(`${caller}: shape ${formatShape(sizes)} has too many elements`);
  return Object.freeze(sizes);
}

/** The sizes that a caller gives, among them perhaps -1: unchecked, but no more than a tensor may have. */
export function readSizes(caller: string, shape: unknown): unknown[] {
  if (!isArray(shape)) throw new ArgumentError(`${caller}: a shape is an array of sizes, got ${show(shape)}`);
  return readList(caller, 'dimensions', shape, (size) => size, maxRank);
}

/** Product of the sizes; 1 for a scalar. */
export function numelOf(shape: Shape): number {
  let product = 1;
  for (const size of shape) product *= size;
  return product;
}

/** Elements between neighbours along each dimension of dense row-major memory. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = stride;
    stride *= shape[dim]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let dim = 0; dim < a.length; dim++) if (a[dim] !== b[dim]) return false;
  return true;
}

/** A dimension counted from the end when negative, checked against the rank. */
export function checkDim(caller: string, dim: unknown, rank: number): number {
  // PyTorch lets a scalar be reduced over its dimension 0 or -1.
  const bound = Math.max(rank, 1);
  if (typeof dim !== 'number' || !Number.isSafeInteger(dim))
    throw new ArgumentError(`${caller}: dim must be an integer, got ${show(dim)}`);
  if (dim < -bound || dim >= bound)
    throw new ArgumentError(
      `${caller}: Dimension out of range (expected to be in range of [${-bound}, ${bound - 1}], but got ${dim})`,
    );
  return dim < 0 ? dim + bound : dim;
}

/** The shape that two shapes broadcast to, by the rules of NumPy and PyTorch. */
export function broadcastShapes(caller: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let dim = 0; dim < rank; dim++) {
    const sizeA = a[dim - rank + a.length] ?? 1;
    const sizeB = b[dim - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1)
      throw new ShapeError(
        `${caller}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ` +
          `${sizeA} against ${sizeB} at dimension ${dim}`,
      );
    shape[dim] = sizeA === 1 ? sizeB : sizeA;
  }
  return shape;
}

/** Strides with which memory of `shape` is read as if it had the broadcast shape `to`: 0 where it repeats. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const own = stridesOf(shape);
  const lead = to.length - shape.length;
  return to.map((_, dim) => (dim < lead || shape[dim - lead] === 1 ? 0 : own[dim - lead]!));
}

/**
 * Builds a {@link Layout} from sizes and the strides of operands. Dimensions of size 1 are dropped and neighbours that all
 * operands walk without a gap are merged, so most layouts arrive with rank 1 or 2.
 */
export function layoutOf(sizes: Shape, ...strides: readonly Shape[]): Layout {
  const parts = 1 + strides.length;
  const merged: number[][] = [];
  for (const [dim, size] of sizes.entries()) {
    if (size === 1) continue;
    const last = merged.at(-1);
    const joins = last !== undefined && strides.every((each, i) => last[1 + i] === each[dim]! * size);
    const next = [joins ? last[0]! * size : size, ...strides.map((each) => each[dim]!)];
    if (joins) merged[merged.length - 1] = next;
    else merged.push(next);
  }
  if (merged.length === 0) return new Float64Array(parts).fill(1);
  const layout = new Float64Array(merged.length * parts);
  for (const [dim, numbers] of merged.entries())
    for (const [part, value] of numbers.entries()) layout[part * merged.length + dim] = value;
  return layout;
}

/** The layout of operands that are all dense, with that many elements. */
export function denseLayout(numel: number, operands: number): Layout {
  const layout = new Float64Array(1 + operands).fill(1);
  layout[0] = numel;
  return layout;
}
