/**
 * Regions of memory as ONNX sees them. The ops of lanewise say with strides where numbers lie; ONNX has no strides, so a region is read
 * by reshaping, slicing, gathering and transposing.
 */
import type { Graph, Value } from './graph.js';
import {
  atMost,
  constantOf,
  floorOver,
  isNumber,
  minus,
  over,
  plus,
  type Quantity,
  sameQuantity,
  times,
} from './quantity.js';

/** Elements of a memory: one for each position in `sizes`, `strides` apart. */
export interface Region {
  readonly sizes: readonly Quantity[];
  readonly strides: readonly Quantity[];
  readonly offset: Quantity;
}

interface Dim {
  /** Its position among the sizes. */
  readonly at: number;
  readonly size: Quantity;
  readonly stride: Quantity;
}

/** A dimension of the memory seen in another shape, and the part of it that is read. */
interface Cut {
  readonly size: Quantity;
  readonly start: Quantity;
  readonly length: Quantity;
}

/** How to read a region: the memory as [...cuts, inner], and the dimensions that lie within `inner`. */
interface Plan {
  readonly cuts: readonly Cut[];
  readonly inner: Quantity;
  readonly innerOffset: Quantity;
  readonly rest: readonly Dim[];
}

/**
 * Reads a region of `value`, which has `length` elements. Dimensions that are repeated (stride 0) keep the size 1 when `broadcasts`.
 * Null when there is no way to say it at every batch size.
 */
export function readRegion(
  graph: Graph,
  value: Value,
  length: Quantity,
  { sizes, strides, offset }: Region,
  broadcasts: boolean,
): Value | null {
  const dims = sizes.map((size, at): Dim => ({ at, size, stride: strides[at]! }));
  const moving = dims.filter(({ size, stride }) => !isNumber(stride, 0) && !isNumber(size, 1));
  const sorted = moving.toSorted((a, b) => b.stride[0]! - a.stride[0]!);
  // The same order at every batch size, or there is none.
  if (sorted.some(({ stride }, i) => i > 0 && !atMost(stride, sorted[i - 1]!.stride))) return null;
  for (let count = sorted.length; count >= 0; count--) {
    const plan = planOf(sorted, count, length, offset);
    if (plan === null) continue;
    const read = cut(graph, value, plan);
    const order = sorted.map(({ at }) => moving.findIndex((dim) => dim.at === at));
    const ordered = graph.transpose(
      read,
      moving.map((_, i) => order.indexOf(i)),
    );
    const ones = graph.batches.number(1);
    const shape = dims.map((dim) => (moving.includes(dim) ? dim.size : ones));
    const placed = graph.reshape(ordered, shape);
    return broadcasts ? placed : graph.expand(placed, sizes);
  }
  return null;
}

/** The plan that cuts the first `count` dimensions out of the memory. */
function planOf(dims: readonly Dim[], count: number, length: Quantity, offset: Quantity): Plan | null {
  const cuts: Cut[] = [];
  let whole = length;
  let left = offset;
  for (const { size, stride } of dims.slice(0, count)) {
    const all = over(whole, stride);
    const start = floorOver(left, stride);
    if (all === null || !atMost(plus(start, size), all)) return null;
    left = minus(left, times(start, stride));
    cuts.push({ size: all, start, length: size });
    whole = stride;
  }
  const rest = dims.slice(count);
  if (!fitsInside(rest, whole, left)) return null;
  return { cuts, inner: whole, innerOffset: left, rest };
}

/** Whether what is left can be read: nothing, steps along one dimension, or positions that are numbers. */
function fitsInside(rest: readonly Dim[], inner: Quantity, offset: Quantity): boolean {
  const last = rest.reduce((at, { size, stride }) => at.map((each, i) => each + (size[i]! - 1) * stride[i]!), offset);
  if (!last.every((at, i) => at < inner[i]!)) return false;
  if (rest.length === 0) return true;
  if (rest.length === 1) return constantOf(rest[0]!.stride) !== null;
  const numbers = [inner, offset, ...rest.flatMap(({ size, stride }) => [size, stride])];
  return numbers.every((each) => constantOf(each) !== null);
}

function cut(graph: Graph, value: Value, { cuts, inner, innerOffset, rest }: Plan): Value {
  const isWhole = rest.length === 0 && isNumber(inner, 1);
  const shape = cuts.map(({ size }) => size);
  let read = graph.reshape(value, isWhole ? shape : [...shape, inner]);
  for (const [axis, { start, length }] of cuts.entries()) read = graph.slice(read, axis, start, length);
  if (isWhole) return read;
  const axis = cuts.length;
  const lengths = cuts.map(({ length }) => length);
  if (rest.length === 0) return graph.reshape(graph.slice(read, axis, innerOffset, graph.batches.number(1)), lengths);
  if (rest.length === 1) {
    const [{ size, stride }] = rest as [Dim];
    return graph.slice(read, axis, innerOffset, size, constantOf(stride)!);
  }
  const sizes = rest.map(({ size }) => constantOf(size)!);
  const indices = rest.reduce(
    (found, { stride }, dim) =>
      found.flatMap((at) => Array.from({ length: sizes[dim]! }, (_, i) => at + i * constantOf(stride)!)),
    [constantOf(innerOffset)!],
  );
  const index = graph.constant('int64', sizes, BigInt64Array.from(indices, BigInt));
  return graph.one('Gather', [read, index], read.type, [...lengths, ...rest.map(({ size }) => size)], { axis });
}

/** Whether a region is all of a memory in its order. */
export function isAll({ sizes, strides, offset }: Region, length: Quantity): boolean {
  let stride: Quantity = length.map(() => 1);
  for (let dim = sizes.length - 1; dim >= 0; dim--) {
    if (!isNumber(sizes[dim]!, 1) && !sameQuantity(strides[dim]!, stride)) return false;
    stride = times(stride, sizes[dim]!);
  }
  return isNumber(offset, 0) && sameQuantity(stride, length);
}
