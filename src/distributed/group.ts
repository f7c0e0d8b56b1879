/** What processes that compute together ask of each other. Everything above knows this interface and no engine. */
import type { HostArray } from '../ops/ops.js';

/** How numbers of the ranks become one. */
export type ReduceOp = 'sum' | 'product' | 'min' | 'max';

/**
 * The processes of a job, and this one among them. Every rank calls the same methods in the same order; arrays are of one type and length on all
 * ranks and are not touched until the promise settles. Sums are made in the order of a binary tree over the ranks, (0 + 1) + (2 + 3), so
 * their bits depend on no engine.
 */
export interface ProcessGroup {
  /** The number of this process, from 0 on. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** The number of this process among those of its machine. */
  readonly localRank: number;
  /** How many processes its machine has. */
  readonly localSize: number;
  /** Replaces the numbers by those of all ranks, put together element by element. */
  allReduce(data: HostArray, op: ReduceOp): Promise<void>;
  /** The same of `input`, of which each rank gets a part: number `rank` of `size` parts as long as `output`. */
  reduceScatter(input: HostArray, output: HostArray, op: ReduceOp): Promise<void>;
  /** Puts the inputs of all ranks one behind the other into `output`. */
  allGather(input: HostArray, output: HostArray): Promise<void>;
  /** Gives all ranks the numbers of one. */
  broadcast(data: HostArray, root: number): Promise<void>;
  /** Settles when every rank has called it. */
  barrier(): Promise<void>;
  /** Ends every process of the job, this one too, with a code other than 0. */
  abort(message: string): void;
  /** Leaves the job. */
  destroy(): Promise<void>;
}
