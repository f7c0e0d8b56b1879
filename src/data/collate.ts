/** How samples become a batch. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { stack } from '../functional/index.js';
import { isArray, isPlainObject } from '../realm.js';
import { showStructure } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Stacks samples of one structure: tensors along a new first dimension, tuples and plain objects member by member. What a
 * DataLoader does without a `collateFn`; as `torch.utils.data.default_collate`, for tensors.
 * @throws ArgumentError for anything else in a sample, ShapeError for samples of unlike structure or shape.
 */
export function defaultCollate<Sample>(samples: readonly Sample[]): Sample {
  return collateNamed('defaultCollate', samples, (i) => i);
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
        `${caller}: sample ${numberOf(i)} must be a tensor, or an array or plain object of tensors, got ` +
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

/** A sample that contains itself ends here. */
const mostDepth = 32;

function isStructure(value: unknown, depth = 0): boolean {
  if (value instanceof Tensor) return true;
  if (depth > mostDepth) return false;
  const parts = isArray(value) ? value : isPlainObject(value) ? Object.values(value) : null;
  return parts?.every((part) => isStructure(part, depth + 1)) ?? false;
}
