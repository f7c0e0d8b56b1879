/** The network: layers that take their weights instead of drawing them, and how much it has of what costs. */
import { Worker } from 'node:worker_threads';
import { functional, nn, type Tensor, tensor } from 'lanewise';

export const pixels = 784;
export const classes = 10;

/** What a network is made from. */
export interface Architecture {
  /** Features of each hidden layer. */
  readonly hidden: readonly number[];
  /** Probability of dropping a hidden feature in training. */
  readonly dropout: number;
}

export interface LayerWeights {
  /** [out, in], row by row. */
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

/** The features in front of and behind each layer. */
export function layerSizes({ hidden }: Architecture): (readonly [number, number])[] {
  const features = [pixels, ...hidden, classes];
  return features.slice(1).map((outFeatures, i) => [features[i]!, outFeatures] as const);
}

/** [samples, 784] -> [samples, 10], logits. @param weights - of each layer */
export function createNetwork(
  architecture: Architecture,
  weights: readonly LayerWeights[],
): nn.Module<[Tensor], Tensor> {
  const layers = layerSizes(architecture).map(
    ([inFeatures, outFeatures], i) => new Dense(inFeatures, outFeatures, weights[i]!),
  );
  const network = new nn.Sequential();
  for (const layer of layers.slice(0, -1)) network.extend([layer, new nn.ReLU(), new nn.Dropout(architecture.dropout)]);
  network.append(layers.at(-1)!);
  return network;
}

/** A copy of the weights of each layer. */
export function weightsOf(network: nn.Module): LayerWeights[] {
  const layers = [...network.modules()].filter((module) => module instanceof Dense);
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
  const features = pixels + sizes.reduce((sum, [, outFeatures]) => sum + 2 * outFeatures, 0);
  return 4 * (9 * parameters + 2 * batchSize * features);
}
