/**
 * Dropout forward in training: a new key, mask and scale in one pass, on memory allocated beforehand; for PyTorch
 * `F.dropout`, which allocates its result. Beside it two yardsticks over as many numbers. A plain copy: for Node
 * contenders a `Float32Array.set`, so that it is memmove and none of the code that is measured with it. And a copy with
 * scaling, which is dropout without its mask: the contract's own multiplication by a number.
 */
import { numberOf, type TimedCase, type Workload } from '../case.js';

const probability = 0.5;
const floatsInPage = 1024;
const sizes = [
  [128, 256],
  [1024, 1024],
] as const;

const dropoutOf = (rows: number, columns: number): Workload => ({
  shape: `${rows}x${columns}`,
  batch: null,
  optimizer: null,
  flops: null,
  threads: 'each',
  quick: true,
  params: { rows, columns, what: 'dropout' },
});

const copyOf = (rows: number, columns: number, what: 'copy' | 'scaled copy'): Workload => ({
  ...dropoutOf(rows, columns),
  shape: `${what} of ${rows}x${columns}`,
  threads: 'one',
  program: 'copy',
  params: { rows, columns, what },
});

const dropout: TimedCase = {
  name: 'dropout',
  contenders: 'compute',
  workloads: sizes.flatMap(([rows, columns]) => [
    dropoutOf(rows, columns),
    copyOf(rows, columns, 'copy'),
    copyOf(rows, columns, 'scaled copy'),
  ]),
  prepare(params, contender) {
    const { lanewise, ops } = contender.library();
    const [rows, columns] = [numberOf(params, 'rows'), numberOf(params, 'columns')];
    if (params.what === 'copy') return plainCopy(rows * columns);
    const x = lanewise.randn([rows, columns]).storage;
    const out = lanewise.zeros([rows, columns]).storage;
    if (params.what === 'scaled copy') {
      const b = lanewise.tensor([2]).storage;
      const scaled = { a: x, b, out, layout: Float64Array.of(rows * columns, 1, 0) };
      return () => ops.mul(scaled);
    }
    const key = lanewise.zeros([2], { dtype: 'int32' }).storage;
    const draw = { source: new lanewise.Generator(0), key };
    const args = { x, key, out, rows, columns, p: probability, rowOffset: 0 };
    return () => {
      ops.drawKey(draw);
      ops.dropout(args);
    };
  },
};

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

export default dropout;
