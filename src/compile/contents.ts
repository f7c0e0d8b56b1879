/** Values as they were when a function was traced, to be compared with what they are. */
import { show } from '../check.js';
import { isArray, isMap, isPlainObject, isSet, isTypedArray } from '../realm.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Arrays, plain objects, Maps, Sets and typed arrays are compared by what is in them: up to this many nested levels, and this many values in one
 * field. What lies beyond is compared by identity, as every other value is.
 */
const most = { levels: 8, values: 1000 };

/** What was in an array, a plain object, a Map, a Set or a typed array. */
class Contents {
  readonly source: unknown;
  readonly prototype: object | null;
  readonly parts: readonly unknown[];

  constructor(source: object, parts: readonly unknown[]) {
    this.source = source;
    this.prototype = Object.getPrototypeOf(source) as object | null;
    this.parts = parts;
  }
}

/** Notes a value. */
export function note(value: unknown): unknown {
  return noteUpTo(value, most.levels, { values: most.values });
}

function noteUpTo(value: unknown, levels: number, left: { values: number }): unknown {
  const parts = levels > 0 ? partsOf(value, left.values) : null;
  if (parts === null) return value;
  left.values -= parts.length;
  return new Contents(
    value as object,
    Array.from(parts, (part) => noteUpTo(part, levels - 1, left)),
  );
}

/** Whether a value is as it was noted. */
export function isAsNoted(noted: unknown, value: unknown): boolean {
  if (Object.is(noted, value)) return true;
  if (!(noted instanceof Contents)) return areAlike(noted, value);
  const parts = partsOf(value, noted.parts.length);
  if (parts === null || parts.length !== noted.parts.length) return false;
  if (Object.getPrototypeOf(value) !== noted.prototype) return false;
  return noted.parts.every((part, i) => isAsNoted(part, parts[i]));
}

/** Whether a value is the same object as before, with something else in it. */
export function isChangedInPlace(noted: unknown, value: unknown): boolean {
  return noted instanceof Contents && noted.source === value && !isAsNoted(noted, value);
}

/** How a value differs from what was noted, in words. */
export function differenceOf(noted: unknown, value: unknown): string {
  if (noted instanceof Contents) return 'is not what it was, or not in all that is in it';
  const [was, is] = [show(noted), show(value)];
  return was === is ? 'is another than before' : `is ${is}, and was ${was}`;
}

/** A tensor that was made while a function was traced: nothing can be computed from it outside. */
export function isWithoutNumbers(value: unknown): value is Tensor {
  return value instanceof Tensor && !value.storage.hasNumbers;
}

/** Which of two tensors without numbers it is makes no difference when they have one shape. */
function areAlike(a: unknown, b: unknown): boolean {
  if (!isWithoutNumbers(a) || !isWithoutNumbers(b)) return false;
  return a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((size, i) => size === b.shape[i]);
}

/** What is in a value, up to a limit, in an order: keys before values where there are keys. Null for any other value. */
function partsOf(value: unknown, mostParts: number): ArrayLike<unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  const parts = isArray(value) || isTypedArray(value) ? value : listOf(value);
  return parts !== null && parts.length <= mostParts ? parts : null;
}

function listOf(value: object): unknown[] | null {
  if (isMap(value)) return [...value.keys(), ...value.values()];
  if (isSet(value)) return [...value];
  return isPlainObject(value) ? [...Object.keys(value), ...Object.values(value)] : null;
}
