/** The network, and the file that keeps it. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { nn, type Tensor, tensor } from 'lanewise';

export const pixels = 784;
export const classes = 10;

/** What a network is made from. */
export interface Architecture {
  /** Features of each hidden layer. */
  readonly hidden: readonly number[];
  /** Probability of dropping a hidden feature in training. */
  readonly dropout: number;
}

export interface Model {
  readonly architecture: Architecture;
  /** [samples, 784] -> [samples, 10], logits. */
  readonly network: nn.Module;
}

/** A network with initial weights. */
export function createModel(architecture: Architecture): Model {
  const network = new nn.Sequential();
  let features = pixels;
  for (const hidden of architecture.hidden) {
    network.extend([new nn.Linear(features, hidden), new nn.ReLU(), new nn.Dropout(architecture.dropout)]);
    features = hidden;
  }
  network.append(new nn.Linear(features, classes));
  return { architecture, network };
}

/** A tensor in JSON: float32 numbers, little-endian, in base64. */
interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: string;
}

interface SavedModel {
  readonly architecture: Architecture;
  readonly state: Readonly<Record<string, SavedTensor>>;
}

/** Writes beside the file and then renames, so that there is a whole model in it at any time. */
export async function saveModel(path: string, { architecture, network }: Model): Promise<void> {
  const entries = Object.entries(network.stateDict()).map(([name, value]) => [name, encode(value)]);
  const saved: SavedModel = { architecture, state: Object.fromEntries(entries) };
  const partial = `${path}.partial`;
  await writeFile(partial, JSON.stringify(saved), { flush: true });
  await rename(partial, path);
}

/** The model in a file, or null when there is no such file. @throws Error for a file that holds no model. */
export async function loadModel(path: string): Promise<Model | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const { architecture, state } = JSON.parse(text) as SavedModel;
    const model = createModel(architecture);
    model.network.loadStateDict(new Map(Object.entries(state).map(([name, value]) => [name, decode(value)])));
    return model;
  } catch (cause) {
    throw new Error(`${path} holds no model of this service`, { cause });
  }
}

function encode(value: Tensor): SavedTensor {
  const { buffer, byteOffset, byteLength } = value.toTypedArray('float32');
  return { shape: value.shape, data: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}

function decode({ shape, data }: SavedTensor): Tensor {
  const bytes = Buffer.from(data, 'base64');
  // Copied: a Buffer may begin at any byte, a Float32Array only at every fourth.
  return tensor(new Float32Array(new Uint8Array(bytes).buffer), { shape });
}
