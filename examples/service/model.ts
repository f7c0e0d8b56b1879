/** A model that answers, and the file that keeps it. */
import { open, readFile, rename } from 'node:fs/promises';
import type { nn, Tensor } from 'lanewise';
import { type Architecture, createNetwork, type LayerWeights, layerSizes, weightsOf } from './network.js';

export interface Model {
  readonly architecture: Architecture;
  readonly network: nn.Module<[Tensor], Tensor>;
  /** Share of the held-out digits that it recognises; 0 for one that has not been trained. */
  readonly accuracy: number;
}

/** The first line of the file. The weights follow as little-endian float32 numbers, layer by layer, weight before bias. */
type Header = Omit<Model, 'network'>;

/** Writes another file and renames it, so that there is a whole model under the name at any time. */
export async function saveModel(path: string, { network, ...header }: Model): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w');
  try {
    await file.write(`${JSON.stringify(header)}\n`);
    for (const { weight, bias } of weightsOf(network)) await file.writev([bytesOf(weight), bytesOf(bias)]);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}

/** The model in a file, or null when there is no such file. @throws Error for a file that holds no model. */
export async function loadModel(path: string): Promise<Model | null> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return null;
  try {
    const end = bytes.indexOf('\n');
    const header = JSON.parse(bytes.toString('utf8', 0, end)) as Header;
    // A copy: a Buffer may begin at any byte, a Float32Array only at every fourth.
    const numbers = new Float32Array(Uint8Array.from(bytes.subarray(end + 1)).buffer);
    return { ...header, network: createNetwork(header.architecture, cut(header.architecture, numbers)) };
  } catch (cause) {
    throw new Error(`${path} holds no model of this service`, { cause });
  }
}

function cut(architecture: Architecture, numbers: Float32Array): LayerWeights[] {
  let position = 0;
  const take = (count: number): Float32Array => {
    position += count;
    return numbers.subarray(position - count, position);
  };
  const weights = layerSizes(architecture).map(([inFeatures, outFeatures]) => ({
    weight: take(inFeatures * outFeatures),
    bias: take(outFeatures),
  }));
  if (position !== numbers.length) throw new Error(`expected ${position} weights, got ${numbers.length}`);
  return weights;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
