import { checkBoolean, checkOptions, show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, StateError } from '../errors.js';
import { defaultGenerator, drawnFrom, Generator } from '../random/generator.js';
import { holds, isIterable } from '../realm.js';
import type { Collated } from './collate.js';
import { batchOf, type Dataset, TensorDataset } from './dataset.js';
import { type Sampler, sizeOf } from './sampling/sampler.js';
import { BatchSampler, ownGenerator } from './sampling/samplers.js';
import { WorkerLoading } from './workers/worker-loading.js';
import { readWorkers, type WorkerOptions, workerKeys } from './workers/worker-options.js';

/** Options of a {@link DataLoader}. */
export interface DataLoaderOptions extends WorkerOptions {
  /** Samples in a batch; the last batch of an epoch may be shorter. Default 1. */
  batchSize?: number;
  /** Whether every epoch has its own order, drawn from the generator. Default false: the dataset's order. */
  shuffle?: boolean;
  /** Whether to leave out a last batch that is shorter than the others. Default false. */
  dropLast?: boolean;
  /** Where orders are drawn from. Default: the generator that `manualSeed` seeds, at the time of each epoch. */
  generator?: Generator;
  /** The numbers of the samples of an epoch, instead of `shuffle`: a {@link WeightedRandomSampler}, or anything else that can be iterated again and again. */
  sampler?: Sampler;
  /** The numbers of the samples of each batch, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Sampler<Iterable<number>>;
}

/** Options of a {@link DataLoader} that makes batches in a way of the caller's. */
export interface CollatingOptions<Sample, Batch> extends DataLoaderOptions {
  /**
   * Makes a batch of samples, got one by one with `dataset.get`. With workers a function makes it on this thread of the samples that a worker sends; the name of an
   * export of the dataset's module has the worker do it. Default: `dataset.getBatch` where there is one, else {@link defaultCollate}.
   */
  collateFn: ((samples: Sample[]) => Batch) | string;
}

/**
 * Batches of a dataset: `for (const [input, target] of loader)` is one epoch, and each such loop is another; with `numWorkers` it is `for await`. Orders
 * are those that PyTorch draws from the same seed, to the last draw. Epochs may run side by side.
 * https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<Sample, Batch = Collated<Sample>> implements Iterable<Batch> {
  /** Where the samples come from. */
  readonly dataset: Dataset<Sample>;
  /** Samples in a batch; the last may have fewer. */
  readonly batchSize: number;
  /** Whether each epoch has its own order. */
  readonly shuffle: boolean;
  /** Whether a last batch with fewer samples is left out. */
  readonly dropLast: boolean;
  readonly #generator: Generator | null;
  readonly #batchOf: (indices: Int32Array) => Batch;
  /** What says which samples are in which batch, where it is not the loader itself. */
  readonly #batches: Sampler<Iterable<number>> | null;
  readonly #workers: WorkerLoading<Batch> | null;

