/** The network: layers that take their weights instead of drawing them, and how much it has of what costs. */
import { Worker } from 'node:worker_threads';
import { functional, nn, type Tensor, tensor } from 'lanewise';

export const pixels = 784;
export const classes = 10;

/** Rows and columns of an image. */
const side = 28;
/** Of the filters of convolutions. */
const kernel = 3;

/** What a network is made from. */
export interface Architecture {
  /** Feature maps of each convolution, in front of the hidden layers; each is followed by a pool that halves rows and columns. */
  readonly channels?: readonly number[];
  /** Features of each hidden layer. */
  readonly hidden: readonly number[];
  /** Probability of dropping a hidden feature in training. */
  readonly dropout: number;
}

export interface LayerWeights {
  /** [out, in], row by row; of a convolution `in` is the channels times the pixels of a filter. */
  readonly weight: Float32Array;
  /** [out] */
  readonly bias: Float32Array;
}

/** `nn.Linear` with given weights: a constructor that draws them takes too long for a large layer. */
class Dense extends nn.Module<[Tensor], Tensor> {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter;

  constructor(inFeatures: number, outFeatures: number, { weight, bias }: LayerWeights) {
    super();
    this.weight = new nn.Parameter(tensor(weight, { shape: [outFeatures, inFeatures] }));
    this.bias = new nn.Parameter(tensor(bias));
  }

  override forward(input: Tensor): Tensor {
    return functional.linear(input, this.weight, this.bias);
  }
}

/** `nn.Conv2d` with given weights, which keeps the size of the image. */
class Filters extends nn.Module<[Tensor], Tensor> {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter;

  constructor(inChannels: number, outChannels: number, { weight, bias }: LayerWeights) {
    super();
    this.weight = new nn.Parameter(tensor(weight, { shape: [outChannels, inChannels, kernel, kernel] }));
    this.bias = new nn.Parameter(tensor(bias));
  }

  override forward(images: Tensor): Tensor {
    return functional.conv2d(images, this.weight, this.bias, { padding: (kernel - 1) / 2 });
  }
}

const pairs = (sizes: readonly number[]) => sizes.slice(1).map((size, i) => [sizes[i]!, size] as const);

/** Channels in front of and behind each convolution, with rows and columns of its images; and of those behind the last pool. */
function convolutions({ channels = [] }: Architecture) {
  let size = side;
  const layers = pairs([1, ...channels]).map(([inChannels, outChannels]) => {
    const layer = { inChannels, outChannels, size };
    size = Math.floor(size / 2);
    return layer;
  });
  return { layers, features: (channels.at(-1) ?? 1) * size * size };
}

/** The features in front of and behind each layer with weights; in front of a convolution those that a filter sees. */
export function layerSizes(architecture: Architecture): (readonly [number, number])[] {
  const { layers, features } = convolutions(architecture);
  const filters = layers.map(({ inChannels, outChannels }) => [inChannels * kernel * kernel, outChannels] as const);
  return [...filters, ...pairs([features, ...architecture.hidden, classes])];
}

/** [samples, 784] -> [samples, 10], logits. @param weights - of each layer */
export function createNetwork(
  architecture: Architecture,
  weights: readonly LayerWeights[],
): nn.Module<[Tensor], Tensor> {
  const network = new nn.Sequential();
  const { layers } = convolutions(architecture);
  if (layers.length > 0) network.append(new nn.Unflatten(1, [1, side, side]));
  for (const [i, { inChannels, outChannels }] of layers.entries())
    network.extend([new Filters(inChannels, outChannels, weights[i]!), new nn.ReLU(), new nn.MaxPool2d(2)]);
  if (layers.length > 0) network.extend([new nn.Dropout2d(architecture.dropout / 2), new nn.Flatten()]);
  const dense = layerSizes(architecture)
    .map(([inFeatures, outFeatures], i) => ({ inFeatures, outFeatures, weights: weights[i]! }))
    .slice(layers.length)
    .map((layer) => new Dense(layer.inFeatures, layer.outFeatures, layer.weights));
  for (const layer of dense.slice(0, -1)) network.extend([layer, new nn.ReLU(), new nn.Dropout(architecture.dropout)]);
  network.append(dense.at(-1)!);
  return network;
}

/** A copy of the weights of each layer. */
export function weightsOf(network: nn.Module): LayerWeights[] {
  const layers = [...network.modules()].filter((module) => module instanceof Dense || module instanceof Filters);
  return layers.map(({ weight, bias }) => ({
    weight: weight.toTypedArray('float32'),
    bias: bias.toTypedArray('float32'),
  }));
}

/**
 * Draws initial weights off the event loop.
 * @throws the reason of the signal when it is aborted meanwhile
 */
export function drawWeights(architecture: Architecture, seed: number, signal: AbortSignal): Promise<LayerWeights[]> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./weights.js', import.meta.url), {
    workerData: { layers: layerSizes(architecture), seed },
  });
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      void worker.terminate();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(`the thread that draws weights ended with code ${code}`));
    });
  });
}

/**
 * Bytes that training takes: for each parameter the weight, its gradient and Adam's two averages where they are computed with, the copies
 * that JavaScript holds of them, and the model that answers meanwhile; for each sample of a batch the features and their gradients.
 */
export function trainingBytes(architecture: Architecture, batchSize: number): number {
  const sizes = layerSizes(architecture);
  const parameters = sizes.reduce((sum, [inFeatures, outFeatures]) => sum + (inFeatures + 1) * outFeatures, 0);
  const maps = convolutions(architecture).layers.map(({ outChannels, size }) => outChannels * size * size);
  const features = pixels + [...maps, ...sizes.map(([, out]) => out)].reduce((sum, out) => sum + 2 * out, 0);
  return 4 * (9 * parameters + 2 * batchSize * features);
}
