/** A memory full of one number, with a block of others in it: padding. */
import type { Graph, Value } from './graph.js';
import type { Piece } from './pieces.js';
import { constantOf, floorOver, isNumber, minus, over, plus, type Quantity, times } from './quantity.js';

interface Axis {
  readonly size: Quantity;
  readonly low: number;
  readonly high: number;
  readonly total: Quantity;
}

/** The whole of a memory in which a piece lies amidst `number`; null where the piece is no block of it at every batch size. */
export function padded(graph: Graph, number: Quantity, { value, region }: Piece, length: Quantity): Value | null {
  const fill = constantOf(number);
  const axes = axesOf(graph, region.sizes, region.strides, region.offset, length);
  if (fill === null || axes === null || (value.type !== 'float32' && value.type !== 'int32')) return null;
  const data = graph.reshape(
    value,
    axes.map(({ size }) => size),
  );
  const pads = graph.integers([...axes.map(({ low }) => low), ...axes.map(({ high }) => high)]);
  const shape = axes.map(({ total }) => total);
  return graph.one('Pad', [data, pads, graph.scalar(value.type, fill)], value.type, shape);
}

/** The memory as axes, from the strides of the block; what lies outside the block along each must not depend on the batch. */
function axesOf(
  graph: Graph,
  sizes: readonly Quantity[],
  strides: readonly Quantity[],
  offset: Quantity,
  length: Quantity,
): Axis[] | null {
  const one = graph.batches.number(1);
  const dims = sizes.map((size, i) => ({ size, stride: strides[i]! })).filter(({ size }) => !isNumber(size, 1));
  if (!isNumber(dims.at(-1)?.stride ?? one, 1) || dims.length === 0) dims.push({ size: one, stride: one });
  const axes: Axis[] = [];
  let [whole, left] = [length, offset];
  for (const { size, stride } of dims) {
    const total = over(whole, stride);
    if (total === null) return null;
    const start = floorOver(left, stride);
    const [low, high] = [constantOf(start), constantOf(minus(total, plus(start, size)))];
    if (low === null || high === null || high < 0) return null;
    axes.push({ size, low, high, total });
    left = minus(left, times(start, stride));
    whole = stride;
  }
  return isNumber(left, 0) ? axes : null;
}
