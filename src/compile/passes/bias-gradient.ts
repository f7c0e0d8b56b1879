import type { ValueId } from '../../ops/graph.js';
import type { Analysis } from './analysis.js';
import { isOp } from './instruction.js';

/**
 * The sum over the rows of a gradient [rows, columns] that instruction `index` makes: the gradient of a bias that was
 * added to every row. Null when it is not used.
 */
export function biasGradientOf(
  analysis: Analysis,
  index: number,
  gradient: ValueId,
  columns: number,
): { readonly reader: number; readonly out: ValueId } | null {
  if (analysis.definition(gradient) !== index) return null;
  for (const reader of analysis.readers(gradient)) {
    const sum = analysis.graph.instructions[reader];
    if (!isOp(sum, 'sum')) continue;
    const { outer, inner, out } = sum.args;
    if (outer === 1 && inner === columns) return { reader, out };
  }
  return null;
}
