/** The network that the benchmark is about, 784-256-128-10 with dropout, and the training step that several cases time. */
import type { nn as Modules, Tensor } from '../src/index.js';
import { type NodeContender, numberOf, type Params, type Workload, workload } from './case.js';

export const layerSizes = [784, 256, 128, 10];
export const batchSizes = [32, 128, 1024];

/** One matrix product, [m, k] by [k, n]. Its forms in a linear layer: y = x·Wᵀ (nt), dx = dy·W (nn), dW = dyᵀ·x (tn). */
export interface Product {
  readonly form: 'nt' | 'nn' | 'tn';
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The products of one training step. The first layer has no input gradient. */
export function stepProducts(batch: number, sizes: readonly number[] = layerSizes): Product[] {
  const layers = sizes.slice(1).map((outSize, i) => ({ inSize: sizes[i]!, outSize }));
  return [
    ...layers.map(({ inSize, outSize }) => ({ form: 'nt', m: batch, n: outSize, k: inSize }) as const),
    ...layers.slice(1).map(({ inSize, outSize }) => ({ form: 'nn', m: batch, n: inSize, k: outSize }) as const),
    ...layers.map(({ inSize, outSize }) => ({ form: 'tn', m: outSize, n: inSize, k: batch }) as const),
  ];
}

/** Floating-point operations of matrix products only, so that no contender gains by doing more of anything else. */
export const productFlops = (...products: readonly Product[]): number =>
  products.reduce((total, { m, n, k }) => total + 2 * m * n * k, 0);

export interface TrainStep {
  /** From the number of inputs to the number of classes. */
  readonly layers: readonly number[];
  readonly batch: number;
  readonly optimizer: 'SGD' | 'Adam';
  /** The probability of dropout behind each hidden layer; 0 leaves the modules out. */
  readonly dropout: number;
}

/**
 * At usual rates a network learns one fixed batch by heart within a run, and its subnormal gradients slow those contenders
 * that do not flush them. So thousands of steps stay where training starts.
 */
export const learningRate = 1e-5;

const standard: TrainStep = { layers: layerSizes, batch: 128, optimizer: 'SGD', dropout: 0.5 };

/** The step that differs from the standard one so far, as a workload. */
export function trainStep(step: Partial<TrainStep>, rest: Partial<Workload>): Workload {
  const { layers, batch, optimizer, dropout } = { ...standard, ...step };
  const sizes = layers.join('-');
  return workload({
    shape: dropout === 0 ? `${sizes} without dropout` : sizes,
    batch,
    optimizer,
    flops: productFlops(...stepProducts(batch, layers)),
    program: 'mlp-train-step',
    params: { layers: sizes, batch, optimizer, dropout, learningRate },
    ...rest,
  });
}

/** zeroGrad, forward, loss, backward, step, as a user writes it; contenders that compile hand it to `compile`. */
export function prepareTrainStep(params: Params, contender: NodeContender): () => void {
  const { compile, nn, optim, manualSeed, randn, randint } = contender.library().lanewise;
  const batch = numberOf(params, 'batch');
  const layers = String(params.layers).split('-').map(Number);
  manualSeed(0);
  const model = buildMlp(nn, layers, numberOf(params, 'dropout'));
  const Optimizer = params.optimizer === 'Adam' ? optim.Adam : optim.SGD;
  const optimizer = new Optimizer(model.parameters(), { lr: numberOf(params, 'learningRate') });
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
  return () => void run(input, target);
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
