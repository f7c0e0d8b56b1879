import type { Listing, MemoryId } from '../../ops/listing.js';
import { maskScale } from '../../ops/mask.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { biasGradientOf } from './bias-gradient.js';
import { type InstructionOf, instruction, isOp, type ListedArgs } from './instruction.js';
import { maskOf, readMasked, sameMask } from './masks.js';

/**
 * The gradient of a linear's input, and on the way what the tape does to it next: the gradients of dropout and relu, and
 * the sum over the rows that is the gradient of the bias before them. y, the output of what came before, says which
 * elements relu and the mask let through, so the mask is not drawn again.
 */
export function fuseLinearInputGradient(listing: Listing): Listing {
  return rewriteAll(readMasked(listing), (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (isOp(each, 'matmul')) return fromMatmul(analysis, index, each);
    if (!isOp(each, 'linearInputGradient')) return null;
    return withMask(analysis, index, each.args) ?? withBias(analysis, index, each.args);
  });
}

function fromMatmul(analysis: Analysis, index: number, { args }: InstructionOf<'matmul'>): Listing | null {
  const { a: grad, b: weight, out, m: rows, n: inFeatures, k: outFeatures } = args;
  if (args.batch !== 1 || args.transA || args.transB) return null;
  if (!isWeight(analysis, weight, inFeatures, outFeatures)) return null;
  const none = { y: null, biasGrad: null, scale: 1, packed: false };
  const sizes = { rows, inFeatures, outFeatures };
  return fuse(analysis, [index], instruction('linearInputGradient', { grad, weight, out, ...none, ...sizes }));
}

/** Whether a linear multiplies with it: another product gains nothing by the op. */
function isWeight(analysis: Analysis, memory: MemoryId, inFeatures: number, outFeatures: number): boolean {
  return analysis.readers(memory).some((reader) => {
    const each = analysis.listing.instructions[reader];
    if (!isOp(each, 'linear') && !isOp(each, 'linearActivation')) return false;
    const { args } = each;
    const same = analysis.place(args.weight) === analysis.place(memory);
    return same && args.inFeatures === inFeatures && args.outFeatures === outFeatures;
  });
}

function withMask(analysis: Analysis, index: number, args: ListedArgs<'linearInputGradient'>): Listing | null {
  if (args.y !== null || args.biasGrad !== null || analysis.definition(args.out) !== index) return null;
  const { instructions } = analysis.listing;
  const reader = analysis.soleReader(args.out);
  const next = reader === null ? undefined : instructions[reader];
  const relu = reluBackwardOf(analysis, args.out, args);
  if (relu !== null) {
    const { y, out } = relu.args;
    return fuse(analysis, [index, relu.index], instruction('linearInputGradient', { ...args, y, out, scale: 1 }));
  }
  if (!isOp(next, 'dropout') || next.args.columns !== args.inFeatures) return null;
  const masked = reluBackwardOf(analysis, next.args.out, args);
  if (masked === null) return null;
  const { y, out } = masked.args;
  const forward = instructions[analysis.definition(y) ?? -1];
  if (!sameMask(analysis, maskOf(analysis, forward), maskOf(analysis, next))) return null;
  const scale = maskScale(next.args.p);
  const fused = instruction('linearInputGradient', { ...args, y, out, scale });
  return fuse(analysis, [index, reader!, masked.index], fused);
}

/** The reluBackward that alone reads a gradient. */
function reluBackwardOf(
  analysis: Analysis,
  grad: MemoryId,
  { rows, inFeatures }: ListedArgs<'linearInputGradient'>,
): { readonly index: number; readonly args: ListedArgs<'reluBackward'> } | null {
  const index = analysis.soleReader(grad);
  const each = index === null ? undefined : analysis.listing.instructions[index];
  if (index === null || !isOp(each, 'reluBackward') || each.args.n !== rows * inFeatures) return null;
  return analysis.place(each.args.y) === analysis.place(grad) ? null : { index, args: each.args };
}

function withBias(analysis: Analysis, index: number, args: ListedArgs<'linearInputGradient'>): Listing | null {
  if (args.biasGrad !== null) return null;
  const bias = biasGradientOf(analysis, index, args.out, args.inFeatures);
  if (bias === null) return null;
  const fused = instruction('linearInputGradient', { ...args, biasGrad: bias.out });
  return fuse(analysis, [index, bias.reader], fused);
}
