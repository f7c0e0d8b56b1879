import type { Graph, Instruction, ValueId, ValueSpec } from '../../ops/graph.js';
import { Analysis } from './analysis.js';
import { isOp, withValues } from './instruction.js';

/**
 * Gives a temporary a new value where all of it is written, as a sum of gradients in place does: the passes after
 * this one move and merge what is written once (static single assignment, for temporaries only: state is in place by contract).
 */
export function assignOnce(graph: Graph): Graph {
  const analysis = new Analysis(graph);
  const values: ValueSpec[] = [...graph.values];
  /** Where the value of a temporary lies that has been written. */
  const current = new Map<ValueId, ValueId>();
  const instructions = graph.instructions.map((each, index) => {
    const next = new Map<ValueId, ValueId>();
    for (const { value, writes, whole } of analysis.touches(index)) {
      if (!writes || analysis.spec(value).kind !== 'temporary') continue;
      const isFirst = !current.has(value) && analysis.readers(value).every((reader) => reader > index);
      if (isFirst || !whole) current.set(value, current.get(value) ?? value);
      else next.set(value, values.push(analysis.spec(value)) - 1);
    }
    const renamed = rename(each, current, next);
    for (const [value, version] of next) current.set(value, version);
    return renamed;
  });
  return values.length === graph.values.length ? graph : { ...graph, values, instructions };
}

function rename(
  each: Instruction,
  current: ReadonlyMap<ValueId, ValueId>,
  next: ReadonlyMap<ValueId, ValueId>,
): Instruction {
  // A copy over all of a value keeps nothing of it, though its role says that it may.
  return withValues(each, (value, { reads, writes }) => {
    const made = writes && (!reads || isOp(each, 'copy')) ? next.get(value) : undefined;
    return made ?? current.get(value) ?? value;
  });
}
