/**
 * Typed arrays of callers, read through the getters that the language itself keeps: a subclass may lie about its length,
 * and a view may have lost its buffer.
 */
import { ArgumentError } from '../errors.js';
import type { HostArray } from '../ops/ops.js';
import { isArrayBuffer } from '../realm.js';

/** Typed arrays of bigints. */
export type BigIntArray = BigInt64Array | BigUint64Array;

/** Typed arrays of numbers, not of bigints. A Float16Array, which TypeScript's library does not know yet, counts too. */
export type NumberArray =
  | HostArray
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Uint32Array;

type Kind = new (buffer: ArrayBuffer, byteOffset: number, length: number) => NumberArray | BigIntArray;

const kinds = new Map<unknown, Kind>(
  [
    Float32Array,
    Float64Array,
    Int32Array,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ].map((kind) => [kind.name, kind]),
);
// From Node 24 on.
const float16: unknown = Reflect.get(globalThis, 'Float16Array');
if (typeof float16 === 'function') kinds.set('Float16Array', float16 as Kind);

const prototype: object = Object.getPrototypeOf(Uint8Array.prototype);

function getter(name: PropertyKey): (view: ArrayBufferView) => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return (view) => get && Reflect.apply(get, view, []);
}

const kindOf = getter(Symbol.toStringTag);
const bufferOf = getter('buffer');
const byteOffsetOf = getter('byteOffset');
const lengthOf = getter('length');

/**
 * A plain typed array over the same memory.
 * @throws ArgumentError for a DataView, a view of shared memory, or of a buffer that is detached or has become too short.
 */
export function plainView(caller: string, view: ArrayBufferView): NumberArray | BigIntArray {
  const name = kindOf(view) ?? 'DataView';
  const Kind = kinds.get(name);
  if (Kind === undefined) throw new ArgumentError(`${caller}: a ${name} cannot become a tensor; pass numbers`);
  const buffer = bufferOf(view);
  if (!isArrayBuffer(buffer))
    throw new ArgumentError(
      `${caller}: a view of a SharedArrayBuffer may change while it is read; pass a copy (slice())`,
    );
  if (!isWithinBuffer(view))
    throw new ArgumentError(
      `${caller}: the buffer of the typed array is detached (it was transferred) or out of bounds`,
    );
  return new Kind(buffer, Number(byteOffsetOf(view)), Number(lengthOf(view)));
}

/** Every method of a typed array checks that first; without a buffer its length would be 0, as of an empty one. */
function isWithinBuffer(view: ArrayBufferView): boolean {
  try {
    Reflect.apply(Uint8Array.prototype.keys, view, []);
    return true;
  } catch {
    return false;
  }
}
