import type { Instruction, Listing, MemoryId } from '../../ops/listing.js';
import type { OpName } from '../../ops/ops.js';
import { Analysis } from './analysis.js';
import { accessesOf } from './instruction.js';

/** The arguments that lie in panels when an op is `packed`. */
const packable: Readonly<Partial<Record<OpName, readonly string[]>>> = {
  linear: ['weight'],
  linearInputGradient: ['weight'],
  linearWeightUpdate: ['inputs', 'outputs'],
};

type Shape = { readonly out: number; readonly in: number };

/**
 * Lays weights out in panels, as the backend's matrix product reads them: state that is only named by ops which can take it
 * so. The optimizer's state of a weight lies as the weight does, so that its step goes element by element: all or none.
 */
export function layOutWeightPanels(listing: Listing): Listing {
  const analysis = new Analysis(listing);
  const shapes = candidates(analysis);
  // An op takes all its packable memory in panels or none: one that cannot be takes the others with it.
  for (let changed = true; changed; ) {
    changed = false;
    for (const each of listing.instructions) {
      const group = packableOf(analysis, each);
      if (group.every((place) => shapes.has(place))) continue;
      for (const place of group) changed = shapes.delete(place) || changed;
    }
  }
  if (shapes.size === 0) return listing;
  const memories = listing.memories.map((spec, memory) => ({
    ...spec,
    panels: shapes.get(analysis.place(memory)) ?? spec.panels,
  }));
  const instructions = listing.instructions.map((each) => {
    const packed = packableOf(analysis, each).some((place) => shapes.has(place));
    return packed ? { ...each, args: { ...each.args, packed } } : each;
  });
  return { ...listing, memories, instructions };
}

const isPackable = ({ op }: Instruction, arg: string): boolean => packable[op]?.includes(arg) ?? false;

function packableOf(analysis: Analysis, each: Instruction): MemoryId[] {
  return accessesOf(each).flatMap(({ arg, memory }) => (isPackable(each, arg) ? [analysis.place(memory)] : []));
}

/** float32 state, by its place, that every instruction names in a packable argument, all as a matrix of one shape. */
function candidates(analysis: Analysis): Map<MemoryId, Shape> {
  const found = new Map<MemoryId, Shape>();
  const refused = new Set<MemoryId>();
  for (const each of analysis.listing.instructions) {
    const shape = { out: Number(each.args.outFeatures), in: Number(each.args.inFeatures) };
    for (const { arg, memory } of accessesOf(each)) {
      const place = analysis.place(memory);
      const { kind, dtype, length } = analysis.spec(memory);
      const known = found.get(place) ?? shape;
      const fits = kind === 'state' && dtype === 'float32' && length > 0 && length === shape.out * shape.in;
      if (!isPackable(each, arg) || !fits || known.out !== shape.out) refused.add(place);
      else found.set(place, known);
    }
  }
  for (const place of refused) found.delete(place);
  return found;
}
