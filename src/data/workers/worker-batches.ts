/** An epoch whose batches workers make ahead of time. */
import { type Packed, unpack } from './messages.js';
import type { WorkerPool } from './worker-pool.js';

export interface Epoch<Batch> {
  readonly pool: WorkerPool;
  /** The samples of each batch as the workers number them. */
  readonly indices: Iterator<Int32Array>;
  /** The number of the first batch. */
  readonly first: number;
  /** Batch b is made from the generator seeded with this + b. */
  readonly seed: bigint;
  /** How many batches may be on their way. */
  readonly ahead: number;
  /** Seconds that a batch may be waited for; null: any time. */
  readonly timeout: number | null;
  readonly signal: AbortSignal | null;
  /** Makes the batch of what a worker gives. */
  readonly finish: (received: unknown) => Batch;
  /** Called once, when no more is wanted. */
  readonly close: () => Promise<void>;
}

/** The batches in order. Ends the workers when it ends, whichever way. */
export function workerBatches<Batch>(epoch: Epoch<Batch>): AsyncIterableIterator<Batch> {
  const { pool, indices, seed, ahead, timeout, signal, finish } = epoch;
  const under: Promise<Packed>[] = [];
  let next = epoch.first;
  let isSpent = false;
  let isClosed = false;

  const fill = (): void => {
    while (!isSpent && under.length < ahead) {
      const step = indices.next();
      if (step.done === true) isSpent = true;
      else under.push(pool.submit(next, seed + BigInt(next++), step.value));
    }
  };
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    under.length = 0;
    await epoch.close();
  };
  const take = async (): Promise<IteratorResult<Batch>> => {
    if (isClosed) return { done: true, value: undefined };
    try {
      signal?.throwIfAborted();
      // Calls that came before the last one was answered have used up what was ahead.
      if (under.length === 0) fill();
      const first = under.shift();
      if (first === undefined) {
        await close();
        return { done: true, value: undefined };
      }
      return { done: false, value: finish(unpack(await pool.wait(abortable(first, signal), timeout))) };
    } catch (error) {
      await close();
      throw error;
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    next() {
      // What the sampler draws is drawn while the caller waits, so from the caller's generator.
      let failure: { readonly error: unknown } | null = null;
      try {
        if (!isClosed) fill();
      } catch (error) {
        failure = { error };
      }
      const result = last.then(async () => {
        if (failure === null) return take();
        await close();
        throw failure.error;
      });
      last = result.catch(() => {});
      return result;
    },
    async return(value?: unknown) {
      await close();
      return { done: true, value: value as Batch };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The promise, or the rejection of the signal, whichever comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
