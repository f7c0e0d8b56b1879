import type { Listing, MemoryId } from '../../ops/listing.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { biasGradientOf } from './bias-gradient.js';
import { type InstructionOf, instruction, isOp, type ListedArgs } from './instruction.js';
import { extended, noPostOp } from './post-op.js';

/**
 * The gradient of a linear's input, and on the way what the tape does to it next: the gradients of what made the input, and the sum
 * over the rows that is the gradient of the bias before them.
 */
export function fuseLinearInputGradient(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (isOp(each, 'matmul')) return fromMatmul(analysis, index, each);
    if (!isOp(each, 'linearInputGradient') || each.args.biasGrad !== null) return null;
    return withNext(analysis, index, each.args) ?? withBias(analysis, index, each.args);
  });
}

function fromMatmul(analysis: Analysis, index: number, { args }: InstructionOf<'matmul'>): Listing | null {
  const { a: grad, b: weight, out, m: rows, n: inFeatures, k: outFeatures } = args;
  if (args.batch !== 1 || args.transA || args.transB) return null;
  if (!isWeight(analysis, weight, inFeatures, outFeatures)) return null;
  const sizes = { rows, inFeatures, outFeatures, packed: false };
  const made = instruction('linearInputGradient', { grad, weight, out, biasGrad: null, ...sizes, ...noPostOp });
  return fuse(analysis, [index], made);
}

/** Whether a linear multiplies with it: another product gains nothing by the op. */
function isWeight(analysis: Analysis, memory: MemoryId, inFeatures: number, outFeatures: number): boolean {
  return analysis.readers(memory).some((reader) => {
    const each = analysis.listing.instructions[reader];
    if (!isOp(each, 'linear')) return false;
    const { args } = each;
    const same = analysis.place(args.weight) === analysis.place(memory);
    return same && args.inFeatures === inFeatures && args.outFeatures === outFeatures;
  });
}

function withNext(analysis: Analysis, index: number, args: ListedArgs<'linearInputGradient'>): Listing | null {
  const next = extended(analysis, index, args, args.rows, args.inFeatures);
  if (next === null) return null;
  return fuse(analysis, [index, next.reader], instruction('linearInputGradient', { ...args, ...next.args }));
}

function withBias(analysis: Analysis, index: number, args: ListedArgs<'linearInputGradient'>): Listing | null {
  const bias = biasGradientOf(analysis, index, args.out, args.inFeatures);
  if (bias === null) return null;
  const fused = instruction('linearInputGradient', { ...args, biasGrad: bias.out });
  return fuse(analysis, [index, bias.reader], fused);
}
