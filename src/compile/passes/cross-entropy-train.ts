import type { Listing, MemoryId } from '../../ops/listing.js';
import { reductions } from '../../ops/ops.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { biasGradientOf } from './bias-gradient.js';
import { type InstructionOf, instruction, isOp, type ListedArgs } from './instruction.js';

/**
 * Cross-entropy and its gradient in one pass over the logits, with the sum over the rows that is the gradient of the last
 * layer's bias. The gradient that comes from above must not depend on the loss itself. What the losses are divided by is
 * written only where others want it too.
 */
export function fuseCrossEntropyTrain(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (isOp(each, 'crossEntropy')) return withBackward(analysis, index, each);
    return isOp(each, 'crossEntropyTrain') ? withBias(analysis, index, each.args) : null;
  });
}

function withBackward(analysis: Analysis, index: number, { args }: InstructionOf<'crossEntropy'>): Listing | null {
  const { softmaxStats, out, ...common } = args;
  const reader = analysis.soleReader(softmaxStats);
  const backward = reader === null ? undefined : analysis.listing.instructions[reader];
  if (reader === null || !isOp(backward, 'crossEntropyBackward')) return null;
  if (args.reduction === reductions.none || !isGradientOf(analysis, backward.args, args)) return null;
  const { grad, out: gradLogits } = backward.args;
  const total = analysis.soleReader(args.total) === reader ? null : args.total;
  const fused = instruction('crossEntropyTrain', { ...common, grad, out, gradLogits, biasGrad: null, total });
  return fuse(analysis, [index, reader], fused);
}

function isGradientOf(
  analysis: Analysis,
  backward: ListedArgs<'crossEntropyBackward'>,
  forward: ListedArgs<'crossEntropy'>,
): boolean {
  const place = (memory: MemoryId | null) => (memory === null ? null : analysis.place(memory));
  return (
    (['logits', 'target', 'weight', 'softmaxStats', 'total'] as const).every(
      (arg) => place(backward[arg]) === place(forward[arg]),
    ) &&
    (['rows', 'classes', 'ignoreIndex', 'smoothing', 'reduction'] as const).every(
      (arg) => backward[arg] === forward[arg],
    )
  );
}

function withBias(analysis: Analysis, index: number, args: ListedArgs<'crossEntropyTrain'>): Listing | null {
  if (args.biasGrad !== null) return null;
  const bias = biasGradientOf(analysis, index, args.gradLogits, args.classes);
  if (bias === null) return null;
  const fused = instruction('crossEntropyTrain', { ...args, biasGrad: bias.out });
  return fuse(analysis, [index, bias.reader], fused);
}
