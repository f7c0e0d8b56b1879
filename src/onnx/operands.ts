/** Operands of elementwise ops: values that broadcast to the shape of the result. */
import type { ValueId } from '../ops/graph.js';
import type { Value } from './graph.js';
import { constantOf, isNumber, type Quantity, sameQuantity, sameSizes, times } from './quantity.js';
import { isAll, readRegion } from './region.js';
import type { Translator } from './translator.js';

/** A value, or a number that every element is. */
export type Operand = Value | Quantity;

export const isValue = (operand: Operand): operand is Value => 'name' in operand;

/** Operands that broadcast with one another, and the shape of the result. */
export interface Operands {
  readonly shape: readonly Quantity[];
  readonly operands: readonly Operand[];
}

/**
 * Reads memories by the layout of an elementwise op. Layouts have neighbouring dimensions merged: the shape of an operand that has all
 * elements is taken where it fits, so that shapes stay what they were in the model.
 */
export function readOperands(
  to: Translator,
  memories: readonly ValueId[],
  { sizes, strides }: { readonly sizes: readonly Quantity[]; readonly strides: readonly (readonly Quantity[])[] },
): Operands {
  const { batches } = to.graph;
  const zero = batches.number(0);
  const numel = batches.product(sizes);
  const found = memories.map((memory) => to.numberIn(memory) ?? to.read(memory));
  const dense = found.find(
    (operand, i) => isValue(operand) && isAll({ sizes, strides: strides[i]!, offset: zero }, numel),
  ) as Value | undefined;
  const groups = dense === undefined ? null : groupsOf(dense.shape, sizes);
  const frame =
    dense === undefined || groups === null
      ? { shape: sizes, groups: sizes.map((_, dim) => [dim]) }
      : { shape: dense.shape, groups };
  const operands = found.map((operand, i) => {
    if (!isValue(operand)) return operand;
    const own = spread(strides[i]!, frame);
    const wanted = frame.shape.map((size, dim) => (isNumber(own[dim]!, 0) ? batches.number(1) : size));
    if (sameSizes(trimmed(operand.shape), trimmed(wanted)) && operand.shape.length <= wanted.length) return operand;
    const { length } = to.memories[memories[i]!]!;
    const region = { sizes: frame.shape, strides: own, offset: zero };
    const read = readRegion(to.graph, operand, length, region, true);
    if (read === null) throw to.refuse('an operand is repeated in a way that has no ONNX form');
    return read;
  });
  return { shape: frame.shape, operands };
}

/** A shape without the ones in front. */
function trimmed(shape: readonly Quantity[]): readonly Quantity[] {
  const first = shape.findIndex((size) => constantOf(size) !== 1);
  return first < 0 ? [] : shape.slice(first);
}

/** Which dimensions of a shape each size is the product of; null when it is not. */
function groupsOf(shape: readonly Quantity[], sizes: readonly Quantity[]): number[][] | null {
  const groups: number[][] = [];
  let next = 0;
  for (const size of sizes) {
    const group: number[] = [];
    let product: Quantity = size.map(() => 1);
    while (next < shape.length && (group.length === 0 || !sameQuantity(product, size))) {
      product = times(product, shape[next]!);
      group.push(next++);
    }
    if (!sameQuantity(product, size)) return null;
    groups.push(group);
  }
  // Ones at the end belong to the last.
  while (next < shape.length && isNumber(shape[next]!, 1)) groups.at(-1)!.push(next++);
  return next === shape.length ? groups : null;
}

/** The strides of merged dimensions, for the dimensions that they are made of. */
function spread(
  strides: readonly Quantity[],
  { shape, groups }: { readonly shape: readonly Quantity[]; readonly groups: readonly (readonly number[])[] },
): Quantity[] {
  const own: Quantity[] = shape.map((size) => size.map(() => 0));
  for (const [i, group] of groups.entries()) {
    let stride = strides[i]!;
    for (const dim of group.toReversed()) {
      own[dim] = stride;
      stride = times(stride, shape[dim]!);
    }
  }
  return own;
}

/** The shape that values broadcast to; [] for numbers alone. */
export function broadcastShape(operands: readonly Operand[]): Quantity[] {
  const shapes = operands.filter(isValue).map(({ shape }) => shape);
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, dim) => {
    const sizes = shapes.map((shape) => shape[dim - rank + shape.length]).filter((size) => size !== undefined);
    return sizes.find((size) => !isNumber(size, 1)) ?? sizes[0]!;
  });
}
