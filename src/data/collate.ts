/** How samples become a batch. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { stack } from '../functional/index.js';
import type { HostArray } from '../ops/ops.js';
import { isArray, isPlainObject } from '../realm.js';
import { tensor } from '../tensor/from-values.js';
import { dtypeOf } from '../tensor/storage.js';
import { showStructure } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';

/** What a batch is of samples of type T: tensors are stacked, numbers and booleans become tensors, texts lists. */
export type Collated<T> = T extends Tensor
  ? T
  : T extends number | boolean | Float32Array | Float64Array | Int32Array
    ? Tensor
    : T extends string
      ? string[]
      : T extends object
        ? { readonly [K in keyof T]: Collated<T[K]> }
        : T;

/**
 * Stacks samples of one structure: tensors and typed arrays along a new first dimension, tuples and plain objects member by member. Numbers become one
 * tensor, float32 as `tensor(list)` makes it, booleans an int32 one; texts stay a list. What a DataLoader does without a `collateFn`; as
 * `torch.utils.data.default_collate`.
 * @throws ArgumentError for anything else in a sample, ShapeError for samples of unlike structure or shape.
 */
export function defaultCollate<Sample>(samples: readonly Sample[]): Collated<Sample> {
  return collateNamed('defaultCollate', samples, (i) => i) as Collated<Sample>;
}

/** The same for a loader: `numberOf` says which sample of the dataset the i-th of the batch is. @internal */
export function collateNamed<Sample>(
  caller: string,
  samples: readonly Sample[],
  numberOf: (i: number) => number,
): Sample {
  if (!isArray(samples) || samples.length === 0)
    throw new ArgumentError(`${caller}: expected a list of samples, got ${show(samples)}`);
  const fail = (i: number): never => {
    const [first, other] = [samples[0], samples[i]].map((sample) => showStructure(sample));
    if (i === 0 || !isStructure(samples[i]))
      throw new ArgumentError(
        `${caller}: sample ${numberOf(i)} must be a tensor, number, boolean or text, or an array or plain object of them, got ` +
          showStructure(samples[i]),
      );
    throw new ShapeError(
      `${caller}: each element in list of batch should be of equal size: sample ${numberOf(0)} is ${first}, ` +
        `sample ${numberOf(i)} is ${other}`,
    );
  };
  return join(samples, fail, 0) as Sample;
}

/** @param fail throws what is wrong with the sample at that place. */
function join(parts: readonly unknown[], fail: (i: number) => never, depth: number): unknown {
  const [first] = parts;
  const checkAll = (fits: (part: unknown) => boolean) => {
    const misfit = parts.findIndex((part) => !fits(part));
    if (misfit >= 0) fail(misfit);
  };
  if (first instanceof Tensor) {
    checkAll((part) => part instanceof Tensor);
    return stack(parts as readonly Tensor[]);
  }
  if (typeof first === 'number' || typeof first === 'boolean') {
    checkAll((part) => typeof part === typeof first);
    return tensor(parts as readonly number[]);
  }
  if (typeof first === 'string') {
    checkAll((part) => typeof part === 'string');
    return [...parts];
  }
  if (isNumbers(first)) {
    checkAll((part) => isNumbers(part) && part.length === first.length && dtypeOf(part) === dtypeOf(first));
    return stack((parts as readonly HostArray[]).map((part) => tensor(part)));
  }
  if (depth > mostDepth) fail(0);
  if (isArray(first)) {
    checkAll((part) => isArray(part) && part.length === first.length);
    const lists = parts as readonly (readonly unknown[])[];
    return Array.from(first, (_, k) =>
      join(
        lists.map((list) => list[k]),
        fail,
        depth + 1,
      ),
    );
  }
  if (!isPlainObject(first)) return fail(0);
  const keys = Object.keys(first);
  const hasKeys = (part: object) =>
    Object.keys(part).length === keys.length && keys.every((key) => Object.hasOwn(part, key));
  checkAll((part) => isPlainObject(part) && hasKeys(part));
  const objects = parts as readonly Readonly<Record<string, unknown>>[];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      join(
        objects.map((each) => each[key]),
        fail,
        depth + 1,
      ),
    ]),
  );
}

/** Whether it is an array of a type that a tensor can have. */
const isNumbers = (value: unknown): value is HostArray => ArrayBuffer.isView(value) && dtypeOf(value) !== null;

/** A sample that contains itself ends here. */
const mostDepth = 32;

function isStructure(value: unknown, depth = 0): boolean {
  if (value instanceof Tensor || isNumbers(value)) return true;
  if (['number', 'boolean', 'string'].includes(typeof value)) return true;
  if (depth > mostDepth) return false;
  const parts = isArray(value) ? value : isPlainObject(value) ? Object.values(value) : null;
  return parts?.every((part) => isStructure(part, depth + 1)) ?? false;
}
