import type { Instruction, Listing, MemoryId } from '../../ops/listing.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';

/**
 * The gradient of a weight and the optimizer's step with it: the gradient never goes to memory. Only when nothing else
 * reads it: clipping, accumulation, and a gradient that is returned or kept do. The op stands where the optimizer
 * stood, so what reads the weight before that, as the input gradient does, reads the old one.
 */
export function fuseLinearWeightUpdate(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (!isOp(each, 'matmul')) return null;
    const { batch, transA, transB, out } = each.args;
    if (batch !== 1 || !transA || transB || analysis.definition(out) !== index) return null;
    const reader = analysis.soleReader(out);
    if (reader === null) return null;
    const fused = update(analysis, each, analysis.listing.instructions[reader]);
    return fused === null ? null : fuse(analysis, [index, reader], fused);
  });
}

function update(
  analysis: Analysis,
  { args: product }: InstructionOf<'matmul'>,
  optimizer: Instruction | undefined,
): Instruction | null {
  const { a: grad, b: x, out: gradWeight, m: outFeatures, n: inFeatures, k: rows } = product;
  const common = { grad, x, rows, inFeatures, outFeatures, packed: false };
  const takes = (memory: MemoryId, n: number) =>
    analysis.place(memory) === analysis.place(gradWeight) && n === outFeatures * inFeatures;
  if (isOp(optimizer, 'sgd')) {
    const { param: weight, grad: taken, n, ...rest } = optimizer.args;
    return takes(taken, n) ? instruction('linearWeightSgd', { ...common, ...rest, weight }) : null;
  }
  if (isOp(optimizer, 'adam')) {
    const { param: weight, grad: taken, n, ...rest } = optimizer.args;
    return takes(taken, n) ? instruction('linearWeightAdam', { ...common, ...rest, weight }) : null;
  }
  return null;
}