  /**
   * @throws ArgumentError for a batchSize that is not a positive integer, shuffle with an empty dataset, or an unknown
   * option.
   */
  constructor(dataset: Dataset<Sample>, options: CollatingOptions<Sample, Batch>);
  constructor(dataset: Dataset<Sample>, options?: DataLoaderOptions);
  constructor(dataset: Dataset<Sample>, options?: Partial<CollatingOptions<Sample, Batch>>) {
    const caller = 'DataLoader';
    const given = checkOptions(caller, options, [
      ...(['batchSize', 'shuffle', 'dropLast', 'generator', 'collateFn', 'sampler', 'batchSampler'] as const),
      ...workerKeys,
    ]);
    this.#batches = readSamplers(caller, given);
    const { batchSize = 1, shuffle = false, dropLast = false, generator, collateFn } = given;
    if (typeof batchSize !== 'number' || !Number.isSafeInteger(batchSize) || batchSize <= 0)
      throw new ArgumentError(
        `${caller}: batch_size should be a positive integer value, but got batch_size=${show(batchSize)}`,
      );
    if (generator !== undefined && !(generator instanceof Generator))
      throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
    const workers = readWorkers(caller, given);
    if (
      collateFn !== undefined &&
      typeof collateFn !== 'function' &&
      (workers === null || typeof collateFn !== 'string')
    )
      throw new ArgumentError(`${caller}: collateFn must be a function, got ${show(collateFn)}`);
    checkBoolean(caller, 'shuffle', shuffle);
    checkBoolean(caller, 'dropLast', dropLast);
    if (lengthOf(dataset) === 0 && shuffle)
      throw new ArgumentError(`${caller}: num_samples should be a positive integer value, but got num_samples=0`);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.#generator = generator ?? null;
    // Without a collateFn a batch has the type of a sample.
    this.#batchOf =
      typeof collateFn === 'function'
        ? (indices) => collateFn(Array.from(indices, (index) => dataset.get(index)))
        : (indices) => batchOf(dataset, indices) as Batch & Sample;
    this.#workers = workers === null ? null : new WorkerLoading<Batch>(caller, dataset, workers, collateFn);
    // A loader without workers has none: a loop with `for await` over it takes the batches one by one all the same.
    if (this.#workers !== null) {
      const value = () => this.#throughWorkers(this.#workers!, 0, everything);
      Object.defineProperty(this, Symbol.asyncIterator, { value });
    }
  }

