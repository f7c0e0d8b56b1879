import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { stridesOf } from '../../tensor/shape.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { compose, identity, operandsRead } from './compose.js';
import { type InstructionOf, instruction, isOp, isUpdate } from './instruction.js';
import { elementsOf, isDense, isRepeated, type Operand, spaceOf } from './operands.js';
import { callOf } from './pointwise-chains.js';

/**
 * The gradient of a weight and the optimizer's step with it: the gradient never goes to memory. Only when nothing else
 * reads it: clipping, accumulation, and a gradient that is returned or kept do. The op stands where the optimizer
 * stood, so what reads the weight before that, as the input gradient does, reads the old one.
 */
export function fuseLinearWeightUpdate(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'matmul')) return null;
    const { batch, transA, transB, out } = each.args;
    if (batch !== 1 || !transA || transB) return null;
    const reader = analysis.soleReader(out);
    if (reader === null) return null;
    return fuse(analysis, [index, reader], () => update(analysis, each, analysis.graph.instructions[reader]));
  });
}

function update(
  analysis: Analysis,
  { args: product }: InstructionOf<'matmul'>,
  optimizer: Instruction | undefined,
): Instruction | null {
  if (!isUpdate(optimizer, (value) => analysis.aliasClass(value))) return null;
  const { a: grad, b: x, out: gradWeight, m: outFeatures, n: inFeatures, k: rows } = product;
  const space = spaceOf(optimizer);
  const size = outFeatures * inFeatures;
  if (elementsOf(space) !== size) return null;
  // As large as the weight, so that it may lie in panels as the weight does, or one number for all of it.
  const fits = (operand: Operand): boolean =>
    analysis.spec(operand.value).length === (isDense(space, operand) ? size : isRepeated(operand) ? 1 : -1);
  if (!space.operands.every(fits)) return null;
  const aliasClass = (value: ValueId) => analysis.aliasClass(value);
  const second = callOf(optimizer, space);
  const read = operandsRead(second, [gradWeight], (operand) => isDense(space, operand), aliasClass);
  if (read === null || read.size === 0 || second.keys.length > 0) return null;
  const strides = stridesOf(space.sizes);
  const first = {
    program: identity,
    operands: [{ value: gradWeight, strides }],
    keys: [],
    scalars: [],
    outputs: [gradWeight],
    countsSteps: false,
  };
  const call = compose(first, second, read, [], aliasClass, 1);
  if (call === null) return null;
  const inputs = call.operands.slice(1).map(({ value }) => value);
  const { program, scalars, outputs } = call;
  const sizes = { rows, inFeatures, outFeatures, packed: false };
  return instruction('linearWeightUpdate', {
    ...{ grad, x, program, inputs, scalars, outputs, step: optimizer.args.step },
    ...sizes,
  });
}
