import { show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { indexSelect, select, stack } from '../functional/index.js';
import { isInt32Array } from '../realm.js';
import { formatShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * A list of samples, each a tuple of tensors: `[input, target]`, say. Write a class with these members to read
 * samples from anywhere; as `torch.utils.data.Dataset`.
 */
export interface Dataset<Sample extends readonly Tensor[] = readonly Tensor[]> {
  /** How many samples there are. */
  readonly length: number;
  /** Sample number `index`, 0 <= index < length. */
  get(index: number): Sample;
  /**
   * The samples that `indices` name, in its order, stacked along a new first dimension. May be left out: a DataLoader
   * then gets them one by one and stacks them.
   */
  getBatch?(indices: Int32Array): Sample;
}

/** A tuple of as many tensors as T has. */
type TensorsLike<T extends readonly Tensor[]> = { readonly [K in keyof T]: Tensor };

/**
 * Samples that are the rows of tensors: sample i is `[tensors[0][i], tensors[1][i], ...]`.
 * https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<TensorsLike<T>> {
  /** The tensors, one sample a row: sample i is row i of each. */
  readonly tensors: T;
  readonly length: number;

  /**
   * @param tensors one or more, all of the same size along dimension 0. They are not copied.
   * @throws ShapeError when the sizes differ, or for a scalar.
   */
  constructor(...tensors: T) {
    const place = 'TensorDataset';
    if (tensors.length === 0) throw new ArgumentError(`${place}: expected at least one tensor`);
    for (const tensor of tensors) {
      if (!(tensor instanceof Tensor)) throw new ArgumentError(`${place}: expected tensors, got ${show(tensor)}`);
      if (tensor.ndim === 0) throw new ShapeError(`${place}: a scalar has no rows to be samples`);
    }
    this.length = tensors[0]!.shape[0]!;
    if (tensors.some((tensor) => tensor.shape[0] !== this.length))
      throw new ShapeError(
        `${place}: Size mismatch between tensors: the first dimensions of shapes ` +
          `${tensors.map((tensor) => formatShape(tensor.shape)).join(', ')} must be equal`,
      );
    this.tensors = tensors;
  }

  /**
   * The rows number `index`, without their first dimension; a negative index counts from the end.
   * @throws ArgumentError when there is no such row.
   */
  get(index: number): TensorsLike<T> {
    if (typeof index !== 'number' || !Number.isSafeInteger(index))
      throw new ArgumentError(`TensorDataset: index must be an integer, got ${show(index)}`);
    if (index < -this.length || index >= this.length)
      throw new ArgumentError(
        `TensorDataset: index ${index} is out of bounds for dimension 0 with size ${this.length}`,
      );
    return mapTensors(this.tensors, (tensor) => select(tensor, 0, index));
  }

  getBatch(indices: Int32Array): TensorsLike<T> {
    if (!isInt32Array(indices))
      throw new ArgumentError(`TensorDataset: expected indices in an Int32Array, got ${show(indices)}`);
    const index = new Tensor(new Storage('int32', indices.slice()), [indices.length]);
    return mapTensors(this.tensors, (tensor) => indexSelect(tensor, index));
  }
}

markAsOwn(TensorDataset);

function mapTensors<T extends readonly Tensor[]>(tensors: T, fn: (tensor: Tensor) => Tensor): TensorsLike<T> {
  return tensors.map(fn) as readonly Tensor[] as TensorsLike<T>;
}

/** The samples that `indices` name as one batch, from any dataset. @internal */
export function batchOf<Sample extends readonly Tensor[]>(dataset: Dataset<Sample>, indices: Int32Array): Sample {
  if (dataset.getBatch !== undefined) return dataset.getBatch(indices);
  const samples = Array.from(indices, (index) => checkSample(dataset.get(index), index));
  const first = samples[0]!;
  samples.forEach((sample, i) => {
    if (sample.length !== first.length)
      throw new ShapeError(
        `DataLoader: sample ${indices[i]} has ${sample.length} tensors, sample ${indices[0]} has ${first.length}`,
      );
  });
  return first.map((_, part) => stack(samples.map((sample) => sample[part]!))) as readonly Tensor[] as Sample;
}

function checkSample(sample: readonly Tensor[], index: number): readonly Tensor[] {
  if (!Array.isArray(sample) || !sample.every((part) => part instanceof Tensor))
    throw new ArgumentError(`DataLoader: sample ${index} must be an array of tensors, got ${show(sample)}`);
  return sample;
}
