/** The network that the benchmark is about in lanewise, and its training step, as a user writes them. */
import type { nn as Modules, Tensor } from '../../src/index.js';
import type { TrainStep } from '../protocol.js';
import type { Library } from './library.js';

/** Linear, an activation and dropout for each hidden layer, and a linear layer at the end. */
export function buildMlp(
  nn: typeof Modules,
  layers: readonly number[],
  dropout: number,
  activation: () => Modules.Module = () => new nn.ReLU(),
): Modules.Sequential {
  const model = new nn.Sequential();
  layers.slice(1).forEach((outSize, i) => {
    model.append(new nn.Linear(layers[i]!, outSize));
    if (i === layers.length - 2) return;
    model.append(activation());
    if (dropout > 0) model.append(new nn.Dropout(dropout));
  });
  return model;
}

export type StepParams = Omit<TrainStep, 'optimizer'> & {
  readonly optimizer: 'SGD' | 'Adam' | 'RMSprop';
  /** Default ReLU. */
  readonly activation?: () => Modules.Module;
};

/** zeroGrad, forward, loss, backward, step, and a fixed batch to call it with. */
export function createStep({ nn, optim, manualSeed, randn, randint }: Library['lanewise'], params: StepParams) {
  const { layers, batch, dropout, learningRate } = params;
  manualSeed(0);
  const model = buildMlp(nn, layers, dropout, params.activation);
  const optimizer = new optim[params.optimizer](model.parameters(), { lr: learningRate });
  const criterion = new nn.CrossEntropyLoss();
  const step = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { step, input: randn([batch, layers[0]!]), target: randint(0, layers.at(-1)!, [batch]) };
}
