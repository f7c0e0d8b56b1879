/**
 * A forward pass of the network in eval mode, without gradients: what an answer of a service takes. Contenders that
 * compile hand it to `compile`; the others call the modules.
 */
import type { Tensor } from '../../src/index.js';
import { numberOf, type TimedCase, type Workload } from '../case.js';
import { forwardFlops, layerSizes } from '../mlp.js';
import { buildMlp } from '../train-step.js';

const batches = [1, 8, 32, 128];

const workloadOf = (batch: number): Workload => ({
  shape: layerSizes.join('-'),
  batch,
  optimizer: null,
  flops: forwardFlops(batch),
  threads: 'each',
  quick: batch <= 8,
  params: { layers: layerSizes.join('-'), batch },
});

const forward: TimedCase = {
  name: 'forward',
  contenders: 'compute',
  compiles: true,
  workloads: batches.map(workloadOf),
  prepare(params, contender) {
    const { compile, manualSeed, nn, noGrad, randn } = contender.library().lanewise;
    manualSeed(0);
    const model = buildMlp(nn, layerSizes, 0.5).eval();
    const input = randn([numberOf(params, 'batch'), layerSizes[0]]);
    const predict = (x: Tensor) => noGrad(() => model.forward(x));
    const run = contender.compiles ? compile(predict) : predict;
    return () => {
      run(input);
    };
  },
};

export default forward;
