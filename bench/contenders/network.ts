/** The networks that the benchmark is about in lanewise, and their training steps, as a user writes them. */
import type { nn as Modules, Tensor } from '../../src/index.js';
import { flattened } from '../cnn.js';
import type { ConvTrainStep, TrainStep } from '../protocol.js';
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

/** A convolution, ReLU and a pool for each number of channels, dropout of feature maps, and two linear layers. */
function buildCnn(nn: typeof Modules, params: ConvTrainStep): Modules.Sequential {
  const { channels, kernel, hidden, classes, featureDropout, dropout } = params;
  const model = new nn.Sequential();
  channels.slice(1).forEach((out, i) => {
    model.append(new nn.Conv2d(channels[i]!, out, kernel, { padding: (kernel - 1) / 2 }));
    model.append(new nn.ReLU());
    model.append(new nn.MaxPool2d(2));
  });
  model.append(new nn.Dropout2d(featureDropout)).append(new nn.Flatten());
  model
    .append(new nn.Linear(flattened(params), hidden))
    .append(new nn.ReLU())
    .append(new nn.Dropout(dropout));
  return model.append(new nn.Linear(hidden, classes));
}

/** zeroGrad, forward, loss, backward, step, and a fixed batch to call it with. */
export function createStep(lanewise: Library['lanewise'], params: StepParams) {
  const { nn, manualSeed, randn, randint } = lanewise;
  const { layers, batch, dropout } = params;
  manualSeed(0);
  const step = trainingStep(lanewise, buildMlp(nn, layers, dropout, params.activation), params);
  return { step, input: randn([batch, layers[0]!]), target: randint(0, layers.at(-1)!, [batch]) };
}

/** The same for the convolutional network. */
export function createCnnStep(lanewise: Library['lanewise'], params: ConvTrainStep) {
  const { nn, manualSeed, randn, randint } = lanewise;
  const { batch, channels, image, classes } = params;
  manualSeed(0);
  const step = trainingStep(lanewise, buildCnn(nn, params), params);
  return { step, input: randn([batch, channels[0]!, image, image]), target: randint(0, classes, [batch]) };
}

function trainingStep(
  { nn, optim }: Library['lanewise'],
  model: Modules.Sequential,
  { optimizer: name, learningRate }: Pick<StepParams, 'optimizer' | 'learningRate'>,
) {
  const optimizer = new optim[name](model.parameters(), { lr: learningRate });
  const criterion = new nn.CrossEntropyLoss();
  return (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}
