import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { plainCall } from '../../ops/pointwise-program.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type Call, compose, identity, operandsRead } from './compose.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { elementsOf, isDense, layoutOfSpace, type Space, spaceOf, unify } from './operands.js';

/**
 * A pointwise instruction that reads what another computes, or has copied to broadcast it, becomes one with it: one pass over memory. What
 * others read, too, is written all the same.
 */
export function fusePointwiseChains(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = asPointwise(analysis.graph.instructions[index]!);
    if (each === null || each.args.step !== null) return null;
    for (const output of each.args.outputs) {
      if (analysis.definition(output) !== index) continue;
      for (const reader of analysis.readers(output)) {
        const next = analysis.graph.instructions[reader];
        const fused = isOp(next, 'pointwise') ? merge(analysis, index, each, reader, next) : null;
        if (fused !== null) return fused;
      }
    }
    return null;
  });
}

/** A copy is a program, too, where it reads memory in its order or again and again. (One that defines a temporary writes all of it in order.) */
function asPointwise(each: Instruction): InstructionOf<'pointwise'> | null {
  if (isOp(each, 'pointwise')) return each;
  if (!isOp(each, 'copy')) return null;
  const { x, out, xOffset } = each.args;
  const layout = each.args.layout.slice(0, (each.args.layout.length / 3) * 2);
  if (xOffset !== 0 || layout.at(-1)! > 1) return null;
  const made = instruction('pointwise', { ...plainCall, program: identity, inputs: [x], outputs: [out], layout });
  return made as InstructionOf<'pointwise'>;
}

function merge(
  analysis: Analysis,
  index: number,
  first: InstructionOf<'pointwise'>,
  reader: number,
  second: InstructionOf<'pointwise'>,
): Graph | null {
  const make = (): Instruction | null => {
    const spaces = unify(spaceOf(first), spaceOf(second));
    const masks = commonMasks(first, second);
    if (spaces === null || masks === null || elementsOf(spaces[0]) === 0) return null;
    const [a, b] = [callOf(first, spaces[0]), callOf(second, spaces[1])];
    const aliasClass = (value: ValueId) => analysis.aliasClass(value);
    const read = operandsRead(b, a.outputs, (operand) => isDense(spaces[1], operand), aliasClass);
    if (read === null || read.size === 0) return null;
    const kept = a.outputs.filter((output) => isKept(analysis, output, index, reader));
    const call = compose(a, b, read, kept, aliasClass);
    if (call === null) return null;
    const { program, keys, scalars, outputs, operands } = call;
    const inputs = operands.map(({ value }) => value);
    const layout = layoutOfSpace({ sizes: spaces[1].sizes, operands });
    const { step } = second.args;
    return instruction('pointwise', { program, inputs, keys, scalars, outputs, step, layout, ...masks });
  };
  return fuse(analysis, [index, reader], make);
}

/** Whether anyone but the reader wants what an instruction writes. */
export function isKept(analysis: Analysis, output: ValueId, index: number, reader: number): boolean {
  return analysis.definition(output) !== index || analysis.readers(output).some((other) => other !== reader);
}

export function callOf({ args }: InstructionOf<'pointwise'>, { operands }: Space): Call {
  const { program, keys, scalars, outputs, step } = args;
  return { program, operands, keys, scalars, outputs, countsSteps: step !== null };
}

type Masks = Pick<InstructionOf<'pointwise'>['args'], 'columns' | 'rowOffset'>;

/** Where the elements of both stand in their masks; null when that differs. */
function commonMasks({ args: a }: InstructionOf<'pointwise'>, { args: b }: InstructionOf<'pointwise'>): Masks | null {
  const { columns, rowOffset } = a.keys.length > 0 ? a : b;
  const isSame = a.columns === b.columns && a.rowOffset === b.rowOffset;
  return isSame || a.keys.length === 0 || b.keys.length === 0 ? { columns, rowOffset } : null;
}
