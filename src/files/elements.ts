/** Types of elements that files have, and what they become: lanewise computes with float32, float64 and int32. */
import { endianness } from 'node:os';
import { BackendError } from '../errors.js';
import type { DType, HostArray } from '../ops/ops.js';
import { uncleared } from '../tensor/host-memory.js';
import type { Read } from './source.js';

/** How elements of one type are read. `bytes` begins at a multiple of the size of an element, and holds `count` of them. */
interface ElementType {
  readonly bytes: number;
  /** What it becomes. `wide`: int32 when every number fits, else float64. */
  readonly dtype: DType | 'wide';
  /** Null where memory holds what the file holds. False: a number does not fit the array. */
  readonly decode: ((bytes: Uint8Array<ArrayBuffer>, count: number, out: HostArray, at: number) => boolean) | null;
}

/** By the names that safetensors gives them. */
export type ElementName =
  | 'BOOL'
  | 'U8'
  | 'I8'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'I16'
  | 'U16'
  | 'F16'
  | 'BF16'
  | 'I32'
  | 'U32'
  | 'F32'
  | 'F64'
  | 'I64'
  | 'U64';

type Kind = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayLike<number>;

/** A typed array takes elements of another type one by one. */
const setFrom =
  (Kind: Kind) =>
  (bytes: Uint8Array<ArrayBuffer>, count: number, out: HostArray, at: number): boolean => {
    out.set(new Kind(bytes.buffer, bytes.byteOffset, count), at);
    return true;
  };

/** Bits of float32 made of the bits of a shorter float, so that NaN keeps its own. */
const byBits =
  (Kind: Kind, widen: (bits: number) => number) =>
  (bytes: Uint8Array<ArrayBuffer>, count: number, out: HostArray, at: number): boolean => {
    const from = new Kind(bytes.buffer, bytes.byteOffset, count);
    const to = new Uint32Array(out.buffer, out.byteOffset + 4 * at, count);
    for (let i = 0; i < count; i++) to[i] = widen(from[i]!);
    return true;
  };

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function bitsOf(value: number): number {
  scratch[0] = value;
  return scratchBits[0]!;
}

/** Half precision: 5 bits of exponent, 10 of fraction. A NaN keeps its fraction, but for the bit that makes it quiet, as in hardware. */
function widenHalf(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign | bitsOf(fraction * 2 ** -24);
  if (exponent === 31) return sign | 0x7f800000 | (fraction === 0 ? 0 : 0x400000) | (fraction << 13);
  return sign | ((exponent + 112) << 23) | (fraction << 13);
}

/** 8 bits without infinities: 4 of exponent, 3 of fraction; all ones are NaN. */
function widenE4M3(bits: number): number {
  const sign = (bits & 0x80) << 24;
  const exponent = (bits >>> 3) & 15;
  const fraction = bits & 7;
  if ((bits & 127) === 127) return sign | 0x7ff00000;
  return sign | (exponent === 0 ? bitsOf(fraction * 2 ** -9) : ((exponent + 120) << 23) | (fraction << 20));
}

function decodeBooleans(bytes: Uint8Array, count: number, out: HostArray, at: number): boolean {
  for (let i = 0; i < count; i++) out[at + i] = bytes[i] === 0 ? 0 : 1;
  return true;
}

/** 64-bit integers from two halves: the one rounding is that of the sum, so that it is to the nearest float64. */
const decodeLong =
  (High: Kind) =>
  (bytes: Uint8Array<ArrayBuffer>, count: number, out: HostArray, at: number): boolean => {
    const low = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * count);
    const high = new High(bytes.buffer, bytes.byteOffset, 2 * count);
    return storeIntegers(count, out, at, (i) => high[2 * i + 1]! * 2 ** 32 + low[2 * i]!);
  };

function decodeU32(bytes: Uint8Array<ArrayBuffer>, count: number, out: HostArray, at: number): boolean {
  const from = new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return storeIntegers(count, out, at, (i) => from[i]!);
}

function storeIntegers(count: number, out: HostArray, at: number, read: (i: number) => number): boolean {
  for (let i = 0; i < count; i++) {
    const value = read(i);
    out[at + i] = value;
    if (out[at + i] !== value) return false;
  }
  return true;
}

