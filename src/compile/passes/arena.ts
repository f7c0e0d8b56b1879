import type { Graph, ValueSpec } from '../../ops/graph.js';
import { accessesOf, withValues } from './instruction.js';

const alignment = 64;

/** When a temporary is in use: from the first instruction that names it to the last. */
interface Lifetime {
  readonly value: number;
  /** Elements, rounded up to whole lines of 64 bytes. */
  readonly size: number;
  first: number;
  last: number;
  offset: number;
}

/**
 * Gives each temporary its offset in the arena: 64-byte aligned, shared by temporaries that are never in use at the same
 * instruction, so an output never lies where an input of the same instruction does. The largest first, each at the lowest
 * offset that is free as long as it lives (greedy by size, Pisarchyk and Lee, Efficient Memory Management for Deep Neural
 * Net Inference, 2020). Temporaries that no instruction names any more are dropped, and the others renumbered.
 * @param share false gives each its own offset.
 */
export function planArena(graph: Graph, { share }: { readonly share: boolean } = { share: true }): Graph {
  const used = dropUnused(graph);
  const lifetimes = lifetimesOf(used).sort((a, b) => b.size - a.size || a.first - b.first || a.value - b.value);
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
  const offsets = new Map(placed.map(({ value, offset }) => [value, offset]));
  const values = used.values.map((spec, value) =>
    spec.kind === 'temporary' ? { ...spec, index: offsets.get(value)! } : spec,
  );
  return { ...used, values, arena };
}

/** Bytes of an element in the arena: 8 when anything is float64, else 4. */
export function arenaElementBytes(values: readonly ValueSpec[]): number {
  return values.some(({ dtype }) => dtype === 'float64') ? 8 : 4;
}

function lifetimesOf({ values, instructions }: Graph): Lifetime[] {
  const line = alignment / arenaElementBytes(values);
  const found = new Map<number, Lifetime>();
  instructions.forEach((each, index) => {
    for (const { value } of accessesOf(each)) {
      const { kind, length } = values[value]!;
      if (kind !== 'temporary') continue;
      const lifetime = found.get(value);
      if (lifetime !== undefined) lifetime.last = index;
      else found.set(value, { value, size: Math.ceil(length / line) * line, first: index, last: index, offset: 0 });
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

function dropUnused(graph: Graph): Graph {
  const named = new Set(graph.instructions.flatMap((each) => accessesOf(each).map(({ value }) => value)));
  const numbers = new Map<number, number>();
  const values = graph.values.filter(({ kind }, value) => {
    if (kind === 'temporary' && !named.has(value)) return false;
    numbers.set(value, numbers.size);
    return true;
  });
  const instructions = graph.instructions.map((each) => withValues(each, (value) => numbers.get(value)!));
  return { ...graph, values, instructions };
}
