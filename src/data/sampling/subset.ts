import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray, isIterable } from '../../realm.js';
import { collateNamed } from '../collate.js';
import type { Dataset } from '../dataset.js';
import { checkGenerator, type GeneratorOption, generatorOf, sizeOf } from './sampler.js';
import { checkIndex } from './samplers.js';

/**
 * Some samples of a dataset, by their numbers.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Subset | torch.utils.data.Subset}
 */
export class Subset<Sample> implements Dataset<Sample> {
  /** The dataset of which this is a part. */
  readonly dataset: Dataset<Sample>;
  /** Positions in the dataset. */
  readonly indices: readonly number[];
  /** A batch at once where the dataset can make one. */
  readonly getBatch?: (indices: Int32Array) => Sample;

  /** @throws ArgumentError for what is no dataset, or an index that is none. */
  constructor(dataset: Dataset<Sample>, indices: Iterable<number>) {
    const caller = 'Subset';
    const size = checkDataset(caller, dataset);
    if (!isIterable(indices)) throw new ArgumentError(`${caller}: expected indices, got ${show(indices)}`);
    this.dataset = dataset;
    this.indices = Array.from(indices, (index) => {
      if (checkIndex(caller, index) < size) return index;
      throw new ArgumentError(`${caller}: index ${index} is out of range for a dataset of ${size} samples`);
    });
    if (dataset.getBatch !== undefined)
      this.getBatch = (given) => dataset.getBatch!(Int32Array.from(given, (index) => this.#at(index)));
  }

  get length(): number {
    return this.indices.length;
  }

  /** Sample number `index` of these. @throws ArgumentError when there is none. */
  get(index: number): Sample {
    return this.dataset.get(this.#at(index));
  }

  #at(index: number): number {
    const found = this.indices[index];
    if (found === undefined) throw new ArgumentError(`Subset: index ${show(index)} is out of range`);
    return found;
  }
}

/**
 * Datasets one behind the other.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset | torch.utils.data.ConcatDataset}
 */
export class ConcatDataset<Sample> implements Dataset<Sample> {
  /** The datasets, one behind the other. */
  readonly datasets: readonly Dataset<Sample>[];

  /** @throws ArgumentError without datasets. */
  constructor(datasets: Iterable<Dataset<Sample>>) {
    const caller = 'ConcatDataset';
    if (!isIterable(datasets)) throw new ArgumentError(`${caller}: expected datasets, got ${show(datasets)}`);
    this.datasets = Array.from(datasets);
    if (this.datasets.length === 0) throw new ArgumentError(`${caller}: datasets should not be an empty iterable`);
    for (const each of this.datasets) checkDataset(caller, each);
  }

  get length(): number {
    return this.datasets.reduce((sum, { length }) => sum + length, 0);
  }

  /** Sample number `index`, counted from the end when negative. @throws ArgumentError when there is none. */
  get(index: number): Sample {
    const { length } = this;
    if (!Number.isSafeInteger(index))
      throw new ArgumentError(`ConcatDataset: index must be an integer, got ${show(index)}`);
    if (index < -length)
      throw new ArgumentError('ConcatDataset: absolute value of index should not exceed dataset length');
    let at = index < 0 ? index + length : index;
    for (const each of this.datasets) {
      if (at < each.length) return each.get(at);
      at -= each.length;
    }
    throw new ArgumentError(`ConcatDataset: index ${index} is out of range`);
  }

  getBatch(indices: Int32Array): Sample {
    const samples = Array.from(indices, (index) => this.get(index));
    return collateNamed('ConcatDataset', samples, (i) => indices[i]!) as Sample;
  }
}

/**
 * Splits a dataset into parts at random: of given lengths, or of shares that add up to 1, where samples that are left over go one by one to the
 * first parts. One order is drawn straight from the generator.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split | torch.utils.data.random_split}
 * @throws ArgumentError for lengths that do not add up to the dataset's. An empty part is a warning.
 */
export function randomSplit<Sample>(
  dataset: Dataset<Sample>,
  lengths: readonly number[],
  options?: GeneratorOption,
): Subset<Sample>[] {
  const caller = 'randomSplit';
  const size = checkDataset(caller, dataset);
  const generator = checkGenerator(caller, checkOptions(caller, options, ['generator']).generator);
  if (!isArray(lengths) || !lengths.every((each) => typeof each === 'number'))
    throw new ArgumentError(`${caller}: expected a list of lengths or shares, got ${show(lengths)}`);
  const sizes = readLengths(caller, size, lengths);
  if (sizes.reduce((sum, each) => sum + each, 0) !== size)
    throw new ArgumentError(`${caller}: Sum of input lengths does not equal the length of the input dataset!`);
  const order = generatorOf(generator).randperm(size);
  let at = 0;
  return sizes.map((each) => new Subset(dataset, order.subarray(at, (at += each))));
}

function readLengths(caller: string, size: number, lengths: readonly number[]): number[] {
  const total = lengths.reduce((sum, each) => sum + each, 0);
  const isShares = total <= 1 && Math.abs(total - 1) <= 1e-9;
  if (!isShares) return lengths.map((each) => checkIndex(caller, each));
  const sizes = lengths.map((share, i) => {
    if (!(share >= 0 && share <= 1))
      throw new ArgumentError(`${caller}: Fraction at index ${i} is not between 0 and 1`);
    return Math.floor(size * share);
  });
  const left = size - sizes.reduce((sum, each) => sum + each, 0);
  for (let i = 0; i < left; i++) sizes[i % sizes.length]!++;
  for (const [i, each] of sizes.entries())
    if (each === 0)
      process.emitWarning(`Length of split at index ${i} is 0. This might result in an empty dataset.`, {
        code: 'LANEWISE_EMPTY_SPLIT',
      });
  return sizes;
}

function checkDataset(caller: string, dataset: unknown): number {
  if (typeof (dataset as Dataset | null | undefined)?.get !== 'function')
    throw new ArgumentError(`${caller}: expected a dataset, got ${show(dataset)}`);
  return sizeOf(caller, dataset);
}
