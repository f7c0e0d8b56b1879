/** What a compiled function may return: a tensor, or an array or plain object of tensors. */
import { show } from '../check.js';
import { StateError } from '../errors.js';
import { ignoreRejection, isArray, isPlainObject, isThenable } from '../realm.js';
import { Tensor } from '../tensor/tensor.js';

/** The tensors of a returned value in order, and how to put others in their places. */
export interface Returned<R> {
  readonly tensors: readonly Tensor[];
  rebuild(tensors: readonly Tensor[]): R;
}

/** @throws StateError for anything else, or when there is no tensor at all. */
export function readReturned<R>(caller: string, value: R): Returned<R> {
  if (isThenable(value)) {
    ignoreRejection(value);
    throw new StateError(
      `${caller}: the function must not be async: only what it does before its first await could be traced`,
    );
  }
  if (value instanceof Tensor) return { tensors: [value], rebuild: ([tensor]) => tensor as R };
  if (isArray(value)) return { tensors: checkAll(caller, value.entries()), rebuild: (tensors) => [...tensors] as R };
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    return {
      tensors: checkAll(caller, Object.entries(value)),
      rebuild: (tensors) => Object.fromEntries(keys.map((key, i) => [key, tensors[i]])) as R,
    };
  }
  throw new StateError(
    `${caller}: the function must return a tensor, or an array or plain object of tensors, got ${show(value)}`,
  );
}

function checkAll(caller: string, entries: Iterable<readonly [string | number, unknown]>): Tensor[] {
  const tensors: Tensor[] = [];
  for (const [key, value] of entries) {
    if (!(value instanceof Tensor))
      throw new StateError(`${caller}: the function must return tensors only, but [${key}] is ${show(value)}`);
    tensors.push(value);
  }
  if (tensors.length === 0) throw new StateError(`${caller}: the function returns no tensor`);
  return tensors;
}
