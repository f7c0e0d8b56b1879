/**
 * Chains of five pointwise ops over a million elements against one op, by turns of a call each, on one thread: what more
 * arithmetic costs where memory is read and written once all the same. The contract's op, on memory allocated beforehand.
 */
import { median, quantile } from 'simple-statistics';
import type { Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import type { Library } from '../contenders/library.js';
import { figure, type Study } from './study.js';

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
    const { backend } = library.lanewise;
    const prepare = calls(library);
    const turns = Object.entries(formulas).map(([name, formula]) => ({ name, run: prepare(formula) }));
    const times: Record<string, number[]> = Object.fromEntries(turns.map(({ name }) => [name, []]));
    const { threads } = backend;
    backend.threads = 1;
    try {
      const end = performance.now() + 500 * seconds;
      do {
        for (const { name, run } of turns) {
          run(); // brings its code and memory into the caches
          const before = performance.now();
          run();
          times[name]!.push(1000 * (performance.now() - before));
        }
      } while (performance.now() < end);
    } finally {
      backend.threads = threads;
    }
    return [
      ...turns.map(({ name }) => figure(`${name}, median`, median(times[name]!), ' us')),
      ...compared.flatMap(([chain, one]) => {
        const ratios = times[chain]!.map((time, i) => time / times[one]![i]!);
        const at = (q: number, what: string) => figure(`${chain} over ${one}, ${what}`, quantile(ratios, q), 'x');
        return [at(0.5, 'median'), at(0.1, '10th percentile'), at(0.9, '90th percentile')];
      }),
    ];
  },
};
