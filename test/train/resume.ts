/** Trainings to interrupt: each made by the same code in the first and in the resumed run. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  type Callback,
  data,
  EarlyStopping,
  type FitOptions,
  fit,
  type Generator,
  type History,
  ModelCheckpoint,
  manualSeed,
  nn,
  type optim,
  rand,
  randint,
  type Tensor,
} from '../../src/index.js';

/** A folder for the files of a test file. */
export function useFolder(): () => string {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-checkpoints-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

/** As {@link useFolder}; each call makes a new, empty folder in it. */
export function useFolders(): () => string {
  const root = useFolder();
  let count = 0;
  return () => {
    const path = join(root(), String(count++));
    mkdirSync(path);
    return path;
  };
}

export interface Run {
  readonly model: nn.Sequential;
  readonly optimizer: optim.Optimizer;
  readonly options: Omit<FitOptions, 'optimizer' | 'loss' | 'batchSize'> & { readonly batchSize?: number | undefined };
  readonly generator?: Generator;
  readonly loss?: FitOptions['loss'];
}

const [features, classes] = [5, 3];

export interface Parts {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly model: nn.Sequential;
}

/** The same data and the same weights at every call. */
export function makeParts(rows = 22): Parts {
  manualSeed(3);
  const x = rand([rows, features]);
  const y = randint(0, classes, [rows]);
  const model = new nn.Sequential(
    new nn.Linear(features, 7),
    new nn.ReLU(),
    new nn.Dropout(0.4),
    new nn.Linear(7, classes),
  );
  return { x, y, model };
}

/** Everything that a training leaves. */
export interface Left {
  readonly weights: unknown;
  readonly optimizer: unknown;
  readonly history: unknown;
  readonly generator: unknown;
  readonly schedulers: unknown;
  readonly callbacks: unknown;
}

const bits = (tensor: Tensor) => [...new Uint32Array(tensor.toTypedArray().slice().buffer)];
const bitsOf = (state: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, bits(tensor)]));

/** What is looked at of a history. */
type Epochs = Pick<History, 'epochs' | 'stopped'>;

/** What the epochs were, without the time they took. */
export const epochsOf = ({ epochs, stopped }: Epochs) => ({
  stopped,
  epochs: epochs.map(({ seconds: _, samplesPerSecond: __, ...rest }) => rest),
});

export function leftBy({ model, optimizer, options, generator }: Run, history: Epochs): Left {
  const { state, param_groups } = optimizer.stateDict();
  const schedulers = (options.schedulers ?? []).map((each) =>
    ('scheduler' in each ? each.scheduler : each).stateDict(),
  );
  const stopping = (options.callbacks ?? []).filter((each) => each instanceof EarlyStopping);
  return {
    weights: bitsOf(model.stateDict()),
    optimizer: [Object.values(state).map(bitsOf), param_groups],
    history: epochsOf(history),
    generator: generator?.getState(),
    schedulers,
    callbacks: stopping.map(({ best, bestEpoch }) => ({ best, bestEpoch })),
  };
}

export function train({ model, optimizer, options, loss }: Run, more: Partial<FitOptions> = {}): Promise<History> {
  const callbacks: Callback[] = [...(options.callbacks ?? []), ...(more.callbacks ?? [])];
  return fit(model, {
    batchSize: 4,
    ...options,
    optimizer,
    loss: loss ?? new nn.CrossEntropyLoss(),
    ...more,
    callbacks,
  } as FitOptions);
}

/** Trains without a stop, writing a checkpoint after each step to `folder/{step}`. Returns what is left, and how many steps there were. */
export async function trainThrough(make: () => Run, folder: string): Promise<{ left: Left; steps: number }> {
  const run = make();
  const files = new ModelCheckpoint({ path: join(folder, '{step}.safetensors'), everySteps: 1 });
  const history = await train(run, { callbacks: [files] });
  return { left: leftBy(run, history), steps: history.epochs.reduce((sum, { steps }) => sum + steps, 0) };
}

/** Trains on from a file. */
export async function trainOn(make: () => Run, path: string, more: Partial<FitOptions> = {}): Promise<Left> {
  const run = make();
  return leftBy(run, await train(run, { resume: path, ...more }));
}

/** A dataset of rows, got one by one. */
export const rowsOf = ({ x, y }: Parts) => ({
  length: x.shape[0]!,
  get: (index: number): [Tensor, Tensor] => [x.select(0, index), y.select(0, index)],
});

export const loaderOf = (parts: Parts, options: data.DataLoaderOptions = {}) =>
  new data.DataLoader(new data.TensorDataset(parts.x, parts.y), { batchSize: 4, shuffle: true, ...options });
