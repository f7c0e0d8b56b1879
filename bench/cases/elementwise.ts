/**
 * One pass over a matrix, on memory allocated beforehand: the contract's `pointwise` of relu, and of dropout in training with a new key
 * at each iteration. Two yardsticks of dropout: a plain copy, which is memmove and none of the code that is measured with
 * it, and a copy with scaling, which is dropout without its mask.
 */
import { type NodeContender, numberOf, type Params, type TimedCase, type Workload, workload } from '../case.js';

const sizes = [
  [128, 256],
  [1024, 1024],
] as const;
const floatsInPage = 1024;

type What = 'relu' | 'dropout' | 'copy' | 'scaled copy';

function pass(what: What, rows: number, columns: number): Workload {
  const [isCopy, size] = [what.endsWith('copy'), `${rows}x${columns}`];
  return workload({
    shape: isCopy ? `${what} of ${size}` : size,
    threads: isCopy ? 'one' : 'each',
    program: isCopy ? 'copy' : null,
    quick: true,
    params: { rows, columns, what },
  });
}

function prepare(params: Params, contender: NodeContender): () => void {
  const { lanewise, ops, pointwiseProgram } = contender.library();
  const [rows, columns] = [numberOf(params, 'rows'), numberOf(params, 'columns')];
  const n = rows * columns;
  if (params.what === 'copy') return plainCopy(n);
  const x = lanewise.randn([rows, columns]).storage;
  const out = lanewise.zeros([rows, columns]).storage;
  const sizes = { step: null, layout: Float64Array.of(n, 1), columns, rowOffset: 0 };
  const args = { inputs: [x], keys: [], scalars: [], outputs: [out], ...sizes };
  if (params.what === 'relu') {
    const relu = { ...args, program: pointwiseProgram((each) => each.relu()) };
    return () => ops.pointwise(relu);
  }
  if (params.what === 'scaled copy') {
    const program = pointwiseProgram((each, graph) => each.mul(graph.scalar(0)));
    const scaled = { ...args, program, scalars: [2] };
    return () => ops.pointwise(scaled);
  }
  const key = lanewise.zeros([2], { dtype: 'int32' }).storage;
  const draw = { source: new lanewise.Generator(0), key };
  const program = pointwiseProgram((each, graph) => each.mul(graph.mask(0, graph.scalar(0))));
  const dropout = { ...args, program, keys: [key], scalars: [0.5] };
  return () => {
    ops.drawKey(draw);
    ops.pointwise(dropout);
  };
}

/**
 * The two lie half a page apart modulo the size of a page: on Zen processors memmove's string instruction is twenty times
 * slower when the destination lies less than 32 bytes behind the source modulo 4096, which is the allocator's whim
 * otherwise.
 */
function plainCopy(n: number): () => void {
  const memory = new Float32Array(2 * (n + floatsInPage)).fill(1);
  const from = memory.subarray(0, n);
  const start = n - (n % floatsInPage) + floatsInPage * 1.5;
  const to = memory.subarray(start, start + n);
  return () => to.set(from);
}

const elementwise = (name: string, passes: readonly What[]): TimedCase => ({
  name,
  contenders: 'compute',
  workloads: sizes.flatMap(([rows, columns]) => passes.map((what) => pass(what, rows, columns))),
  prepare,
});

export default [elementwise('dropout', ['dropout', 'copy', 'scaled copy']), elementwise('relu', ['relu'])];
