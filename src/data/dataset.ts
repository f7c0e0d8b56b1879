import { show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { indexSelect, select } from '../functional/index.js';
import { isInt32Array } from '../realm.js';
import { formatShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { mapTensors, showStructure, type Tensors, takeApart } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';
import { collateNamed } from './collate.js';

/**
 * A list of samples, each a tensor, a tuple or a plain object of tensors: `[input, target]`, say, or `{ image, label }`. Write a
 * class with these members to read samples from anywhere; as `torch.utils.data.Dataset`.
 */
export interface Dataset<Sample = readonly Tensor[]> {
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

/** The structure of T with other tensors. */
type RowsOf<T> = T extends Tensor ? Tensor : { readonly [K in keyof T]: RowsOf<T[K]> };

/**
 * Samples that are the rows of tensors: sample i is `[tensors[0][i], tensors[1][i], ...]`. Instead of a tensor there may be a
 * structure of them: `new TensorDataset({ image, text }, labels)` has the samples `[{ image, text }, label]`.
 * https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset<T extends readonly Tensors[]> implements Dataset<RowsOf<T>> {
  /** The tensors, one sample a row: sample i is row i of each. */
  readonly tensors: T;
  readonly length: number;

  /**
   * @param tensors one or more, all of the same size along dimension 0. They are not copied.
   * @throws ShapeError when the sizes differ, or for a scalar.
   */
  constructor(...tensors: T) {
    const caller = 'TensorDataset';
    if (tensors.length === 0) throw new ArgumentError(`${caller}: expected at least one tensor`);
    const all = tensors.flatMap((each, i) => takeApart(`${caller}: argument ${i}`, each).tensors);
    if (all.some(({ ndim }) => ndim === 0)) throw new ShapeError(`${caller}: a scalar has no rows to be samples`);
    this.length = all[0]!.shape[0]!;
    if (all.some((tensor) => tensor.shape[0] !== this.length))
      throw new ShapeError(
        `${caller}: Size mismatch between tensors: the first dimensions of shapes ` +
          `${all.map((tensor) => formatShape(tensor.shape)).join(', ')} must be equal`,
      );
    this.tensors = tensors;
  }

  /**
   * The rows number `index`, without their first dimension; a negative index counts from the end.
   * @throws ArgumentError when there is no such row.
   */
  get(index: number): RowsOf<T> {
    if (typeof index !== 'number' || !Number.isSafeInteger(index))
      throw new ArgumentError(`TensorDataset: index must be an integer, got ${show(index)}`);
    if (index < -this.length || index >= this.length)
      throw new ArgumentError(
        `TensorDataset: index ${index} is out of bounds for dimension 0 with size ${this.length}`,
      );
    return this.#map((tensor) => select(tensor, 0, index));
  }

  getBatch(indices: Int32Array): RowsOf<T> {
    if (!isInt32Array(indices))
      throw new ArgumentError(`TensorDataset: expected indices in an Int32Array, got ${show(indices)}`);
    const index = new Tensor(new Storage('int32', indices.slice()), [indices.length]);
    return this.#map((tensor) => indexSelect(tensor, index));
  }

  /** What `console.log` and `String` show: `TensorDataset(length=100, tensors=[Tensor [100, 4], Tensor [100]])`. */
  toString(): string {
    return `TensorDataset(length=${this.length}, tensors=${showStructure(this.tensors)})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #map(fn: (tensor: Tensor) => Tensor): RowsOf<T> {
    return mapTensors<Tensors>(this.tensors, fn) as RowsOf<T>;
  }
}

markAsOwn(TensorDataset);

/** The samples that `indices` name as one batch, from any dataset. @internal */
export function batchOf<Sample>(dataset: Dataset<Sample>, indices: Int32Array): Sample {
  if (dataset.getBatch !== undefined) return dataset.getBatch(indices);
  const samples = Array.from(indices, (index) => dataset.get(index));
  return collateNamed('DataLoader', samples, (i) => indices[i]!);
}
