/** A training in the background that tells how many steps it has made. */
import type { nn } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { learningRate } from '../mlp.js';

export const stepsAnEpoch = 100;

/** How far a training was whenever it told. */
type Told = readonly { readonly ms: number; readonly steps: number }[];

/** @param sizes those of the network and of a batch, and how many epochs of 100 steps it makes. */
export function startTraining(
  { nn: modules, optim, data, fit, randn, randint }: Library['lanewise'],
  model: nn.Sequential,
  {
    layers,
    batchSize,
    epochs,
  }: { readonly layers: readonly number[]; readonly batchSize: number; readonly epochs: number },
  onEpoch: (epoch: number) => void = () => undefined,
) {
  const told: Told[number][] = [];
  const controller = new AbortController();
  const rows = batchSize * stepsAnEpoch;
  /** Settles when all epochs are done, or when it was stopped. */
  const ended = fit(model, {
    train: new data.TensorDataset(randn([rows, layers[0]!]), randint(0, layers.at(-1)!, [rows])),
    batchSize,
    epochs,
    optimizer: new optim.SGD(model.parameters(), { lr: learningRate }),
    loss: new modules.CrossEntropyLoss(),
    priority: 'background',
    signal: controller.signal,
    onProgress: ({ epoch, step }) => {
      told.push({ ms: performance.now(), steps: (epoch - 1) * stepsAnEpoch + step });
    },
    onEpoch: ({ epoch }) => onEpoch(epoch),
  }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  const early = () => Promise.reject(new Error('the training ended too early'));
  return {
    told: told as Told,
    ended,
    /** Waits for something that happens while it trains. @throws what the training throws meanwhile; Error when it ends. */
    during: (work: Promise<void>): Promise<void> => Promise.race([work, ended.then(early)]),
    stop: async () => {
      controller.abort();
      await ended;
    },
  };
}

/** Steps, and the milliseconds that they took, from the first to the last that was told between two moments. */
export function stepsBetween(told: Told, fromMs: number, toMs: number) {
  const within = told.filter(({ ms }) => ms >= fromMs && ms <= toMs);
  const [first, last] = [within[0], within.at(-1)];
  return { ms: (last?.ms ?? 0) - (first?.ms ?? 0), steps: (last?.steps ?? 0) - (first?.steps ?? 0) };
}
