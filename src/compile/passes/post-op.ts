/** What follows a matrix product as its post-op: a program that runs on blocks of the product while they are in cache. */
import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { type MatrixSizes, matrixStrides } from '../../ops/matrix-operands.js';
import { type Analysis, fuse } from './analysis.js';
import { type Call, compose, identity, operandsRead } from './compose.js';
import { type InstructionArgs, isOp } from './instruction.js';
import { elementsOf, isDense, overMatrix, spaceOf } from './operands.js';
import { callOf, isKept } from './pointwise-chains.js';

/** The arguments of a post-op. */
export type PostOp = Pick<
  InstructionArgs<'linear'>,
  'out' | 'program' | 'inputs' | 'keys' | 'scalars' | 'outputs' | 'rowOffset'
>;

export const noPostOp: Omit<PostOp, 'out'> = {
  program: null,
  inputs: [],
  keys: [],
  scalars: [],
  outputs: [],
  rowOffset: 0,
};

/**
 * A product's instruction and a pointwise one that reads what it writes as one.
 * @param index of the product's instruction
 * @param sizes of the product: [images, rows of an image, columns]
 * @param make makes the instruction with another post-op
 * @returns null where there is none to be taken along
 */
export function fuseNext(
  analysis: Analysis,
  index: number,
  args: PostOp,
  sizes: MatrixSizes,
  make: (args: PostOp) => Instruction,
): Graph | null {
  for (const output of [args.out, ...args.outputs]) {
    if (analysis.definition(output) !== index) continue;
    for (const reader of analysis.readers(output)) {
      const fused = fuse(analysis, [index, reader], () => {
        const extended = withReader(analysis, index, args, reader, sizes);
        return extended === null ? null : make(extended);
      });
      if (fused !== null) return fused;
    }
  }
  return null;
}

function withReader(
  analysis: Analysis,
  index: number,
  args: PostOp,
  reader: number,
  sizes: MatrixSizes,
): PostOp | null {
  const next: Instruction | undefined = analysis.graph.instructions[reader];
  if (!isOp(next, 'pointwise') || next.args.step !== null || elementsOf({ sizes }) === 0) return null;
  const [, , columns] = sizes;
  const { keys, rowOffset } = next.args;
  if (keys.length > 0 && next.args.columns !== columns) return null;
  if (keys.length > 0 && args.keys.length > 0 && rowOffset !== args.rowOffset) return null;
  const space = overMatrix(spaceOf(next), sizes, (value) => analysis.spec(value).length);
  if (space === null) return null;
  const aliasClass = (value: ValueId) => analysis.aliasClass(value);
  const first = postOpCall(analysis, args, sizes);
  const second = callOf(next, space);
  const read = operandsRead(second, first.outputs, (operand) => isDense(space, operand), aliasClass);
  if (read === null || read.size === 0) return null;
  const kept = first.outputs.filter((output) => isKept(analysis, output, index, reader));
  const call = compose(first, second, read, kept, aliasClass, 1);
  if (call === null) return null;
  const [out, ...outputs] = call.outputs as [ValueId, ...ValueId[]];
  return {
    out,
    program: call.program,
    inputs: call.operands.slice(1).map(({ value }) => value),
    keys: call.keys,
    scalars: call.scalars,
    outputs,
    rowOffset: keys.length > 0 ? rowOffset : args.rowOffset,
  };
}

/** The post-op there is, over the rows of the product; its operand 0 is the product, which has no memory. */
function postOpCall(analysis: Analysis, args: PostOp, sizes: MatrixSizes): Call {
  const operands = [args.out, ...args.inputs].map((value) => ({
    value,
    strides: matrixStrides(analysis.spec(value).length, sizes)!,
  }));
  return {
    program: args.program ?? identity,
    operands,
    keys: args.keys,
    scalars: args.scalars,
    outputs: [args.out, ...args.outputs],
    countsSteps: false,
  };
}
