/** Where samples come from, as `fit` is given it. */
import { show } from '../check.js';
import { DataLoader } from '../data/data-loader.js';
import { type Dataset, TensorDataset } from '../data/dataset.js';
import { ArgumentError } from '../errors.js';
import { isArray, isPlainObject } from '../realm.js';
import type { Structure } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';
import type { Batch, BatchReader } from './batch.js';

/**
 * Samples to train on or to validate with. A TensorDataset (or tensors themselves: an array with a tensor in it, or a plain object) is
 * copied once to where programs compute, and gathered from there. Any other array is a list of batches: these, and batches of
 * anything else that can be iterated, are taken one by one, at most two of them at a time.
 */
export type TrainingData<B = Batch> = Dataset<B> | B | Iterable<B> | AsyncIterable<B>;

/** The batches that data of this type give. */
export type BatchOf<Data> =
  Data extends Dataset<infer Sample>
    ? Sample
    : Data extends AsyncIterable<infer B>
      ? B
      : Data extends readonly unknown[]
        ? Extract<Data[number], Tensor> extends never
          ? Data[number]
          : Data
        : Data extends Iterable<infer B>
          ? B
          : Data;

/** Data, read. Of tensors, `rows` rows from number `firstRow` on are meant. */
export type Source =
  | { readonly kind: 'tensors'; readonly batch: Structure; readonly rows: number; readonly firstRow: number }
  | { readonly kind: 'batches'; readonly batches: Iterable<unknown> | AsyncIterable<unknown> };

/** @throws ArgumentError or ShapeError for what cannot be trained with. */
export function readSource(
  caller: string,
  what: string,
  given: unknown,
  reader: BatchReader,
  { batchSize, shuffle }: { readonly batchSize: number; readonly shuffle: boolean },
): Source {
  const isList = isArray(given);
  if (given instanceof TensorDataset) return fromTensors(caller, what, given.tensors, reader);
  if (isList && given.some((part) => part instanceof Tensor)) return fromTensors(caller, what, given, reader);
  if (isDataset(given)) {
    if (given.length === 0) throw new ArgumentError(`${caller}: ${what} has no samples`);
    return { kind: 'batches', batches: new DataLoader(given, { batchSize, shuffle }) };
  }
  const isTensor = given instanceof Tensor;
  if (
    Object(given) === given &&
    !isTensor &&
    (Symbol.iterator in Object(given) || Symbol.asyncIterator in Object(given))
  )
    return { kind: 'batches', batches: given as Iterable<unknown> | AsyncIterable<unknown> };
  if (isPlainObject(given)) return fromTensors(caller, what, given, reader);
  throw new ArgumentError(
    `${caller}: ${what} must be a TensorDataset, [inputs, targets], or an iterable of batches [input, target], ` +
      `got ${show(given)}`,
  );
}

/** Whether these are samples, of which `fit` makes batches. */
export function isDataset(given: unknown): given is Dataset<unknown> {
  if (typeof given !== 'object' || given === null || isArray(given) || given instanceof DataLoader) return false;
  return 'length' in given && 'get' in given && typeof given.length === 'number' && typeof given.get === 'function';
}

function fromTensors(caller: string, what: string, given: unknown, reader: BatchReader): Source {
  const { structure, rows } = reader.read(what, given);
  if (rows === 0) throw new ArgumentError(`${caller}: ${what} has no samples`);
  return { kind: 'tensors', batch: structure, rows, firstRow: 0 };
}

/**
 * The first samples to train on, and the last ones, a share of `share`, to validate with. Nothing is copied.
 * @throws ArgumentError for a share that is none or leaves a part empty, and for batches.
 */
export function splitSource(caller: string, train: Source, share: unknown): { train: Source; validation: Source } {
  const what = `${caller}: validationSplit`;
  if (typeof share !== 'number' || !(share > 0 && share < 1))
    throw new ArgumentError(`${what} must be a number between 0 and 1, got ${show(share)}`);
  if (train.kind === 'batches')
    throw new ArgumentError(`${what} is for tensors and a TensorDataset; train gives batches: use validation`);
  // Raised by more than rounding takes away: a tenth of 10 samples is one, though 10 * (1 - 0.9) is less.
  const rows = Math.floor(train.rows * (1 - share) * (1 + 1e-12));
  if (rows === 0 || rows === train.rows)
    throw new ArgumentError(
      `${what} of ${share} leaves no samples to ${rows === 0 ? 'train on' : 'validate with'}: train has ${train.rows}`,
    );
  return { train: { ...train, rows }, validation: { ...train, rows: train.rows - rows, firstRow: rows } };
}
