/** Pointwise programs as data: what the op `pointwise` runs for each element. */
import { type NodeName, nodeNames } from './nodes.js';

/** The number of a value in its program: inputs first, then scalars, constants and the results of the instructions. */
export type ValueId = number;

/** `node` of the operands; `mask` of a key's number and of the probability. */
export type PointwiseInstruction =
  | { readonly node: NodeName; readonly operands: readonly ValueId[] }
  | { readonly node: 'mask'; readonly key: number; readonly p: ValueId };

/** A function of elements at one place. Immutable; equal programs are the same object (`src/pointwise/emit.ts`). */
export interface PointwiseProgram {
  readonly inputs: number;
  /** Dropout keys. */
  readonly keys: number;
  /** Numbers that are the same for all elements; the last is the number of the step when the op is given `step`. */
  readonly scalars: number;
  readonly constants: readonly number[];
  readonly instructions: readonly PointwiseInstruction[];
  readonly outputs: readonly ValueId[];
  /** All of it as numbers, which is how it crosses to native code: see native/ops/pointwise.h. */
  readonly code: Float64Array;
}

const operandsPerInstruction = 4;

/** A program as numbers. */
export function encode(program: Omit<PointwiseProgram, 'code'>): Float64Array {
  const { inputs, keys, scalars, constants, instructions, outputs } = program;
  const numbers = [inputs, keys, scalars, constants.length, instructions.length, outputs.length, ...constants];
  for (const each of instructions) {
    const operands = each.node === 'mask' ? [each.key, each.p] : each.operands;
    const number = each.node === 'mask' ? nodeNames.length : nodeNames.indexOf(each.node);
    numbers.push(number, ...operands, ...new Array<number>(operandsPerInstruction - operands.length).fill(0));
  }
  return Float64Array.from([...numbers, ...outputs]);
}

/** The value number of an instruction's result. */
export const resultOf = (program: PointwiseProgram, index: number): ValueId =>
  program.inputs + program.scalars + program.constants.length + index;

const longest = 80;

/** Its outputs as calls of nodes: `mul(x, sigmoid(x))`. Where that is too long to be read, calls in it are cut: `mul(x, exp(…))`. */
export function printProgram(
  { constants, instructions, outputs }: PointwiseProgram,
  names: { readonly inputs: readonly string[]; readonly scalars: readonly string[]; readonly keys: readonly string[] },
): string[] {
  const leaves = [...names.inputs, ...names.scalars, ...constants.map(String)];
  const texts = [...leaves];
  const cut = [...leaves];
  for (const each of instructions) {
    const call = (operands: readonly string[]) =>
      each.node === 'mask'
        ? `mask(${names.keys[each.key]!}, ${operands[each.p]!})`
        : `${each.node}(${each.operands.map((id) => operands[id]!).join(', ')})`;
    const text = call(texts);
    texts.push(text.length > longest ? call(cut) : text);
    cut.push(`${each.node}(…)`);
  }
  return outputs.map((id) => texts[id]!);
}

/** What a call of the op `pointwise` is given for a program without masks, scalars and a count of steps. */
export const plainCall = { keys: [], scalars: [], step: null, columns: 1, rowOffset: 0 } as const;
