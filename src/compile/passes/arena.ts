import type { Listing, MemorySpec } from '../../ops/listing.js';
import { accessesOf, withMemories } from './instruction.js';

const alignment = 64;

/** When a temporary is in use: from the first instruction that names it to the last. */
interface Lifetime {
  readonly memory: number;
  /** Elements, rounded up to whole lines of 64 bytes. */
  readonly size: number;
  first: number;
  last: number;
  offset: number;
}

/**
 * Gives each temporary its place in the arena: 64-byte aligned, shared by temporaries that are never in use at the same
 * instruction, so an output never lies where an input of the same instruction does. The largest first, each at the lowest
 * place that is free as long as it lives (greedy by size, Pisarchyk and Lee, Efficient Memory Management for Deep Neural
 * Net Inference, 2020). Temporaries that no instruction names any more are dropped, and the others renumbered.
 * @param share false gives each its own place.
 */
export function planArena(listing: Listing, { share }: { readonly share: boolean } = { share: true }): Listing {
  const used = dropUnused(listing);
  const lifetimes = lifetimesOf(used).sort((a, b) => b.size - a.size || a.first - b.first || a.memory - b.memory);
  const placed: Lifetime[] = [];
  let arena = 0;
  for (const lifetime of lifetimes) {
    const others = share
      ? placed.filter((other) => other.first <= lifetime.last && lifetime.first <= other.last)
      : placed;
    lifetime.offset = lowestGap(others, lifetime.size);
    arena = Math.max(arena, lifetime.offset + lifetime.size);
    placed.push(lifetime);
  }
  const offsets = new Map(placed.map(({ memory, offset }) => [memory, offset]));
  const memories = used.memories.map((spec, memory) =>
    spec.kind === 'temporary' ? { ...spec, index: offsets.get(memory)! } : spec,
  );
  return { ...used, memories, arena };
}

/** Bytes of an element in the arena: 8 when anything is float64, else 4. */
export function arenaElementBytes(memories: readonly MemorySpec[]): number {
  return memories.some(({ dtype }) => dtype === 'float64') ? 8 : 4;
}

function lifetimesOf({ memories, instructions }: Listing): Lifetime[] {
  const line = alignment / arenaElementBytes(memories);
  const found = new Map<number, Lifetime>();
  instructions.forEach((each, index) => {
    for (const { memory } of accessesOf(each)) {
      const { kind, length } = memories[memory]!;
      if (kind !== 'temporary') continue;
      const lifetime = found.get(memory);
      if (lifetime !== undefined) lifetime.last = index;
      else found.set(memory, { memory, size: Math.ceil(length / line) * line, first: index, last: index, offset: 0 });
    }
  });
  return [...found.values()];
}

/** The lowest offset at which `size` elements overlap none of the others. */
function lowestGap(others: readonly Lifetime[], size: number): number {
  let offset = 0;
  for (const other of [...others].sort((a, b) => a.offset - b.offset)) {
    if (other.offset >= offset + size) break;
    offset = Math.max(offset, other.offset + other.size);
  }
  return offset;
}

function dropUnused(listing: Listing): Listing {
  const named = new Set(listing.instructions.flatMap((each) => accessesOf(each).map(({ memory }) => memory)));
  const numbers = new Map<number, number>();
  const memories = listing.memories.filter(({ kind }, memory) => {
    if (kind === 'temporary' && !named.has(memory)) return false;
    numbers.set(memory, numbers.size);
    return true;
  });
  const instructions = listing.instructions.map((each) => withMemories(each, (memory) => numbers.get(memory)!));
  return { ...listing, memories, instructions };
}
