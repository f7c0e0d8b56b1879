import type { Graph } from '../../ops/graph.js';
import { emit } from '../../pointwise/emit.js';
import { ExpressionGraph } from '../../pointwise/expression.js';
import { Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { isDense, spaceOf } from './operands.js';

/** The gradient of relu, by the rule of the node: y <= 0 ? 0 : grad. */
const reluGradient = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.apply('selectLessEqual', graph.input(1), 0, 0, graph.input(0))]).program;
})();

/**
 * The gradient of relu after that of a max pool behind it: relu's is taken of the pooled numbers, which are fewer, and only the pool reads relu's
 * output. Where a window's largest element stands, relu's output is the pool's, and everywhere else the gradient is 0 both ways. Different only in the sign of
 * zeros.
 */
export function swapReluAndMaxPoolGradients(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'pointwise') || each.args.program !== reluGradient) return null;
    const space = spaceOf(each);
    if (!space.operands.every((operand) => isDense(space, operand))) return null;
    const [spread, y] = each.args.inputs as readonly [number, number];
    const maker = analysis.definition(spread);
    const backward = maker === null ? undefined : analysis.graph.instructions[maker];
    if (!isOp(backward, 'maxPoolBackward') || analysis.soleReader(spread) !== index) return null;
    const pooled = poolOf(analysis, y, backward);
    if (pooled === null || analysis.definition(pooled) === null) return null;
    return swapped(analysis, [maker!, index], backward, each, pooled);
  });
}

/** What the pool gives whose gradient this is, if it reads y. */
function poolOf(analysis: Analysis, y: number, backward: InstructionOf<'maxPoolBackward'>): number | null {
  for (const reader of analysis.readers(y)) {
    const pool = analysis.graph.instructions[reader];
    if (!isOp(pool, 'maxPool') || pool.args.index === null) continue;
    const { index, out } = pool.args;
    const isSame = analysis.aliasClass(index) === analysis.aliasClass(backward.args.index);
    if (isSame && analysis.definition(index) === reader) return out;
  }
  return null;
}

/** Both instructions in the other order. */
function swapped(
  { graph }: Analysis,
  [maker, index]: readonly [number, number],
  backward: InstructionOf<'maxPoolBackward'>,
  relu: InstructionOf<'pointwise'>,
  pooled: number,
): Graph | null {
  const { grad } = backward.args;
  const { dtype, length } = graph.values[grad]!;
  if (graph.values[pooled]!.length !== length) return null;
  const masked = graph.values.length;
  const values = [...graph.values, { dtype, length, kind: 'temporary', index: -1, panels: null } as const];
  const layout = Float64Array.of(length, 1, 1);
  const first = instruction('pointwise', { ...relu.args, inputs: [grad, pooled], outputs: [masked], layout });
  const second = instruction('maxPoolBackward', { ...backward.args, grad: masked, out: relu.args.outputs[0]! });
  // As one first, which finds the place where both may stand.
  const placed = fuse(new Analysis({ ...graph, values }), [maker, index], second, [masked, pooled]);
  if (placed === null) return null;
  const at = placed.instructions.indexOf(second);
  return { ...placed, instructions: placed.instructions.toSpliced(at, 0, first) };
}
