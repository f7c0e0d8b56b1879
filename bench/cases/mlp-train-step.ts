/**
 * A whole training step through the public API, as a user writes it: zeroGrad, forward, loss, backward, step; in eager
 * mode, and by contenders that compile as one function handed to `compile`. One fixed random batch; the learning rate is so small that thousands of steps stay where training starts:
 * a network that has learnt its batch by heart would bring subnormal numbers, which slow some contenders only.
 */
import { numberOf, type TimedCase, type Workload } from '../case.js';
import type { Tensor } from '../../src/index.js';
import { batchSizes, layerSizes, stepFlops, targetBatch } from '../mlp.js';

const learningRate = 1e-5;
/** The batch size of the target for compiled steps. */
const compiledTargetBatch = 32;

const workloadOf = (batch: number, optimizer: string): Workload => ({
  shape: layerSizes.join('-'),
  batch,
  optimizer,
  flops: stepFlops(batch),
  threads: 'each',
  quick: batch === targetBatch || (batch === compiledTargetBatch && optimizer === 'SGD'),
  params: { batch, optimizer, learningRate },
});

const mlpTrainStep: TimedCase = {
  name: 'mlp-train-step',
  contenders: 'compute',
  compiles: true,
  workloads: batchSizes.flatMap((batch) => ['SGD', 'Adam'].map((optimizer) => workloadOf(batch, optimizer))),
  prepare(params, contender) {
    const { compile, nn, optim, manualSeed, randn, randint } = contender.library().lanewise;
    const batch = numberOf(params, 'batch');
    manualSeed(0);
    const [pixels, hidden1, hidden2, classes] = layerSizes;
    const model = new nn.Sequential(
      new nn.Linear(pixels, hidden1),
      new nn.ReLU(),
      new nn.Dropout(0.5),
      new nn.Linear(hidden1, hidden2),
      new nn.ReLU(),
      new nn.Dropout(0.5),
      new nn.Linear(hidden2, classes),
    );
    const options = { lr: numberOf(params, 'learningRate') };
    const optimizer =
      params.optimizer === 'Adam'
        ? new optim.Adam(model.parameters(), options)
        : new optim.SGD(model.parameters(), options);
    const criterion = new nn.CrossEntropyLoss();
    const input = randn([batch, pixels]);
    const target = randint(0, classes, [batch]);
    model.train();
    const step = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const run = contender.compiles ? compile(step) : step;
    return () => {
      run(input, target);
    };
  },
};

export default mlpTrainStep;
