/**
 * Kinds of values, told whichever realm they come from. Each test of Jest, of vitest's vm pools and each `vm` context has globals of its
 * own, so that an array, a Map or a promise made there is no instance of the class of that name here.
 */
import { types } from 'node:util';

export const {
  isArrayBuffer,
  isBigInt64Array,
  isBigUint64Array,
  isDate,
  isFloat32Array,
  isFloat64Array,
  isInt32Array,
  isMap,
  isNativeError: isError,
  isSet,
  isTypedArray,
  isUint16Array,
  isUint8Array,
} = types;

/** `Array.isArray`, which throws for a revoked proxy: that is no array. */
export const isArray: typeof Array.isArray = (value: unknown): value is unknown[] => {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
};

/** An object written as a literal, or one without a prototype: not an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  // The prototype of literals is the one object of a realm that has `isPrototypeOf`, and the end of its chain.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** A built-in object whose values are not properties: a Map, a Set, a promise, a date, an object around a primitive value. */
export function isCollection(value: unknown): boolean {
  const isOfPairs = types.isMap(value) || types.isSet(value) || types.isWeakMap(value) || types.isWeakSet(value);
  return isOfPairs || types.isPromise(value) || types.isDate(value) || types.isBoxedPrimitive(value);
}

/** A proxy that was revoked: whatever is asked of it throws. */
export function isRevoked(value: object): boolean {
  try {
    Object.getPrototypeOf(value);
    return false;
  } catch {
    return true;
  }
}

/** An object or function with a property of that name, own or inherited. */
export function holds<Key extends PropertyKey>(value: unknown, key: Key): value is Record<Key, unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && !isRevoked(value) && key in value;
}

/** An object that is no array, of any class. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isRevoked(value) && !isArray(value);
}

export const isIterable = (value: unknown): value is Iterable<unknown> => holds(value, Symbol.iterator);

/** A promise of any kind: what `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return holds(value, 'then') && typeof value.then === 'function';
}

/** Keeps the rejection of a promise that is not waited for from being reported as unhandled. */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  Promise.resolve(promise).catch(() => {});
}

/** A signal that can be aborted, also one of a DOM written in JavaScript. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    holds(value, 'aborted') &&
    typeof value.aborted === 'boolean' &&
    holds(value, 'addEventListener') &&
    typeof value.addEventListener === 'function' &&
    holds(value, 'removeEventListener') &&
    typeof value.removeEventListener === 'function'
  );
}

/** A URL as an object. */
export function isURL(value: unknown): value is URL {
  return holds(value, 'href') && typeof value.href === 'string' && 'protocol' in value;
}

/** What the addon refuses: its errors may be of another realm than this module. */
export function isRefusal(error: unknown): error is Error {
  return isError(error) && (error.name === 'RangeError' || error.name === 'TypeError');
}
