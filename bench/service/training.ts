/** A training in the background that can be asked how many steps it has made. */
import type { Sequential } from '../../src/nn/sequential.js';
import type { Library } from '../contenders/library.js';

export interface TrainingOptions {
  readonly layerSizes: readonly number[];
  readonly rows: number;
  readonly batchSize: number;
  readonly epochs: number;
  onEpoch?(epoch: number): void;
}

export interface StepsAt {
  readonly ms: number;
  readonly steps: number;
}

/** So small that thousands of steps stay where training starts: see cases/mlp-train-step.ts. */
const learningRate = 1e-5;

export class Training {
  readonly model: Sequential;
  /** How far the training was whenever it told. */
  readonly told: StepsAt[] = [];
  readonly #abort = new AbortController();
  readonly #lanewise: Library['lanewise'];
  readonly #options: TrainingOptions;
  #ended: Promise<void> = Promise.resolve();

  constructor(lanewise: Library['lanewise'], options: TrainingOptions) {
    this.#lanewise = lanewise;
    this.#options = options;
    const { nn } = lanewise;
    this.model = new nn.Sequential();
    const { layerSizes } = options;
    layerSizes.slice(1).forEach((size, i) => {
      if (i > 0) this.model.extend([new nn.ReLU(), new nn.Dropout(0.5)]);
      this.model.append(new nn.Linear(layerSizes[i]!, size));
    });
  }

  /** Settles when all epochs are done, or when it was stopped. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  start(): void {
    const { nn, optim, data, fit, randn, randint } = this.#lanewise;
    const { layerSizes, rows, batchSize, epochs, onEpoch } = this.#options;
    const { signal } = this.#abort;
    this.#ended = fit(this.model, {
      train: new data.TensorDataset(randn([rows, layerSizes[0]!]), randint(0, layerSizes.at(-1)!, [rows])),
      batchSize,
      epochs,
      optimizer: new optim.SGD(this.model.parameters(), { lr: learningRate }),
      loss: new nn.CrossEntropyLoss(),
      priority: 'background',
      signal,
      onProgress: ({ epoch, step }) => {
        this.told.push({ ms: performance.now(), steps: ((epoch - 1) * rows) / batchSize + step });
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
    const early = this.#ended.then(() => {
      throw new Error('the training ended too early');
    });
    await Promise.race([work, early]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }
}

/** What was told from one moment to another: steps, and the milliseconds that they took. */
export function stepsBetween(told: readonly StepsAt[], fromMs: number, toMs: number): StepsAt {
  const within = told.filter(({ ms }) => ms >= fromMs && ms <= toMs);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || first === last) return { ms: 0, steps: 0 };
  return { ms: last.ms - first.ms, steps: last.steps - first.steps };
}
