import type { Instruction, Listing } from '../../ops/listing.js';
import { type Analysis, rewriteAll } from './analysis.js';
import { type InstructionOf, isOp, type ListedArgs } from './instruction.js';

/** What makes two dropouts the same mask: its key and the place of each element in it. */
type Mask = Pick<ListedArgs<'dropout'>, 'key' | 'rows' | 'columns' | 'p' | 'rowOffset'>;

/**
 * The mask of an instruction that applies one last. Null when its key may change between two readings of it: then two
 * dropouts with this key are not one mask.
 */
export function maskOf(analysis: Analysis, each: Instruction | undefined): Mask | null {
  let mask: Mask | null = null;
  if (isOp(each, 'dropout')) mask = each.args;
  else if (isOp(each, 'linearActivation')) {
    const { key, rows, outFeatures: columns, p, rowOffset } = each.args;
    if (key !== null) mask = { key, rows, columns, p, rowOffset };
  }
  return mask !== null && analysis.definition(mask.key) !== null ? mask : null;
}

export function sameMask(analysis: Analysis, a: Mask | null, b: Mask | null): boolean {
  if (a === null || b === null || analysis.place(a.key) !== analysis.place(b.key)) return false;
  return a.rows === b.rows && a.columns === b.columns && a.p === b.p && a.rowOffset === b.rowOffset;
}

/**
 * The gradient of relu before dropout reads relu's output z. It may read dropout's output d in its place, since the gradient
 * has been through the same mask: where an element was kept, d is a positive multiple of z; where it was dropped, d and the
 * gradient are both 0. (Not where z or the gradient is infinite or NaN and was dropped: there the original gives
 * NaN.) Then z is needed by dropout alone, which can be done on the way.
 */
export function readMasked(listing: Listing): Listing {
  return rewriteAll(listing, (analysis, index) => {
    const each = analysis.listing.instructions[index];
    if (!isOp(each, 'reluBackward')) return null;
    const { instructions } = analysis.listing;
    const maker = analysis.definition(each.args.grad);
    const backward = maker === null ? undefined : instructions[maker];
    if (!isOp(backward, 'dropout') || analysis.definition(each.args.y) === null) return null;
    const mask = maskOf(analysis, backward);
    const isForward = (reader: number): boolean => {
      const dropout = instructions[reader];
      return (
        reader < index &&
        isDropoutOf(analysis, dropout, each.args.y) &&
        sameMask(analysis, maskOf(analysis, dropout), mask)
      );
    };
    const forward = instructions[analysis.readers(each.args.y).find(isForward) ?? -1];
    if (!isOp(forward, 'dropout') || analysis.definition(forward.args.out) === null) return null;
    const redirected: Instruction = { ...each, args: { ...each.args, y: forward.args.out } };
    return { ...analysis.listing, instructions: instructions.with(index, redirected) };
  });
}

function isDropoutOf(analysis: Analysis, each: Instruction | undefined, x: number): each is InstructionOf<'dropout'> {
  return isOp(each, 'dropout') && analysis.place(each.args.x) === analysis.place(x);
}
