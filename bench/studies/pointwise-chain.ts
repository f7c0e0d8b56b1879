/**
 * Chains of five pointwise ops over a million elements against one op, by turns of a call each, on one thread: what more
 * arithmetic costs where memory is read and written once all the same. The contract's op, on memory allocated beforehand.
 */
import type { Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import type { Library } from '../contenders/library.js';
import { compareByTurns, type Study } from './study.js';

const elements = 2 ** 20;
const scalars = [2, 0.5, 0.25, 3];

type Formula = (x: Expression, graph: ExpressionGraph) => Expression;

const formulas = {
  x·a: (x, graph) => x.mul(graph.scalar(0)),
  '(relu(x·a + b) - c)·d': (x, graph) =>
    x.mul(graph.scalar(0)).add(graph.scalar(1)).relu().sub(graph.scalar(2)).mul(graph.scalar(3)),
  'tanh(x)': (x) => x.tanh(),
  '(tanh(x·a + b) - c)·d': (x, graph) =>
    x.mul(graph.scalar(0)).add(graph.scalar(1)).tanh().sub(graph.scalar(2)).mul(graph.scalar(3)),
} satisfies Record<string, Formula>;
type Name = keyof typeof formulas;

const compared: readonly (readonly [chain: Name, one: Name])[] = [
  ['(relu(x·a + b) - c)·d', 'x·a'],
  ['(tanh(x·a + b) - c)·d', 'tanh(x)'],
];

/** All read and write the same memory, so that it stays in the cache. */
function calls({ lanewise, ops, pointwiseProgram }: Library): (formula: Formula) => () => void {
  const memory = { inputs: [lanewise.randn([elements]).storage], outputs: [lanewise.zeros([elements]).storage] };
  const sizes = { step: null, layout: Float64Array.of(elements, 1), columns: 1, rowOffset: 0 };
  return (formula) => {
    const program = pointwiseProgram(formula);
    const args = { program, ...memory, keys: [], scalars: scalars.slice(0, program.scalars), ...sizes };
    return () => ops.pointwise(args);
  };
}

export const pointwiseChain: Study = {
  name: 'pointwise-chain',
  workload: { shape: `${elements} elements`, batch: null, optimizer: null, quick: true },
  async measure(library, seconds) {
    const prepare = calls(library);
    const turns = Object.fromEntries(Object.entries(formulas).map(([name, formula]) => [name, prepare(formula)]));
    return compareByTurns(library, turns, compared, 0.5 * seconds);
  },
};
