import type { Graph, ValueId } from '../../ops/graph.js';
import { reductions } from '../../ops/ops.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { biasGradientOf } from './bias-gradient.js';
import { type InstructionArgs, type InstructionOf, instruction, isOp } from './instruction.js';

/**
 * Cross-entropy and its gradient in one pass over the logits, with the sum over the rows that is the gradient of the last
 * layer's bias. The gradient that comes from above must not depend on the loss itself. What the losses are divided by is
 * written only where others want it too.
 */
export function fuseCrossEntropyTrain(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (isOp(each, 'crossEntropy')) return withBackward(analysis, index, each);
    return isOp(each, 'crossEntropyTrain') ? withBias(analysis, index, each.args) : null;
  });
}

function withBackward(analysis: Analysis, index: number, { args }: InstructionOf<'crossEntropy'>): Graph | null {
  const { softmaxStats, out, ...common } = args;
  const reader = analysis.soleReader(softmaxStats);
  const backward = reader === null ? undefined : analysis.graph.instructions[reader];
  if (reader === null || !isOp(backward, 'crossEntropyBackward')) return null;
  if (args.reduction === reductions.none || !isGradientOf(analysis, backward.args, args)) return null;
  const { grad, out: gradLogits } = backward.args;
  const total = analysis.soleReader(args.total) === reader ? null : args.total;
  const fused = instruction('crossEntropyTrain', { ...common, grad, out, gradLogits, biasGrad: null, total });
  return fuse(analysis, [index, reader], fused);
}

function isGradientOf(
  analysis: Analysis,
  backward: InstructionArgs<'crossEntropyBackward'>,
  forward: InstructionArgs<'crossEntropy'>,
): boolean {
  const aliasClass = (value: ValueId | null) => (value === null ? null : analysis.aliasClass(value));
  return (
    (['logits', 'target', 'weight', 'softmaxStats', 'total'] as const).every(
      (arg) => aliasClass(backward[arg]) === aliasClass(forward[arg]),
    ) &&
    (['rows', 'classes', 'ignoreIndex', 'smoothing', 'reduction'] as const).every(
      (arg) => backward[arg] === forward[arg],
    )
  );
}

function withBias(analysis: Analysis, index: number, args: InstructionArgs<'crossEntropyTrain'>): Graph | null {
  if (args.biasGrad !== null) return null;
  const bias = biasGradientOf(analysis, index, args.gradLogits, args.classes);
  if (bias === null) return null;
  const fused = instruction('crossEntropyTrain', { ...args, biasGrad: bias.out });
  return fuse(analysis, [index, bias.reader], fused);
}
