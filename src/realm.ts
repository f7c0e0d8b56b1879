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
  if (typeof value !== 'object' || value === null || isArray(value)) return false;
  try {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === null) return true;
    // The prototype of literals is the one object of a realm that has `isPrototypeOf`, and the end of its chain.
    return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
  } catch {
    // A revoked proxy.
    return false;
  }
}

/** A built-in object whose values are not properties: a Map, a Set, a promise, a date, an object around a primitive value. */
export function isCollection(value: unknown): boolean {
  const isOfPairs = types.isMap(value) || types.isSet(value) || types.isWeakMap(value) || types.isWeakSet(value);
  return isOfPairs || types.isPromise(value) || types.isDate(value) || types.isBoxedPrimitive(value);
}

/** A promise of any kind: what `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && 'then' in value && typeof value.then === 'function';
}

/** Has nobody hear of it when a promise rejects that is not waited for. */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  Promise.resolve(promise).catch(() => {});
}

/** A signal that can be aborted, also one of a DOM written in JavaScript. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function' &&
    'removeEventListener' in value &&
    typeof value.removeEventListener === 'function'
  );
}

/** A URL as an object. */
export function isURL(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  return 'href' in value && typeof value.href === 'string' && 'protocol' in value;
}

/** What the addon refuses: its errors may be of another realm than this module. */
export function isRefusal(error: unknown): error is Error {
  return isError(error) && (error.name === 'RangeError' || error.name === 'TypeError');
}
