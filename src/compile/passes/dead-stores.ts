import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { Analysis, hasEffect } from './analysis.js';

/**
 * Drops instructions that only write temporaries that are not read any more. Walked from the end, so that what served
 * only a dropped instruction goes as well. Checks and `drawKey` stay: they throw, or advance a generator.
 */
export function dropDeadStores(graph: Graph): Graph {
  const analysis = new Analysis(graph);
  /** Temporaries that are read later on. */
  const live = new Set<ValueId>();
  const kept: Instruction[] = [];
  for (let index = graph.instructions.length - 1; index >= 0; index--) {
    const each = graph.instructions[index]!;
    const touches = analysis.touches(index);
    const matters = ({ value, writes }: (typeof touches)[number]) =>
      writes && (live.has(value) || analysis.spec(value).kind !== 'temporary');
    if (!hasEffect(each) && !touches.some(matters)) continue;
    for (const { value, whole } of touches) if (whole) live.delete(value);
    for (const { value, reads, whole } of touches) if (reads && !whole) live.add(value);
    kept.push(each);
  }
  return kept.length === graph.instructions.length ? graph : { ...graph, instructions: kept.reverse() };
}
