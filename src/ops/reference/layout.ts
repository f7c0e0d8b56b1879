/** Walks the layouts of strided ops. */
import type { Layout } from '../ops.js';

/**
 * Called for each innermost row of a layout, in row-major order: where it starts in the first and in the second
 * operand, and how many elements came before it.
 */
export type RowVisitor = (first: number, second: number, position: number) => void;

/** The innermost dimension of a layout, along which the visitor itself loops. */
export interface Row {
  readonly size: number;
  readonly firstStride: number;
  readonly secondStride: number;
}

export function innermostRow(layout: Layout): Row {
  const rank = layout.length / 3;
  return { size: layout[rank - 1]!, firstStride: layout[2 * rank - 1]!, secondStride: layout[3 * rank - 1]! };
}

/** Visits every innermost row. */
export function forEachRow(layout: Layout, visit: RowVisitor): void {
  const rank = layout.length / 3;
  const rowSize = layout[rank - 1]!;
  let position = 0;

  const walk = (dimension: number, first: number, second: number): void => {
    if (dimension === rank - 1) {
      visit(first, second, position);
      position += rowSize;
      return;
    }
    const size = layout[dimension]!;
    const firstStride = layout[rank + dimension]!;
    const secondStride = layout[2 * rank + dimension]!;
    for (let i = 0; i < size; i++) walk(dimension + 1, first + i * firstStride, second + i * secondStride);
  };
  walk(0, 0, 0);
}
