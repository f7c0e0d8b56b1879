/** A training in the background that can be asked how many steps it has made. */
import type { nn } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { buildMlp, learningRate } from '../mlp.js';

export interface TrainingOptions {
  readonly layers: readonly number[];
  readonly batchSize: number;
  /** Of 100 steps. */
  readonly epochs: number;
  onEpoch?(epoch: number): void;
}

export const stepsAnEpoch = 100;

export class Training {
  readonly model: nn.Sequential;
  /** How far the training was whenever it told. */
  readonly told: { readonly ms: number; readonly steps: number }[] = [];
  readonly #abort = new AbortController();
  readonly #lanewise: Library['lanewise'];
  readonly #options: TrainingOptions;
  /** Settles when all epochs are done, or when it was stopped. */
  ended: Promise<void> = Promise.resolve();

  constructor(lanewise: Library['lanewise'], options: TrainingOptions) {
    this.#lanewise = lanewise;
    this.#options = options;
    this.model = buildMlp(lanewise.nn, options.layers, 0.5);
  }

  start(): void {
    const { nn: modules, optim, data, fit, randn, randint } = this.#lanewise;
    const { layers, batchSize, epochs, onEpoch } = this.#options;
    const rows = batchSize * stepsAnEpoch;
    const { signal } = this.#abort;
    this.ended = fit(this.model, {
      train: new data.TensorDataset(randn([rows, layers[0]!]), randint(0, layers.at(-1)!, [rows])),
      batchSize,
      epochs,
      optimizer: new optim.SGD(this.model.parameters(), { lr: learningRate }),
      loss: new modules.CrossEntropyLoss(),
      priority: 'background',
      signal,
      onProgress: ({ epoch, step }) => {
        this.told.push({ ms: performance.now(), steps: (epoch - 1) * stepsAnEpoch + step });
      },
      onEpoch: ({ epoch }) => onEpoch?.(epoch),
    }).then(
      () => undefined,
      (error: unknown) => {
        if (error !== signal.reason) throw error;
      },
    );
  }

  /** Waits for something that happens while it trains. @throws what the training throws meanwhile; Error when it ends. */
  async during(work: Promise<void>): Promise<void> {
    const early = this.ended.then(() => {
      throw new Error('the training ended too early');
    });
    await Promise.race([work, early]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }
}

/** Steps, and the milliseconds that they took, from the first to the last that was told between two moments. */
export function stepsBetween(told: Training['told'], fromMs: number, toMs: number) {
  const within = told.filter(({ ms }) => ms >= fromMs && ms <= toMs);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined) return { ms: 0, steps: 0 };
  return { ms: last.ms - first.ms, steps: last.steps - first.steps };
}
