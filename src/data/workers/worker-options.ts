/** The options of a DataLoader that has workers. */
import { checkBoolean, checkNumber, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isAbortSignal } from '../../realm.js';

/** Options of worker threads. */
export interface WorkerOptions {
  /**
   * Worker threads that make the batches, ahead of time and off the event loop, in the order of the loader; `for await` takes them. The dataset is then one of
   * {@link fromModule}. Batch b of an epoch is made with the default generator of its thread seeded with s + b, s being the number that the loader draws when
   * the epoch begins: so what `get` draws does not depend on the number of workers. Default 0: batches are made when they are asked for.
   */
  numWorkers?: number;
  /** Batches for each worker that may be ready or being made before they are asked for. Default 2. */
  prefetchFactor?: number;
  /** Whether the workers stay for the next epoch, until {@link DataLoader.close}. Default false: each epoch has its own. */
  persistentWorkers?: boolean;
  /**
   * The name of an export of the dataset's module (the first, of a ConcatDataset) that each worker calls with its number (0, 1, ...) before its first batch, its generator being seeded with s + the
   * number, as in PyTorch. {@link getWorkerInfo} says more. Default: none.
   */
  workerInitFn?: string;
  /** Seconds that the loop waits for a batch, the start of a worker included, before the workers are ended and it fails. Default 0: any time. */
  timeout?: number;
  /** Ends an epoch of workers: what waits for a batch rejects with its reason. */
  signal?: AbortSignal;
}

export const workerKeys = [
  ...(['numWorkers', 'prefetchFactor', 'persistentWorkers', 'workerInitFn', 'timeout', 'signal'] as const),
];

/** The options, read. */
export interface Workers {
  readonly count: number;
  readonly prefetchFactor: number;
  readonly isPersistent: boolean;
  readonly workerInitFn: string | null;
  /** Seconds; null: none. */
  readonly timeout: number | null;
  readonly signal: AbortSignal | null;
}

/** More threads than any machine has use for. */
const mostWorkers = 256;

/** null: no workers. @throws ArgumentError for options that are not valid, in PyTorch's words where it has them. */
export function readWorkers(caller: string, given: WorkerOptions): Workers | null {
  const { numWorkers = 0, prefetchFactor, persistentWorkers = false, workerInitFn, timeout = 0, signal } = given;
  if (typeof numWorkers === 'number' && numWorkers < 0)
    throw new ArgumentError(
      `${caller}: num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.`,
    );
  const count = checkSize(caller, 'numWorkers', numWorkers);
  if (count > mostWorkers)
    throw new ArgumentError(`${caller}: numWorkers must be at most ${mostWorkers}, got ${count}`);
  checkBoolean(caller, 'persistentWorkers', persistentWorkers);
  if (checkNumber(caller, 'timeout', timeout) < 0)
    throw new ArgumentError(`${caller}: timeout option should be non-negative`);
  if (workerInitFn !== undefined && typeof workerInitFn !== 'string')
    throw new ArgumentError(
      `${caller}: workerInitFn must be the name of an export of the dataset's module, since functions do not cross threads; got ${show(workerInitFn)}`,
    );
  if (signal !== undefined && !isAbortSignal(signal))
    throw new ArgumentError(`${caller}: signal must be an AbortSignal, got ${show(signal)}`);
  if (count > 0)
    return {
      count,
      prefetchFactor: checkSize(caller, 'prefetchFactor', prefetchFactor ?? 2, 1),
      isPersistent: persistentWorkers,
      workerInitFn: workerInitFn ?? null,
      timeout: timeout === 0 ? null : timeout,
      signal: signal ?? null,
    };
  if (prefetchFactor !== undefined)
    throw new ArgumentError(
      `${caller}: prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None.`,
    );
  if (persistentWorkers) throw new ArgumentError(`${caller}: persistent_workers option needs num_workers > 0`);
  for (const [name, isGiven] of Object.entries({
    workerInitFn: workerInitFn !== undefined,
    timeout: timeout !== 0,
    signal: signal !== undefined,
  }))
    if (isGiven) throw new ArgumentError(`${caller}: ${name} is for numWorkers > 0`);
  return null;
}
