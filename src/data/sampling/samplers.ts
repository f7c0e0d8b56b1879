import { checkBoolean, checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { Generator } from '../../random/generator.js';
import { isIterable } from '../../realm.js';
import {
  checkGenerator,
  checkNumSamples,
  type GeneratorOption,
  generatorOf,
  type Sampler,
  type Sized,
  sizeOf,
} from './sampler.js';

/**
 * All samples in the dataset's order.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler | torch.utils.data.SequentialSampler}
 */
export class SequentialSampler implements Sampler {
  readonly #dataset: Sized;

  /** @throws ArgumentError for what has no length. */
  constructor(dataset: Sized) {
    sizeOf('SequentialSampler', dataset);
    this.#dataset = dataset;
  }

  get length(): number {
    return sizeOf('SequentialSampler', this.#dataset);
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { length } = this;
    for (let index = 0; index < length; index++) yield index;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions extends GeneratorOption {
  /** Whether a sample may come several times. Default false. */
  replacement?: boolean;
  /** Samples in an order; without replacement beyond the dataset's size, orders follow one another. Default: as many as the dataset has. */
  numSamples?: number;
}

/** Samples drawn with replacement come from PyTorch's generator in blocks of this size. */
const chunk = 32;

/**
 * Samples in a random order. Without a generator each order draws a seed from the default one, and is drawn from that.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler | torch.utils.data.RandomSampler}
 */
export class RandomSampler implements Sampler {
  /** Whether a position may be drawn again. */
  readonly replacement: boolean;
  readonly #dataset: Sized;
  readonly #numSamples: number | null;
  /** @internal */
  readonly '~generator': Generator | null;

  /** @throws ArgumentError for options that are not valid, or an empty dataset. */
  constructor(dataset: Sized, options?: RandomSamplerOptions) {
    const caller = 'RandomSampler';
    const size = sizeOf(caller, dataset);
    const given = checkOptions(caller, options, ['replacement', 'numSamples', 'generator']);
    const { replacement = false, numSamples } = given;
    this.replacement = checkBoolean(caller, 'replacement', replacement);
    this['~generator'] = checkGenerator(caller, given.generator);
    checkNumSamples(caller, numSamples ?? size);
    this.#dataset = dataset;
    this.#numSamples = numSamples ?? null;
  }

  get length(): number {
    return this.#numSamples ?? sizeOf('RandomSampler', this.#dataset);
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    const size = sizeOf('RandomSampler', this.#dataset);
    const { length } = this;
    const source = generatorOf(this['~generator']);
    const generator = this['~generator'] === null ? new Generator(source.random63()) : source;
    if (this.replacement) {
      for (let left = length; left >= 0; left -= chunk) {
        const drawn = new Int32Array(Math.min(left, chunk));
        generator.randintFill(drawn, 0, size);
        yield* drawn;
      }
      return;
    }
    for (let left = length; left >= size; left -= size) yield* generator.randperm(size);
    // PyTorch draws one order more, also where nothing is left for it.
    yield* generator.randperm(size).subarray(0, length % size);
  }
}

/**
 * Some samples, in a random order drawn straight from the generator.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler | torch.utils.data.SubsetRandomSampler}
 */
export class SubsetRandomSampler implements Sampler {
  /** Positions in the dataset. */
  readonly indices: readonly number[];
  /** @internal */
  readonly '~generator': Generator | null;

  /** @param indices which samples. @throws ArgumentError unless they are whole numbers of at least 0. */
  constructor(indices: Iterable<number>, options?: GeneratorOption) {
    const caller = 'SubsetRandomSampler';
    if (!isIterable(indices)) throw new ArgumentError(`${caller}: expected indices, got ${show(indices)}`);
    this.indices = Array.from(indices, (index) => checkIndex(caller, index));
    this['~generator'] = checkGenerator(caller, checkOptions(caller, options, ['generator']).generator);
  }

  get length(): number {
    return this.indices.length;
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (const at of generatorOf(this['~generator']).randperm(this.length)) yield this.indices[at]!;
  }
}

/**
 * Batches of what a sampler, or anything else that can be iterated, gives.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler | torch.utils.data.BatchSampler}
 */
export class BatchSampler<T = number> implements Sampler<T[]> {
  /** Where positions come from. */
  readonly sampler: Sampler<T>;
  /** Positions in a batch. */
  readonly batchSize: number;
  /** Whether a last batch of fewer is left out. */
  readonly dropLast: boolean;

  /**
   * @param dropLast whether to leave out a last batch that is shorter than the others
   * @throws ArgumentError for arguments of other types, in PyTorch's words.
   */
  constructor(sampler: Sampler<T>, batchSize: number, dropLast: boolean) {
    const caller = 'BatchSampler';
    if (!isIterable(sampler)) throw new ArgumentError(`${caller}: expected a sampler, got ${show(sampler)}`);
    if (typeof batchSize !== 'number' || !Number.isSafeInteger(batchSize) || batchSize <= 0)
      throw new ArgumentError(
        `${caller}: batch_size should be a positive integer value, but got batch_size=${show(batchSize)}`,
      );
    if (typeof dropLast !== 'boolean')
      throw new ArgumentError(`${caller}: drop_last should be a boolean value, but got drop_last=${show(dropLast)}`);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  /** @throws ArgumentError where the sampler has none. */
  get length(): number {
    const batches = sizeOf('BatchSampler', this.sampler) / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** @internal */
  get '~generator'(): Generator | null {
    return ownGenerator(this.sampler);
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<T[]> {
    let batch: T[] = [];
    for (const each of this.sampler) {
      if (batch.push(each) < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

/** The generator that a sampler was given, or null. */
export function ownGenerator(sampler: unknown): Generator | null {
  const generator: unknown = Object(sampler)['~generator'];
  return generator instanceof Generator ? generator : null;
}

/** @throws ArgumentError unless it is a whole number of at least 0. */
export function checkIndex(caller: string, index: unknown): number {
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
    throw new ArgumentError(`${caller}: an index must be a whole number of at least 0, got ${show(index)}`);
  return index;
}
