/**
 * A forward pass of the network in eval mode, without gradients: what an answer of a service takes. Contenders that
 * compile hand it to `compile`; the others call the modules.
 */
import type { Tensor } from '../../src/index.js';
import { numberOf, type TimedCase, workload } from '../case.js';
import { buildMlp, layerSizes, productFlops, stepProducts } from '../mlp.js';

const layers = layerSizes.join('-');

const forward: TimedCase = {
  name: 'forward',
  contenders: 'compute',
  compiles: true,
  workloads: [1, 8, 32, 128].map((batch) => {
    const flops = productFlops(...stepProducts(batch).filter(({ form }) => form === 'nt'));
    return workload({ shape: layers, batch, flops, threads: 'each', quick: batch <= 8, params: { layers, batch } });
  }),
  prepare(params, contender) {
    const { compile, manualSeed, nn, noGrad, randn } = contender.library().lanewise;
    manualSeed(0);
    const model = buildMlp(nn, layerSizes, 0.5).eval();
    const input = randn([numberOf(params, 'batch'), layerSizes[0]!]);
    const predict = (x: Tensor) => noGrad(() => model.forward(x));
    const run = contender.compiles ? compile(predict) : predict;
    return () => void run(input);
  },
};

export default forward;
