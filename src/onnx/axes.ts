/** Ops see memory as [outer, size, inner]; ONNX has axes. */
import type { ValueId } from '../ops/graph.js';
import type { Value } from './graph.js';
import { isNumber, type Quantity, sameQuantity } from './quantity.js';
import type { Translator } from './translator.js';

/** A value, and which of its axes an op works along. */
export interface Along {
  readonly value: Value;
  readonly axes: readonly number[];
  /** The shape without these axes. */
  readonly reduced: readonly Quantity[];
}

/**
 * Finds the axes of the value in a memory that are the middle of [outer, size, inner], or reshapes it.
 * @param most how many axes there may be.
 */
export function alongMiddle(
  to: Translator,
  memory: ValueId,
  [outer, size, inner]: readonly [Quantity, Quantity, Quantity],
  most: number,
): Along {
  const value = to.read(memory);
  const { batches } = to.graph;
  const product = (from: number, end?: number) => batches.product(value.shape.slice(from, end));
  for (let from = 0; from < value.shape.length; from++)
    for (let end = from + 1; end <= Math.min(value.shape.length, from + most); end++)
      if (
        sameQuantity(product(0, from), outer) &&
        sameQuantity(product(from, end), size) &&
        sameQuantity(product(end), inner)
      ) {
        const axes = Array.from({ length: end - from }, (_, i) => from + i);
        return { value, axes, reduced: value.shape.toSpliced(from, end - from) };
      }
  const shape = isNumber(inner, 1) ? [outer, size] : [outer, size, inner];
  return { value: to.graph.reshape(value, shape), axes: [1], reduced: shape.toSpliced(1, 1) };
}
