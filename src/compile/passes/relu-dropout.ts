import type { Graph, ValueId } from '../../ops/graph.js';
import { maskScale } from '../../ops/mask.js';
import { emit } from '../../pointwise/emit.js';
import { ExpressionGraph } from '../../pointwise/expression.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { isDense, spaceOf } from './operands.js';

/** What functional/dropout.ts runs: x, times the mask of the key and probability. */
const dropout = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.input(0).mul(graph.mask(0, graph.scalar(0)))]).program;
})();

/** The gradient of relu, by the rule of the node: y <= 0 ? 0 : grad. */
const reluGradient = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.apply('selectLessEqual', graph.input(1), 0, 0, graph.input(0))]).program;
})();

/** y <= 0 ? 0 : grad·scale. */
const scaled = (() => {
  const graph = new ExpressionGraph();
  const [grad, y] = [graph.input(0), graph.input(1)];
  return emit([graph.apply('selectLessEqual', y, 0, 0, grad.mul(graph.scalar(0)))]).program;
})();

/**
 * The gradients of dropout and of the relu before it as one, which draws no mask: dropout's output d says where both let the
 * gradient through, since it is a positive multiple of relu's output where an element was kept, and 0 where it was dropped. Then
 * Only dropout reads relu's output. Different only in the sign of zeros, and where an element was dropped that was infinite or
 * NaN (dropout gave NaN, where the gradient goes through) or whose gradient was (0 here, NaN originally).
 */
export function fuseReluDropoutGradients(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'pointwise') || each.args.program !== reluGradient || !isFlat(each)) return null;
    const { inputs, outputs } = each.args;
    const [grad, z] = inputs as readonly [ValueId, ValueId];
    const maker = analysis.definition(grad);
    const backward = dropoutAt(analysis, maker);
    if (backward === null || analysis.soleReader(grad) !== index || analysis.definition(z) === null) return null;
    const forward = analysis
      .readers(z)
      .filter((reader) => reader < index)
      .map((reader) => dropoutAt(analysis, reader))
      .find((other) => other !== null && isSameMask(analysis, other, backward));
    const masked = forward?.args.outputs[0];
    if (masked === undefined || analysis.definition(masked) === null) return null;
    const p = backward.args.scalars[0];
    if (typeof p !== 'number') return null;
    const fused = instruction('pointwise', {
      ...each.args,
      program: scaled,
      inputs: [backward.args.inputs[0]!, masked],
      scalars: [maskScale(p)],
      outputs,
    });
    return fuse(analysis, [maker!, index], fused, [masked]);
  });
}

function dropoutAt(analysis: Analysis, index: number | null): InstructionOf<'pointwise'> | null {
  const each = index === null ? undefined : analysis.graph.instructions[index];
  if (!isOp(each, 'pointwise') || each.args.program !== dropout || !isFlat(each)) return null;
  // A key that changes between two readings is not one mask.
  return analysis.definition(each.args.keys[0]!) === null ? null : each;
}

const isFlat = (each: InstructionOf<'pointwise'>): boolean => {
  const space = spaceOf(each);
  return space.operands.every((operand) => isDense(space, operand));
};

function isSameMask(
  analysis: Analysis,
  { args: a }: InstructionOf<'pointwise'>,
  { args: b }: InstructionOf<'pointwise'>,
): boolean {
  const aliasClass = (value: ValueId | undefined) => (value === undefined ? null : analysis.aliasClass(value));
  return (
    aliasClass(a.keys[0]) === aliasClass(b.keys[0]) &&
    a.columns === b.columns &&
    a.rowOffset === b.rowOffset &&
    a.scalars[0] === b.scalars[0]
  );
}
