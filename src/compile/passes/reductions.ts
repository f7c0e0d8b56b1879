import type { Graph, Instruction } from '../../ops/graph.js';
import { emit } from '../../pointwise/emit.js';
import { ExpressionGraph } from '../../pointwise/expression.js';
import { layoutOf } from '../../tensor/shape.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { elementsOf, isDense, spaceOf } from './operands.js';

/** What functional/plain.ts divides sums by their count with, for a mean. */
const quotient = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.input(0).div(graph.scalar(0))]).program;
})();

/** A sum of what is read as it is. */
const identity = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.input(0)]).program;
})();

/**
 * A pointwise instruction whose results are only reduced, and the reduction: one op, which keeps the results in cache. A sum that is divided by a
 * number next is a mean, whatever it sums.
 */
export function fuseReductions(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (isOp(each, 'pointwise')) return withReduction(analysis, index, each);
    if (isOp(each, 'sum')) return withDivision(analysis, index, plainSum(analysis, each));
    return isOp(each, 'reduce') ? withDivision(analysis, index, each.args) : null;
  });
}

function withReduction(analysis: Analysis, index: number, { args }: InstructionOf<'pointwise'>): Graph | null {
  const { program, inputs, scalars, layout, outputs, keys, step } = args;
  const [x] = outputs;
  if (x === undefined || outputs.length !== 1 || keys.length > 0 || step !== null || inputs.length === 0) return null;
  const reader = analysis.soleReader(x);
  const next = reader === null ? undefined : analysis.graph.instructions[reader];
  const reduction = reductionOf(next);
  if (reader === null || reduction === null || analysis.spec(x).dtype === 'int32') return null;
  const fused = instruction('reduce', { program, inputs, scalars, layout, ...reduction });
  return fuse(analysis, [index, reader], fused);
}

function reductionOf(next: Instruction | undefined) {
  if (isOp(next, 'sum')) {
    const { out, outer, size, inner } = next.args;
    return { out, index: null, outer, size, inner, kind: 0, divisor: 1 };
  }
  if (!isOp(next, 'extreme')) return null;
  const { out, index, outer, size, inner, largest } = next.args;
  return { out, index, outer, size, inner, kind: largest ? 1 : 2, divisor: 1 };
}

/** A sum along rows as `reduce`; null for others, of which that would make a copy. */
function plainSum(analysis: Analysis, { args }: InstructionOf<'sum'>): InstructionOf<'reduce'>['args'] | null {
  const { x, out, outer, size, inner } = args;
  if (inner !== 1 || analysis.spec(x).dtype === 'int32') return null;
  const layout = layoutOf([outer * size], [1]);
  const sizes = { outer, size, inner, kind: 0, divisor: 1 };
  return { program: identity, inputs: [x], scalars: [], layout, out, index: null, ...sizes };
}

function withDivision(analysis: Analysis, index: number, args: InstructionOf<'reduce'>['args'] | null): Graph | null {
  if (args === null || args.kind !== 0 || args.divisor !== 1) return null;
  const reader = analysis.soleReader(args.out);
  const next = reader === null ? undefined : analysis.graph.instructions[reader];
  if (reader === null || !isOp(next, 'pointwise') || next.args.program !== quotient) return null;
  const space = spaceOf(next);
  const [divisor] = next.args.scalars;
  if (typeof divisor !== 'number' || elementsOf(space) !== args.outer * args.inner) return null;
  if (!space.operands.every((operand) => isDense(space, operand))) return null;
  const fused = instruction('reduce', { ...args, out: next.args.outputs[0]!, divisor });
  return fuse(analysis, [index, reader], fused);
}
