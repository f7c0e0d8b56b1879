/** The files of models that the CLI trains: weights, and in the metadata all that a prediction needs. */
import { data, io, nn, type Tensor } from '../index.js';
import { isArray } from '../realm.js';
import { CliError } from './command.js';
import type { Feature } from './profile.js';

/** A network of layers, each of all before. */
export interface MlpSpec {
  readonly inputSize: number;
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly outputSize: number;
}

export type Layer = nn.Module<readonly [Tensor], Tensor>;

export type Mlp = nn.Sequential<Layer[]>;

export type Transformer = data.ColumnTransformer<readonly Feature[]>;

export interface ModelFile {
  readonly spec: MlpSpec;
  readonly model: Mlp;
  readonly transformer: Transformer;
}

const key = 'lanewise.mlp';
const transformerKey = 'lanewise.transformer';

export function makeMlp({ inputSize, hidden, dropout, outputSize }: MlpSpec): Mlp {
  const layers: Layer[] = [];
  let size = inputSize;
  for (const width of hidden) {
    layers.push(new nn.Linear(size, width), new nn.ReLU());
    if (dropout > 0) layers.push(new nn.Dropout(dropout));
    size = width;
  }
  return new nn.Sequential(...layers, new nn.Linear(size, outputSize));
}

export async function saveModel(path: string, { spec, model, transformer }: ModelFile): Promise<void> {
  const metadata = { format: 'pt', [key]: JSON.stringify(spec), [transformerKey]: JSON.stringify(transformer) };
  await io.save(path, model, { metadata });
}

/** @throws CliError for what `lanewise train` has not made. */
export async function loadModel(path: string): Promise<ModelFile> {
  const state = await io.load(path);
  const { metadata } = io.fileInfo(state);
  const spec = metadata[key];
  const transformer = metadata[transformerKey];
  if (spec === undefined || transformer === undefined)
    throw new CliError(
      `${path}: not a model of 'lanewise train': its metadata say nothing of the network and the table`,
    );
  const read = readSpec(path, spec);
  const model = makeMlp(read);
  model.loadStateDict(state);
  model.eval();
  return { spec: read, model, transformer: data.ColumnTransformer.fromJSON<readonly Feature[]>(transformer) };
}

function readSpec(path: string, text: string): MlpSpec {
  const spec: unknown = JSON.parse(text);
  const { inputSize, hidden, dropout, outputSize } = Object(spec) as Partial<MlpSpec>;
  const isSize = (size: unknown): size is number =>
    typeof size === 'number' && Number.isSafeInteger(size) && size > 0 && size <= 65_536;
  if (
    isSize(inputSize) &&
    isSize(outputSize) &&
    typeof dropout === 'number' &&
    isArray(hidden) &&
    hidden.length <= 64 &&
    hidden.every(isSize)
  )
    return { inputSize, hidden, dropout, outputSize };
  throw new CliError(`${path}: its metadata describe no network`);
}
