import type { Listing } from '../../ops/listing.js';
import { fuse, rewriteAll } from './analysis.js';
import { instruction, isOp } from './instruction.js';
import { extended } from './post-op.js';

/** linear, and the pointwise instructions that follow it: activation, dropout, residual. What others read is written, too. */
export function fuseLinearEpilogue(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (!isOp(each, 'linear')) return null;
    const next = extended(analysis, index, each.args, each.args.rows, each.args.outFeatures);
    if (next === null) return null;
    return fuse(analysis, [index, next.reader], instruction('linear', { ...each.args, ...next.args }));
  });
}
