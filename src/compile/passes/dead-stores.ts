import type { Instruction, Listing, MemoryId } from '../../ops/listing.js';
import { Analysis, hasEffect } from './analysis.js';

/**
 * Drops instructions that only write temporaries that are not read any more. Walked from the end, so that what served
 * only a dropped instruction goes as well. Checks and `drawKey` stay: they throw, or advance a generator.
 */
export function dropDeadStores(listing: Listing): Listing {
  const analysis = new Analysis(listing);
  /** Temporaries that are read later on. */
  const live = new Set<MemoryId>();
  const kept: Instruction[] = [];
  for (let index = listing.instructions.length - 1; index >= 0; index--) {
    const each = listing.instructions[index]!;
    const touches = analysis.touches(index);
    const matters = ({ memory, writes }: (typeof touches)[number]) =>
      writes && (live.has(memory) || analysis.spec(memory).kind !== 'temporary');
    if (!hasEffect(each) && !touches.some(matters)) continue;
    for (const { memory, whole } of touches) if (whole) live.delete(memory);
    for (const { memory, reads, whole } of touches) if (reads && !whole) live.add(memory);
    kept.push(each);
  }
  return kept.length === listing.instructions.length ? listing : { ...listing, instructions: kept.reverse() };
}
