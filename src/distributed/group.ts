/** What a group of processes can do together: the seam between engines and everything that trains on several of them. */
import type { GroupArray, ReduceOp } from '../ops/group-tasks.js';

export type { GroupArray, ReduceOp };

/** How numbers of several ranks become one. */
export interface GroupReduceOptions {
  /** Default 'sum'. int32 wraps; of 'min' and 'max' a NaN is the result. */
  readonly op?: ReduceOp;
  /** What each result is divided by at the end; floating-point arrays only. Default 1. */
  readonly divisor?: number;
}

/** How numbers of several ranks become one where a rank may have several parts. */
export interface AllReduceOptions extends GroupReduceOptions {
  /**
   * Further parts of this rank: lists like the first one. The leaves of the tree are rank 0's arrays, its parts, rank 1's arrays, and so on. So
   * the result of 4 ranks is that of 2 ranks with 2 parts each, and of one with 4, to the bit. As many on each rank.
   */
  readonly parts?: readonly (readonly GroupArray[])[];
}

/**
 * The processes of a job, each with a rank from 0 to `size - 1`. Collectives are to be called by all of them, in one order and with the same sizes;
 * they run in that order, one at a time, off the event loop, and what is in the arrays is read at the call. A pending one keeps the
 * event loop alive. Sums follow one tree over the ranks, so no bit depends on the engine.
 *
 * Where ranks call different things, all of them get a StateError that names the rank; after a failure every collective fails.
 */
export interface ProcessGroup {
  /** This process, from 0. */
  readonly rank: number;
  /** How many processes the job has. */
  readonly size: number;
  /** The rank among those of the same host. */
  readonly localRank: number;
  /** How many ranks this host has. */
  readonly localSize: number;
  /** The engine and its version, for people. */
  readonly engine: string;

  /**
   * Reduces each array over the ranks, in place. Arrays of one type travel together: many small ones cost as much as one.
   * @throws ArgumentError (rejects) for arrays of different types, or bytes
   */
  allReduce(arrays: readonly GroupArray[], options?: AllReduceOptions): Promise<void>;
  /** Reduces `input`, `size` times as long as `output`, over the ranks; rank r gets the r-th piece. */
  reduceScatter(input: GroupArray, output: GroupArray, options?: GroupReduceOptions): Promise<void>;
  /** Fills `output`, `size` times as long as `input`, with the inputs of rank 0, 1 and so on. */
  allGather(input: GroupArray, output: GroupArray): Promise<void>;
  /** Copies the arrays of rank `root` to all ranks. */
  broadcast(arrays: readonly GroupArray[], root: number): Promise<void>;
  /** Resolves when all ranks have called it. */
  barrier(): Promise<void>;

  /** Writes the message to stderr and ends every process of the job with that exit code. Does not return. */
  abort(message: string, code: number): void;
  /** Waits for all ranks and closes the group. A process that exits before has ended the job. */
  destroy(): Promise<void>;
}
