/**
 * The training step that several cases time: zeroGrad, forward, loss, backward, step of a multilayer perceptron with ReLU
 * and dropout, as a user writes it; in eager mode, and by contenders that compile as one function handed to `compile`.
 * One fixed random batch; the learning rate is so small that thousands of steps stay where training starts: a network
 * that has learnt its batch by heart would bring subnormal numbers, which slow some contenders only.
 */
import type { nn as Modules, Tensor } from '../src/index.js';
import { type NodeContender, numberOf, type Params, type Workload } from './case.js';
import { stepFlops } from './mlp.js';

/** The code of other languages for it. */
export const trainStepProgram = 'mlp-train-step';

const learningRate = 1e-5;

export interface TrainStep {
  /** From the number of inputs to the number of classes. */
  readonly layers: readonly number[];
  readonly batch: number;
  readonly optimizer: 'SGD' | 'Adam';
  /** The probability of dropout behind each hidden layer; 0 leaves the modules out. */
  readonly dropout: number;
}

/** @param rest what the workload says beside the step itself; the shape names the layers where it says nothing else. */
export function trainStepWorkload(
  { layers, batch, optimizer, dropout }: TrainStep,
  rest: Pick<Workload, 'threads' | 'quick'> & Partial<Pick<Workload, 'shape' | 'point'>>,
): Workload {
  return {
    shape: dropout === 0 ? `${layers.join('-')} without dropout` : layers.join('-'),
    batch,
    optimizer,
    flops: stepFlops(batch, layers),
    params: { layers: layers.join('-'), batch, optimizer, dropout, learningRate },
    ...rest,
  };
}

export function prepareTrainStep(params: Params, contender: NodeContender): () => void {
  const { compile, nn, optim, manualSeed, randn, randint } = contender.library().lanewise;
  const [batch, dropout] = [numberOf(params, 'batch'), numberOf(params, 'dropout')];
  const layers = String(params.layers).split('-').map(Number);
  manualSeed(0);
  const model = buildMlp(nn, layers, dropout);
  const options = { lr: numberOf(params, 'learningRate') };
  const optimizer =
    params.optimizer === 'Adam'
      ? new optim.Adam(model.parameters(), options)
      : new optim.SGD(model.parameters(), options);
  const criterion = new nn.CrossEntropyLoss();
  const input = randn([batch, layers[0]!]);
  const target = randint(0, layers.at(-1)!, [batch]);
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
}

/** Linear, ReLU and dropout for each hidden layer, and a linear layer at the end. */
export function buildMlp(nn: typeof Modules, layers: readonly number[], dropout: number): Modules.Sequential {
  const model = new nn.Sequential();
  layers.slice(1).forEach((outSize, i) => {
    model.append(new nn.Linear(layers[i]!, outSize));
    if (i === layers.length - 2) return;
    model.append(new nn.ReLU());
    if (dropout > 0) model.append(new nn.Dropout(dropout));
  });
  return model;
}
