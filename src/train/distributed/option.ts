/** Reading the option `distributed`. */
import { checkOptions, show } from '../../check.js';
import { DataLoader } from '../../data/data-loader.js';
import type { ProcessGroup } from '../../distributed/group.js';
import { groupOf } from '../../distributed/process-group.js';
import { ArgumentError } from '../../errors.js';
import { partsOfRank } from '../../nn/parallel/distributed-data-parallel.js';
import type { Source } from '../source.js';

/** How ranks share a training. */
export interface DistributedFitOptions {
  /**
   * How many parts a batch has, whatever the number of ranks: a multiple of it, and both powers of 2. Gradients are summed in one tree over the parts, so 1, 2 and 4 ranks compute the
   * same bits. A rank computes `shards / ranks` parts of `batchSize / shards` rows in a step. Default: one part for each rank.
   */
  shards?: number;
  /** Default: the group of `distributed.initProcessGroup`. */
  processGroup?: ProcessGroup;
}

/** The option, read. */
export interface Distribution {
  readonly group: ProcessGroup;
  /** Parts of a batch. */
  readonly parts: number;
  /** Parts of this rank; it has numbers `first` to `first + own - 1`. */
  readonly own: number;
  readonly first: number;
}

/** Null where one process computes the whole batch. @throws ArgumentError for options that are not valid, StateError without a process group. */
export function readDistributed(caller: string, given: unknown): Distribution | null {
  if (given === undefined || given === false) return null;
  if (given !== true && (typeof given !== 'object' || given === null))
    throw new ArgumentError(
      `${caller}: distributed must be true, false or { shards, processGroup }, got ${show(given)}`,
    );
  const what = `${caller}: distributed`;
  const { shards, processGroup } = checkOptions<DistributedFitOptions>(what, given === true ? {} : given, [
    'shards',
    'processGroup',
  ]);
  const group = groupOf(what, processGroup);
  const own = partsOfRank(what, shards, group);
  const parts = own * group.size;
  return parts === 1 ? null : { group, parts, own, first: own * group.rank };
}

/** @throws ArgumentError for data that ranks cannot share. */
export function checkShares(caller: string, { parts }: Distribution, train: Source, batchSize: number): void {
  const loader = train.kind === 'batches' && train.batches instanceof DataLoader ? train.batches : null;
  // Batches of another size are computed whole by each rank; those of samplers have any.
  if (train.kind === 'batches' && (loader === null || loader.batchSize === 1)) return;
  const size = loader?.batchSize ?? batchSize;
  if (size % parts !== 0)
    throw new ArgumentError(
      `${caller}: batchSize counts the rows of all ranks and must be a multiple of the ${parts} parts of a batch, got ${size}`,
    );
}
