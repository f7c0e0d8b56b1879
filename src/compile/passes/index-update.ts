import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import type { PointwiseProgram } from '../../ops/pointwise-program.js';
import { emit, inline } from '../../pointwise/emit.js';
import { type Expression, ExpressionGraph, isConstant, postorder } from '../../pointwise/expression.js';
import { sameShape } from '../../tensor/shape.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { type InstructionOf, instruction, isOp, isUpdate } from './instruction.js';
import { isDense, type Operand, reshape, spaceOf } from './operands.js';

/**
 * The gradient of a table that rows are looked up in, and the optimizer's step with it: for the rows that are named only, where the step leaves the
 * others as they are. That is so where the program says so, by the counts of a gradient with `sparse`, and of plain SGD, which adds rate·0.
 */
export function fuseIndexUpdate(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'indexAdd')) return null;
    const reader = analysis.soleReader(each.args.out);
    const optimizer = reader === null ? undefined : analysis.graph.instructions[reader];
    if (reader === null || !isUpdate(optimizer, (value) => analysis.aliasClass(value))) return null;
    const operands = operandsOf(analysis, each, optimizer);
    if (operands === null) return null;
    const indices = [index, reader, ...(operands.counting === null ? [] : [operands.counting])];
    return fuse(
      analysis,
      indices.sort((a, b) => a - b),
      () => update(analysis, each, optimizer, operands),
    );
  });
}

/** What stands for each input of the optimizer's program. */
interface Operands {
  /** The number of the input that is the gradient; of the one that is the count of each row. */
  readonly gradient: number;
  readonly counts: number | null;
  /** The instruction that counts. */
  readonly counting: number | null;
  /** Of each output, the input that lies in its place. */
  readonly states: readonly number[];
}

function operandsOf(
  analysis: Analysis,
  { args }: InstructionOf<'indexAdd'>,
  optimizer: InstructionOf<'pointwise'>,
): Operands | null {
  const { rows, width, out } = args;
  const space = reshape(spaceOf(optimizer), [rows, width]);
  if (space === null || optimizer.args.keys.length > 0) return null;
  const { operands } = space;
  const aliasClass = (value: ValueId) => analysis.aliasClass(value);
  const at = (value: ValueId) =>
    operands.findIndex(
      (operand) => aliasClass(operand.value) === aliasClass(value) && analysis.spec(value).length === rows * width,
    );
  const gradient = at(out);
  const states = optimizer.args.outputs.map(at);
  const isWhole = (i: number) => i >= 0 && isDense(space, operands[i]!);
  if (!isWhole(gradient) || !states.every(isWhole) || new Set(states).size !== states.length) return null;
  const others = [...operands.keys()].filter((i) => i !== gradient && !states.includes(i));
  const [counts] = others;
  if (counts === undefined) return { gradient, counts: null, counting: null, states };
  const counting = others.length === 1 ? countingOf(analysis, args, operands[counts]!) : null;
  return counting === null ? null : { gradient, counts, counting, states };
}

/** The instruction that adds up how often each row is named, of which the optimizer reads one number for each row. */
function countingOf(
  analysis: Analysis,
  { index, rows, width, count }: InstructionOf<'indexAdd'>['args'],
  { value, strides }: Operand,
): number | null {
  // Over a width of 1 a row is an element.
  if (!sameShape(strides, [1, 0]) && !(width === 1 && sameShape(strides, [1, 1]))) return null;
  const made = analysis.definition(value);
  const each = made === null ? undefined : analysis.graph.instructions[made];
  if (!isOp(each, 'indexAdd') || analysis.soleReader(value) === null) return null;
  const { args } = each;
  const isSame = analysis.aliasClass(args.index) === analysis.aliasClass(index);
  return isSame && args.rows === rows && args.width === 1 && args.count === count ? made : null;
}

function update(
  analysis: Analysis,
  { args: sum }: InstructionOf<'indexAdd'>,
  { args: optimizer }: InstructionOf<'pointwise'>,
  operands: Operands,
): Instruction | null {
  const program = ofNamedRows(optimizer.program, operands);
  if (program === null) return null;
  const { grad, index, rows, width, count } = sum;
  const counting = operands.counting === null ? undefined : analysis.graph.instructions[operands.counting];
  const counts = isOp(counting, 'indexAdd') ? counting.args.grad : null;
  const { outputs: states, scalars, step } = optimizer;
  return instruction('indexUpdate', { grad, index, counts, program, states, scalars, step, rows, width, count });
}

/** What becomes of the states in rows that are named, from the gradient and the states; null where it is not plain that other rows stay. */
function ofNamedRows(program: PointwiseProgram, { gradient, counts, states }: Operands): PointwiseProgram | null {
  const graph = new ExpressionGraph();
  const [grad, count] = [graph.input(0), graph.input(1 + states.length)];
  const inputs = Array.from({ length: program.inputs }, (_, i) => {
    if (i === gradient) return grad;
    return i === counts ? count : graph.input(1 + states.indexOf(i));
  });
  const scalars = Array.from({ length: program.scalars }, (_, i) => graph.scalar(i));
  const results = inline(program, graph, { inputs, scalars, keys: [] }).map((result, i) =>
    counts === null ? plainStep(result, grad, graph.input(1 + i)) : chosen(result, count, graph.input(1 + i)),
  );
  const found = results.filter((result) => result !== null);
  if (found.length < results.length || postorder(found).includes(count)) return null;
  return emit(found, { inputs: 1 + states.length, scalars: program.scalars }).program;
}

/** What a result is where the count is not 0, if the state stays where it is 0. */
function chosen({ of }: Expression, count: Expression, state: Expression): Expression | null {
  if (of.kind !== 'node' || of.node !== 'selectEqual') return null;
  const [a, b, yes, no] = of.operands;
  return a === count && isConstant(b!, 0) && yes === state ? no! : null;
}

/** rate·grad + state, which is the state where the gradient is 0: options are checked to be finite. */
function plainStep(result: Expression, grad: Expression, state: Expression): Expression | null {
  const { of } = result;
  if (of.kind !== 'node' || of.node !== 'fma') return null;
  const [a, b, term] = of.operands;
  const rate = a === grad ? b! : b === grad ? a! : grad;
  const isUniform = postorder([rate]).every((each) => each.of.kind !== 'input');
  return isUniform && term === state ? result : null;
}
