import type { Listing } from '../../ops/listing.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { readMasked } from './masks.js';

/**
 * linear, then relu, then dropout: one op, which keeps what it computes in registers in between. A linear alone becomes
 * one too, so that its weight may lie in panels. What lies in between must have no other reader; gradients that read
 * relu's output read dropout's instead.
 */
export function fuseLinearActivation(listing: Listing): Listing {
  return rewriteAll(readMasked(listing), (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (isOp(each, 'linear')) {
      const none = { key: null, relu: false, p: 0, rowOffset: 0, packed: false };
      return fuse(analysis, [index], instruction('linearActivation', { ...each.args, ...none }));
    }
    return isOp(each, 'linearActivation') && each.args.key === null ? extend(analysis, index, each) : null;
  });
}

function extend(analysis: Analysis, index: number, { args }: InstructionOf<'linearActivation'>): Listing | null {
  const reader = analysis.definition(args.out) === index ? analysis.soleReader(args.out) : null;
  if (reader === null) return null;
  const next = analysis.listing.instructions[reader];
  if (isOp(next, 'relu') && !args.relu && next.args.n === args.rows * args.outFeatures)
    return fuse(
      analysis,
      [index, reader],
      instruction('linearActivation', { ...args, relu: true, out: next.args.out }),
    );
  if (isOp(next, 'dropout') && next.args.columns === args.outFeatures) {
    const { key, p, rowOffset, out } = next.args;
    return fuse(analysis, [index, reader], instruction('linearActivation', { ...args, key, p, rowOffset, out }));
  }
  return null;
}
