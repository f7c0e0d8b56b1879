/**
 * A whole training step in eager mode through the public API, as a user writes it: zeroGrad, forward, loss, backward,
 * step. One fixed random batch; the learning rate is so small that thousands of steps stay where training starts:
 * a network that has learnt its batch by heart would bring subnormal numbers, which slow some contenders only.
 */
import { type Case, numberOf, type Workload } from '../case.js';
import { batchSizes, layerSizes, stepFlops, targetBatch } from '../mlp.js';

const learningRate = 1e-5;

const workloadOf = (batch: number, optimizer: string): Workload => ({
  shape: layerSizes.join('-'),
  batch,
  optimizer,
  flops: stepFlops(batch),
  threads: 'each',
  quick: batch === targetBatch,
  params: { batch, optimizer, learningRate },
});

const mlpTrainStep: Case = {
  name: 'mlp-train-step',
  contenders: 'compute',
  workloads: batchSizes.flatMap((batch) => ['SGD', 'Adam'].map((optimizer) => workloadOf(batch, optimizer))),
  prepare(params, contender) {
    const { nn, optim, manualSeed, randn, randint } = contender.library().lanewise;
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
    return () => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(input), target);
      loss.backward();
      optimizer.step();
    };
  },
};

export default mlpTrainStep;
