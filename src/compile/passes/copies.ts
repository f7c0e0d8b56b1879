import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, isOp, overwrites, withValues } from './instruction.js';

/**
 * Drops copies of a whole value in its own order: readers of a temporary copy read the original, as long as nothing writes
 * that before the last of them; and what is only computed to be copied is computed where the copy would lie.
 */
export function dropCopies(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'copy') || !isPlain(analysis, each)) return null;
    return readOriginal(analysis, index, each) ?? computeInPlace(analysis, index, each);
  });
}

/** Whether element i goes to element i, for all there are. */
function isPlain(analysis: Analysis, copy: InstructionOf<'copy'>): boolean {
  const { x, out, layout, xOffset } = copy.args;
  const { length } = analysis.spec(out);
  const rank = layout.length / 3;
  const dense = layout.every((size, i) => i >= rank || size === 1 || layout[rank + i] === layout[2 * rank + i]);
  return dense && xOffset === 0 && analysis.spec(x).length === length && overwrites(copy, length);
}

function readOriginal(analysis: Analysis, index: number, { args }: InstructionOf<'copy'>): Graph | null {
  const { x, out } = args;
  if (analysis.definition(out) !== index) return null;
  const readers = analysis.readers(out);
  const last = readers.at(-1) ?? index;
  if (analysis.writtenBetween(x, index, last + 1)) return null;
  const { graph } = analysis;
  const instructions = graph.instructions.flatMap((each, at) => {
    if (at === index) return [];
    return [readers.includes(at) ? renamed(each, out, x) : each];
  });
  return { ...graph, instructions };
}

function computeInPlace(analysis: Analysis, index: number, { args }: InstructionOf<'copy'>): Graph | null {
  const { x, out } = args;
  const maker = analysis.definition(x);
  if (maker === null || analysis.soleReader(x) !== index) return null;
  return fuse(analysis, [maker, index], renamed(analysis.graph.instructions[maker]!, x, out));
}

function renamed(each: Instruction, from: ValueId, to: ValueId): Instruction {
  return withValues(each, (value) => (value === from ? to : value));
}
