import type { Dataset } from '../dataset.js';

/** What {@link getWorkerInfo} gives in a worker. */
export interface WorkerInfo {
  /** The number of the worker, from 0. */
  readonly id: number;
  /** How many workers the loader has. */
  readonly numWorkers: number;
  /** What the default generator was seeded with at the start of the worker. */
  readonly seed: bigint;
  /** The worker's copy of the dataset. */
  readonly dataset: Dataset<unknown>;
}

let current: WorkerInfo | null = null;

/** Says what this thread is. @internal */
export function setWorkerInfo(info: WorkerInfo): void {
  current = info;
}

/**
 * Which worker of a DataLoader this thread is; null in any other thread.
 * As {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info | torch.utils.data.get_worker_info}.
 */
export function getWorkerInfo(): WorkerInfo | null {
  return current;
}
