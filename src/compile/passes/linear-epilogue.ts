import type { Listing } from '../../ops/listing.js';
import { rewriteAll } from './analysis.js';
import { instruction, isOp } from './instruction.js';
import { fuseNext } from './post-op.js';

/** linear, and the pointwise instructions that follow it: activation, dropout, residual. What others read is written, too. */
export function fuseLinearEpilogue(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (!isOp(each, 'linear')) return null;
    const { args } = each;
    return fuseNext(analysis, index, args, [args.rows, args.outFeatures], (postOp) =>
      instruction('linear', { ...args, ...postOp }),
    );
  });
}
