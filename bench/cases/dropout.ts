/**
 * Dropout forward in training: a new key, mask and scale in one pass, on memory allocated beforehand; for PyTorch
 * `F.dropout`, which allocates its result. Beside it a plain copy of as many numbers: for Node contenders a
 * `Float32Array.set`, so that the yardstick is memmove and none of the code that is measured with it.
 */
import { numberOf, type TimedCase, type Workload } from '../case.js';

const probability = 0.5;
const floatsInPage = 1024;

const dropoutOf = (rows: number, columns: number): Workload => ({
  shape: `${rows}x${columns}`,
  batch: null,
  optimizer: null,
  flops: null,
  threads: 'each',
  quick: true,
  params: { rows, columns, copy: false },
});

const copyOf = (rows: number, columns: number): Workload => ({
  ...dropoutOf(rows, columns),
  shape: `copy of ${rows}x${columns}`,
  threads: 'one',
  params: { rows, columns, copy: true },
});

const dropout: TimedCase = {
  name: 'dropout',
  contenders: 'compute',
  workloads: [dropoutOf(128, 256), copyOf(128, 256), dropoutOf(1024, 1024), copyOf(1024, 1024)],
  prepare(params, contender) {
    const { lanewise, ops } = contender.library();
    const [rows, columns] = [numberOf(params, 'rows'), numberOf(params, 'columns')];
    if (params.copy) return plainCopy(rows * columns);
    const x = lanewise.randn([rows, columns]).storage;
    const out = lanewise.zeros([rows, columns]).storage;
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
