/**
 * ReLU forward on memory allocated beforehand: the contract's `relu`; for PyTorch `torch.clamp_min` with `out=`, which
 * is what its relu calls.
 */
import { numberOf, type TimedCase, type Workload } from '../case.js';

const workloadOf = (rows: number, columns: number): Workload => ({
  shape: `${rows}x${columns}`,
  batch: null,
  optimizer: null,
  flops: null,
  threads: 'each',
  quick: true,
  params: { rows, columns },
});

const relu: TimedCase = {
  name: 'relu',
  contenders: 'compute',
  workloads: [workloadOf(128, 256), workloadOf(1024, 1024)],
  prepare(params, contender) {
    const { lanewise, ops } = contender.library();
    const n = numberOf(params, 'rows') * numberOf(params, 'columns');
    const args = { x: lanewise.randn([n]).storage, out: lanewise.zeros([n]).storage, n };
    return () => ops.relu(args);
  },
};

export default relu;
