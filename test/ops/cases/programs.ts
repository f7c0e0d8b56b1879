/** Programs for cases: of one node, and written as expressions. */
import { arityOf, type NodeName } from '../../../src/ops/nodes.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { emit, intern } from '../../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../../src/pointwise/expression.js';
import type { CaseArgs } from './case.js';
import { count, layout } from './layouts.js';

const nothing = { keys: 0, scalars: 0, constants: [] } as const;

/** One node of as many inputs as it takes. Not made by src/pointwise, which simplifies. */
export function nodeOf(node: NodeName): PointwiseProgram {
  const inputs = arityOf(node);
  const operands = Array.from({ length: inputs }, (_, i) => i);
  return intern({ ...nothing, inputs, instructions: [{ node, operands }], outputs: [inputs] });
}

/** One node of scalars alone: a value that is the same for all elements. */
export function uniformNodeOf(node: NodeName): PointwiseProgram {
  const scalars = arityOf(node);
  const operands = Array.from({ length: scalars }, (_, i) => i);
  return intern({ ...nothing, inputs: 0, scalars, instructions: [{ node, operands }], outputs: [scalars] });
}

/** What a program computes, as expressions of its inputs and scalars. */
export type Build = (
  inputs: readonly [Expression, Expression, Expression, Expression],
  scalars: readonly [Expression, Expression, Expression, Expression],
  graph: ExpressionGraph,
) => Expression | readonly Expression[];

/** A program with this number of inputs and scalars, used or not. */
export function programOf(inputs: number, scalars: number, build: Build): PointwiseProgram {
  const graph = new ExpressionGraph();
  const all = <T>(make: (index: number) => Expression) => Array.from({ length: 4 }, (_, i) => make(i)) as T;
  const results = build(
    all((i) => graph.input(i)),
    all((i) => graph.scalar(i)),
    graph,
  );
  return emit([results].flat() as Expression[], { inputs, scalars }).program;
}

/** A call of `pointwise`, with the everyday values of what is left out. */
export interface Call {
  readonly program: PointwiseProgram;
  readonly inputs?: readonly Float32Array[];
  readonly scalars?: readonly number[];
  readonly keys?: readonly Int32Array[];
  /** Default: a flat one of as many elements as the first input. */
  readonly layout?: Float64Array;
  readonly step?: number;
  readonly columns?: number;
  readonly rowOffset?: number;
}

export function argsOf(call: Call): CaseArgs<'pointwise'> {
  const { program, inputs = [], scalars = [], keys = [], step, columns = 1, rowOffset = 0 } = call;
  const flat = () => {
    const strides = inputs.map(() => [1]);
    return layout([inputs[0]!.length], ...strides);
  };
  const where = call.layout ?? flat();
  const elements = count([...where.subarray(0, where.length / (1 + inputs.length))]);
  return {
    program,
    inputs,
    keys,
    scalars,
    outputs: program.outputs.map(() => elements),
    step: step === undefined ? null : Int32Array.of(step),
    layout: where,
    columns,
    rowOffset,
  };
}

/** Outputs over inputs: those with these numbers, in turn. */
export const over = (...inputs: readonly number[]): Readonly<Record<string, string>> =>
  Object.fromEntries(inputs.map((input, output) => [`outputs[${output}]`, `inputs[${input}]`]));
