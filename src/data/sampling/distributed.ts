import { checkBoolean, checkOptions, checkSize, show } from '../../check.js';
import { getRank, getWorldSize } from '../../distributed/process-group.js';
import { ArgumentError } from '../../errors.js';
import { Generator } from '../../random/generator.js';
import { type Sampler, type Sized, sizeOf } from './sampler.js';

/** Options of {@link DistributedSampler}. */
export interface DistributedSamplerOptions {
  /** How many ranks share the samples. Default: the size of the process group. */
  numReplicas?: number;
  /** Which of them this is. Default: the rank of this process. */
  rank?: number;
  /** Whether each epoch has its own order, drawn from `seed` and the epoch's number. Default true. */
  shuffle?: boolean;
  /** The same on all ranks. Default 0. */
  seed?: number;
  /** Whether samples that do not divide among the ranks are left out. Default false: the first ones come again, so that all ranks have as many. */
  dropLast?: boolean;
}

/**
 * The share of one rank of a dataset's samples: numbers rank, rank + ranks, rank + 2·ranks, ... of an order that all ranks draw alike. For hand-written loops
 * with a DataLoader; `fit` takes its rows by itself.
 *
 * Call {@link setEpoch} before each epoch, or all epochs have one order.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler | torch.utils.data.distributed.DistributedSampler}
 */
export class DistributedSampler implements Sampler {
  /** How many ranks there are. */
  readonly numReplicas: number;
  /** Which of them this is. */
  readonly rank: number;
  /** The number of the epoch: see {@link setEpoch}. */
  epoch = 0;
  /** Whether samples that do not divide are left out. */
  readonly dropLast: boolean;
  /** Whether each epoch has its own order. */
  readonly shuffle: boolean;
  /** What orders are drawn from, together with the epoch. */
  readonly seed: number;
  /** Samples of each rank. */
  readonly numSamples: number;
  /** Samples of all ranks. */
  readonly totalSize: number;
  readonly #dataset: Sized;

  /** @throws ArgumentError for options that are not valid; StateError without a process group where rank and number are not given. */
  constructor(dataset: Sized, options?: DistributedSamplerOptions) {
    const caller = 'DistributedSampler';
    const size = sizeOf(caller, dataset);
    const given = checkOptions(caller, options, ['numReplicas', 'rank', 'shuffle', 'seed', 'dropLast']);
    const { shuffle = true, seed = 0, dropLast = false } = given;
    this.shuffle = checkBoolean(caller, 'shuffle', shuffle);
    this.dropLast = checkBoolean(caller, 'dropLast', dropLast);
    if (typeof seed !== 'number' || !Number.isSafeInteger(seed))
      throw new ArgumentError(`${caller}: seed must be an integer, got ${show(seed)}`);
    this.seed = seed;
    this.numReplicas = checkSize(caller, 'numReplicas', given.numReplicas ?? getWorldSize(), 1);
    const rank: unknown = given.rank ?? getRank();
    if (typeof rank !== 'number' || !Number.isSafeInteger(rank) || rank < 0 || rank >= this.numReplicas)
      throw new ArgumentError(
        `${caller}: Invalid rank ${show(rank)}, rank should be in the interval [0, ${this.numReplicas - 1}]`,
      );
    this.rank = rank;
    const isCut = this.dropLast && size % this.numReplicas !== 0;
    this.numSamples = Math.max(0, Math.ceil((isCut ? size - this.numReplicas : size) / this.numReplicas));
    this.totalSize = this.numSamples * this.numReplicas;
    this.#dataset = dataset;
  }

  /** Samples of this rank. */
  get length(): number {
    return this.numSamples;
  }

  /** Gives the next pass the order of this epoch: the same number on all ranks. @throws ArgumentError unless it is an integer of at least 0. */
  setEpoch(epoch: number): void {
    this.epoch = checkSize('DistributedSampler.setEpoch', 'epoch', epoch);
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    const size = sizeOf('DistributedSampler', this.#dataset);
    const order = this.shuffle
      ? new Generator(this.seed + this.epoch).randperm(size)
      : Int32Array.from({ length: size }, (_, i) => i);
    // Behind the last sample the first ones come again; with dropLast none is.
    for (let at = this.rank; at < this.totalSize; at += this.numReplicas) yield order[at % size]!;
  }
}
