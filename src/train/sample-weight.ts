/** Reading the option `sampleWeight`: a number for each sample, which is gathered with it. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { isArray } from '../realm.js';
import { type NumberArray, plainView } from '../tensor/host-view.js';
import { formatShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { WeightedBatch } from './batch.js';
import type { Source } from './source.js';

/** Weights of samples as they are given, one for each. */
export type SampleWeights = Tensor | NumberArray | readonly number[];

/**
 * The data with their weights, which are copied.
 * @throws ShapeError for another number of them; ArgumentError for anything but numbers from 0 on, and for data that come in batches.
 */
export function withSampleWeights(caller: string, source: Source, given: unknown): Source {
  const what = `${caller}: sampleWeight`;
  if (source.kind === 'batches')
    throw new ArgumentError(
      `${what} is for tensors and a TensorDataset; train gives batches: return { output, target, sampleWeight } from the ` +
        'option forward',
    );
  const { batch, rows } = source;
  const dtype = batch.tensors.some((tensor) => tensor.dtype === 'float64') ? 'float64' : 'float32';
  const values = valuesOf(what, given);
  const shape = values instanceof Tensor ? values.shape : [values.length];
  if (shape.length !== 1 || shape[0] !== rows)
    throw new ShapeError(
      `${what} must have one number for each of the ${rows} samples, shape [${rows}], got shape ${formatShape(shape)}`,
    );
  const numbers = values instanceof Tensor ? values.toTypedArray() : values;
  const storage = Storage.allocate(dtype, rows);
  const own = storage.write();
  for (let i = 0; i < rows; i++) {
    const value: unknown = numbers[i];
    if (typeof value === 'number') own[i] = value;
    // Looked at as it was stored: float32 has no number as large as 1e300.
    if (typeof value !== 'number' || !(own[i]! >= 0 && own[i]! < Number.POSITIVE_INFINITY))
      throw new ArgumentError(`${what} must hold finite numbers from 0 on, got ${show(value)} at index ${i}`);
  }
  const weights = new Tensor(storage, [rows]);
  const { tensors, form, rebuild } = batch;
  return {
    ...source,
    batch: {
      tensors: [...tensors, weights],
      form,
      rebuild: (parts) => new WeightedBatch(rebuild(parts.slice(0, -1)), parts.at(-1)!),
    },
  };
}

function valuesOf(what: string, given: unknown): Tensor | ArrayLike<unknown> {
  if (given instanceof Tensor || isArray(given)) return given;
  if (ArrayBuffer.isView(given)) return plainView(what, given);
  throw new ArgumentError(`${what} must be a tensor, a typed array or an array of numbers, got ${show(given)}`);
}