  /** Batches in an epoch. */
  get length(): number {
    if (this.#batches !== null) return sizeOf('DataLoader.length', this.#batches);
    const batches = lengthOf(this.dataset) / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Starts an epoch. @throws StateError for a loader with workers. */
  [Symbol.iterator](): IterableIterator<Batch> {
    if (this.#workers !== null)
      throw new StateError('DataLoader: with numWorkers batches come as promises: for await (const batch of loader)');
    return this.#made(this.#indices(0, this.#begin().generator, false), everything);
  }

  /**
   * Starts an epoch whose batches before number `first` have been taken before: what is drawn for them is drawn now, but they are not made.
   * @param select gives the samples of a batch that are to be made, from all of it: the share of a rank. Called once a batch, in their order. @internal
   */
  '~from'(first: number, select = everything): IterableIterator<Batch> | AsyncIterableIterator<Batch> {
    if (this.#workers !== null) return this.#throughWorkers(this.#workers, first, select);
    return this.#made(this.#indices(first, this.#begin().generator, true), select);
  }

  /** Ends the workers that `persistentWorkers` keeps, and those of epochs that are under way. */
  async close(): Promise<void> {
    await this.#workers?.close();
  }

  #throughWorkers(workers: WorkerLoading<Batch>, first: number, select: Select): AsyncIterableIterator<Batch> {
    const { generator, seed } = this.#begin();
    return workers.epoch(selected(this.#indices(first, generator, true), select), first, seed);
  }

  *#made(indices: Iterable<Int32Array>, select: Select): IterableIterator<Batch> {
    for (const each of indices) yield this.#batchOf(select(each));
  }

  /** The samples of each batch from number `first` on. What is drawn before the first of them is drawn now, or when it is asked for. */
  #indices(first: number, generator: Generator, isNow: boolean): IterableIterator<Int32Array> {
    if (this.#batches !== null) return this.#sampled(this.#batches, first);
    if (!isNow) return this.#epoch(generator, first, () => this.#order(generator));
    const order = this.#order(generator);
    const samples = lengthOf(this.dataset);
    const isSpent = !this.dropLast && samples % this.batchSize > 0 && first * this.batchSize >= samples;
    if (isSpent) this.#spend(generator);
    return this.#epoch(generator, first, () => order, isSpent);
  }

  /** The generator that it was given, or null. @internal */
  get '~generator'(): Generator | null {
    return this.#generator ?? ownGenerator(this.#batches);
  }

  /** An epoch in the order of samplers, from batch number `first` on. */
  #sampled(batches: Sampler<Iterable<number>>, first: number): IterableIterator<Int32Array> {
    const iterator = batches[Symbol.iterator]();
    for (let skipped = 0; skipped < first; skipped++) iterator.next();
    const samples = lengthOf(this.dataset);
    return (function* () {
      for (let step = iterator.next(); step.done !== true; step = iterator.next())
        yield Int32Array.from(step.value, (index) => inRange(index, samples));
    })();
  }

  #begin(): { generator: Generator; seed: bigint } {
    const generator = drawnFrom(this.#generator ?? defaultGenerator);
    // PyTorch seeds its workers with it, and draws it without workers and without shuffling too.
    return { generator, seed: generator.random63() };
  }

  *#epoch(
    generator: Generator,
    first: number,
    drawOrder: () => Int32Array | null,
    isSpent = false,
  ): IterableIterator<Int32Array> {
    const samples = lengthOf(this.dataset);
    const order = drawOrder();
    const end = this.dropLast ? samples - (samples % this.batchSize) : samples;
    let isOver = isSpent;
    for (let start = first * this.batchSize; start < end; start += this.batchSize) {
      const stop = Math.min(start + this.batchSize, samples);
      if (stop - start < this.batchSize) {
        this.#spend(generator);
        isOver = true;
      }
      yield order?.slice(start, stop) ?? Int32Array.from({ length: stop - start }, (_, i) => start + i);
    }
    if (!isOver) this.#spend(generator);
  }

  /**
   * PyTorch's sampler finds out that nothing is left by drawing one more order. It shows in a generator of the caller's own; the
   * default generator only seeded another for this epoch.
   */
  #spend(generator: Generator): void {
    if (this.shuffle && this.#generator !== null) generator.randperm(lengthOf(this.dataset));
  }

  /** What `console.log` and `String` show. */
  toString(): string {
    const { batchSize, shuffle, dropLast } = this;
    const dataset = this.dataset instanceof TensorDataset ? String(this.dataset) : show(this.dataset);
    return `DataLoader(${dataset}, batchSize=${batchSize}, shuffle=${shuffle}, dropLast=${dropLast}, length=${this.length})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #order(generator: Generator): Int32Array | null {
    if (!this.shuffle) return null;
    const source = this.#generator === null ? new Generator(generator.random63()) : generator;
    return source.randperm(lengthOf(this.dataset));
  }
}

markAsOwn(DataLoader);

/** The samples of a batch that are made. */
type Select = (indices: Int32Array) => Int32Array;

const everything: Select = (indices) => indices;

function* selected(batches: Iterable<Int32Array>, select: Select): IterableIterator<Int32Array> {
  for (const indices of batches) yield select(indices);
}

/** The batches that samplers make, or null. @throws ArgumentError for options that exclude one another, in PyTorch's words. */
function readSamplers(
  caller: string,
  given: Partial<CollatingOptions<never, unknown>>,
): Sampler<Iterable<number>> | null {
  const { sampler, batchSampler, batchSize, shuffle, dropLast } = given;
  for (const [name, value] of Object.entries({ sampler, batchSampler }))
    if (value !== undefined && !isIterable(value))
      throw new ArgumentError(`${caller}: ${name} must be an iterable, got ${show(value)}`);
  if (sampler !== undefined && shuffle === true)
    throw new ArgumentError(`${caller}: sampler option is mutually exclusive with shuffle`);
  if (batchSampler !== undefined) {
    if ((batchSize ?? 1) !== 1 || shuffle === true || sampler !== undefined || dropLast === true)
      throw new ArgumentError(
        `${caller}: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last`,
      );
    return batchSampler;
  }
  return sampler === undefined ? null : new BatchSampler(sampler, batchSize ?? 1, dropLast ?? false);
}

function inRange(index: unknown, samples: number): number {
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || index >= samples)
    throw new ArgumentError(`DataLoader: the sampler gives ${show(index)}, and the dataset has ${samples} samples`);
  return index;
}

function lengthOf(dataset: Dataset<unknown>): number {
  const length: unknown = holds(dataset, 'length') ? dataset.length : undefined;
  if (typeof dataset?.get !== 'function' || typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw new ArgumentError(
      `DataLoader: a dataset has a length and a method get(index), such as a TensorDataset; got ${show(dataset)}`,
    );
  return length;
}
