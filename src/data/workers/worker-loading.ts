/** The workers of one DataLoader, from epoch to epoch. */
import { backend } from '../../ops/backend.js';
import type { Dataset } from '../dataset.js';
import { type Sendable, sendableOf } from './module-dataset.js';
import { workerBatches } from './worker-batches.js';
import type { Workers } from './worker-options.js';
import { WorkerPool } from './worker-pool.js';

export class WorkerLoading<Batch> {
  readonly #workers: Workers;
  readonly #sendable: Sendable;
  readonly #collateFn: string | ((samples: never[]) => Batch) | undefined;
  /** That of persistent workers, between two epochs. */
  #idle: WorkerPool | null = null;
  readonly #open = new Set<WorkerPool>();

  /** @throws ArgumentError for a dataset that no module has made. */
  constructor(
    caller: string,
    dataset: Dataset<unknown>,
    workers: Workers,
    collateFn: string | ((samples: never[]) => Batch) | undefined,
  ) {
    this.#sendable = sendableOf(caller, dataset);
    this.#workers = workers;
    this.#collateFn = collateFn;
  }

  /** The batches of an epoch, from number `first` on. */
  epoch(indices: Iterator<Int32Array>, first: number, seed: bigint): AsyncIterableIterator<Batch> {
    const { count, prefetchFactor, isPersistent, timeout, signal } = this.#workers;
    const pool = this.#take(seed);
    const collate = this.#collateFn;
    return workerBatches<Batch>({
      ...{ pool, first, seed, timeout, signal, ahead: count * prefetchFactor },
      indices: mapped(indices, this.#sendable.indicesOf),
      finish: (received) => (typeof collate === 'function' ? collate(received as never[]) : (received as Batch)),
      close: async () => {
        this.#open.delete(pool);
        if (isPersistent && this.#idle === null && !pool.hasFailed) this.#idle = pool;
        else await pool.close();
      },
    });
  }

  async close(): Promise<void> {
    const pools = [...this.#open, ...(this.#idle === null ? [] : [this.#idle])];
    this.#idle = null;
    await Promise.all(pools.map((pool) => pool.close()));
  }

  #take(seed: bigint): WorkerPool {
    const { count, workerInitFn } = this.#workers;
    const collate = this.#collateFn;
    const idle = this.#idle;
    this.#idle = null;
    const pool =
      idle !== null && !idle.hasFailed
        ? idle
        : new WorkerPool({
            ...{ sources: this.#sendable.sources, numWorkers: count, seed, backend: backend.name, workerInitFn },
            collateFn: typeof collate === 'string' ? collate : null,
            asSamples: typeof collate === 'function',
          });
    this.#open.add(pool);
    return pool;
  }
}

function mapped<T>(iterator: Iterator<T>, fn: (value: T) => T): Iterator<T> {
  return {
    next() {
      const step = iterator.next();
      return step.done === true ? step : { done: false, value: fn(step.value) };
    },
  };
}