const elementTypes: Readonly<Record<ElementName, ElementType>> = {
  BOOL: { bytes: 1, dtype: 'int32', decode: decodeBooleans },
  U8: { bytes: 1, dtype: 'int32', decode: setFrom(Uint8Array) },
  I8: { bytes: 1, dtype: 'int32', decode: setFrom(Int8Array) },
  // The upper byte of a half.
  F8_E5M2: { bytes: 1, dtype: 'float32', decode: byBits(Uint8Array, (bits) => widenHalf(bits << 8)) },
  F8_E4M3: { bytes: 1, dtype: 'float32', decode: byBits(Uint8Array, widenE4M3) },
  I16: { bytes: 2, dtype: 'int32', decode: setFrom(Int16Array) },
  U16: { bytes: 2, dtype: 'int32', decode: setFrom(Uint16Array) },
  F16: { bytes: 2, dtype: 'float32', decode: byBits(Uint16Array, widenHalf) },
  // The upper half of a float32.
  BF16: { bytes: 2, dtype: 'float32', decode: byBits(Uint16Array, (bits) => bits << 16) },
  I32: { bytes: 4, dtype: 'int32', decode: null },
  U32: { bytes: 4, dtype: 'wide', decode: decodeU32 },
  F32: { bytes: 4, dtype: 'float32', decode: null },
  F64: { bytes: 8, dtype: 'float64', decode: null },
  I64: { bytes: 8, dtype: 'wide', decode: decodeLong(Int32Array) },
  U64: { bytes: 8, dtype: 'wide', decode: decodeLong(Uint32Array) },
};

export function isElementName(name: unknown): name is ElementName {
  return typeof name === 'string' && Object.hasOwn(elementTypes, name);
}

/** Bytes of one element in a file. */
export function elementBytes(name: ElementName): number {
  return elementTypes[name].bytes;
}

/** Elements are converted in pieces of this many bytes. */
const pieceBytes = 1 << 18;

/** What came of the elements. */
export interface Elements {
  readonly dtype: DType;
  readonly array: HostArray;
  /** Whether integers beyond 2^53 may have been rounded. */
  readonly rounded: boolean;
}

export interface ElementOptions {
  /** Whether the file has the most significant byte first. */
  readonly bigEndian?: boolean;
  /** Sees all bytes of the file in order: for sums. */
  readonly seen?: (bytes: Uint8Array) => void;
}

/**
 * Reads `count` elements, which the caller knows to lie in the file. Where memory holds what the file holds they go straight to their
 * place; the others are converted in pieces, so that nothing is held twice.
 */
export function* readElements(
  name: ElementName,
  count: number,
  start: number,
  options: ElementOptions = {},
): Generator<Read, Elements, void> {
  if (endianness() !== 'LE') throw new BackendError('files of tensors are read on little-endian machines only');
  const { bytes, dtype, decode } = elementTypes[name];
  const { bigEndian = false, seen } = options;
  if (decode === null && dtype !== 'wide') {
    const array = uncleared(dtype, count);
    const into = new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
    if (count > 0) yield { at: start, into };
    seen?.(into);
    if (bigEndian) swap(into, bytes);
    return { dtype, array, rounded: false };
  }
  let array = uncleared(dtype === 'wide' ? 'int32' : dtype, count);
  const piece = new Uint8Array(Math.min(count * bytes, pieceBytes));
  for (let done = 0; done < count; ) {
    const size = Math.min((count - done) * bytes, pieceBytes);
    const into = size === piece.length ? piece : new Uint8Array(piece.buffer, 0, size);
    yield { at: start + done * bytes, into };
    seen?.(into);
    if (bigEndian) swap(into, bytes);
    if (decode?.(into, size / bytes, array, done) === false) {
      const wider = uncleared('float64', count);
      wider.set(array.subarray(0, done));
      array = wider;
      decode(into, size / bytes, array, done);
    }
    done += size / bytes;
  }
  if (dtype !== 'wide') return { dtype, array, rounded: false };
  const isLong = array.BYTES_PER_ELEMENT === 8;
  return {
    dtype: isLong ? 'float64' : 'int32',
    array,
    rounded: isLong && array.some((value) => Math.abs(value) >= 2 ** 53),
  };
}

function swap(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}
