import type { Instruction, Listing, MemoryId, MemorySpec } from '../../ops/listing.js';
import { Analysis } from './analysis.js';
import { isOp, withMemories } from './instruction.js';

/**
 * Gives each value of a temporary a memory of its own where all of it is written, as a sum of gradients in place does: the passes after
 * this one move and merge what is written once (static single assignment, for temporaries only: state is in place by contract).
 */
export function assignOnce(listing: Listing): Listing {
  const analysis = new Analysis(listing);
  const memories: MemorySpec[] = [...listing.memories];
  /** Where the value of a temporary lies that has been written. */
  const current = new Map<MemoryId, MemoryId>();
  const instructions = listing.instructions.map((each, index) => {
    const next = new Map<MemoryId, MemoryId>();
    for (const { memory, writes, whole } of analysis.touches(index)) {
      if (!writes || analysis.spec(memory).kind !== 'temporary') continue;
      const isFirst = !current.has(memory) && analysis.readers(memory).every((reader) => reader > index);
      if (isFirst || !whole) current.set(memory, current.get(memory) ?? memory);
      else next.set(memory, memories.push(analysis.spec(memory)) - 1);
    }
    const renamed = rename(each, current, next);
    for (const [memory, value] of next) current.set(memory, value);
    return renamed;
  });
  return memories.length === listing.memories.length ? listing : { ...listing, memories, instructions };
}

function rename(
  each: Instruction,
  current: ReadonlyMap<MemoryId, MemoryId>,
  next: ReadonlyMap<MemoryId, MemoryId>,
): Instruction {
  // A copy over all of a memory keeps nothing of it, though its role says that it may.
  return withMemories(each, (memory, { reads, writes }) => {
    const made = writes && (!reads || isOp(each, 'copy')) ? next.get(memory) : undefined;
    return made ?? current.get(memory) ?? memory;
  });
}
