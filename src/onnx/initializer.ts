/** One initialiser of an ONNX file as a tensor. */

import { maxElements } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { HostArray } from '../ops/ops.js';
import { maxRank, numelOf } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type ElementFormat, elementFormats, nameOfType, roomFor } from './element-types.js';

/** What an ONNX file says of a tensor. */
export interface Initializer {
  readonly name: string;
  readonly dims: readonly bigint[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
  readonly doubleData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly bigint[];
  readonly uint64Data: readonly bigint[];
}

/**
 * The tensor. @param raw bytes that take the place of `rawData`: those of another file.
 * @throws ArgumentError that names the tensor, for elements that are no numbers, whole numbers beyond int32, and sizes that do not fit.
 */
export function readInitializer(place: string, given: Initializer, raw: Uint8Array | null): Tensor {
  const { at, format, shape } = readHead(place, given);
  const length = numelOf(shape);
  const bytes = raw ?? (given.rawData.length > 0 ? given.rawData : null);
  const into = roomOf(at, given, format, length, bytes);
  if (bytes === null) readValues(at, given[format.field], format, into);
  else readBytes(at, bytes, format, into);
  return new Tensor(new Storage(format.dtype, into), shape);
}

/** How many bytes the elements take. @throws as {@link readInitializer} */
export function byteLengthOf(place: string, given: Initializer): number {
  const { format, shape } = readHead(place, given);
  return bytesOf(format, numelOf(shape));
}

function readHead(place: string, given: Initializer) {
  const at = `${place}: initializer '${given.name}'`;
  const format = elementFormats.get(given.dataType);
  if (format === undefined)
    throw new ArgumentError(
      `${at} has elements of the type ${nameOfType(given.dataType)}, which lanewise does not have`,
    );
  return { at, format, shape: checkDims(at, given.dims) };
}

function checkDims(at: string, dims: readonly bigint[]): readonly number[] {
  if (dims.length > maxRank) throw new ArgumentError(`${at} has ${dims.length} dimensions, more than ${maxRank}`);
  const shape = dims.map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0) || !(numelOf(shape) <= maxElements))
    throw new ArgumentError(`${at} has the sizes [${dims.join(', ')}], which no tensor has`);
  return Object.freeze(shape);
}

/** Memory is taken only once the file is seen to have as many elements. */
function roomOf(
  at: string,
  given: Initializer,
  format: ElementFormat,
  length: number,
  bytes: Uint8Array | null,
): HostArray {
  const wanted = bytes === null && format.bits >= 8 ? length : bytesOf(format, length);
  const found = bytes === null ? given[format.field].length : bytes.length;
  if (found !== wanted)
    throw new ArgumentError(
      `${at} of the type ${format.name} and the sizes [${given.dims.join(', ')}] must have ${wanted} ` +
        `${bytes === null ? 'numbers' : 'bytes'}, and has ${found}`,
    );
  return roomFor(format.dtype, length);
}

/** Types of less than a byte are packed. */
const bytesOf = ({ bits }: ElementFormat, length: number): number => Math.ceil((length * bits) / 8);

function readBytes(at: string, bytes: Uint8Array, format: ElementFormat, into: HostArray): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { bits, decode, dtype, name } = format;
  for (let i = 0; i < into.length; i++) {
    if (bits === 64) into[i] = wide(at, view, i, name);
    else if (bits === 32) into[i] = inRange(at, decode(view.getUint32(4 * i, true)), dtype);
    else if (bits === 16) into[i] = decode(view.getUint16(2 * i, true));
    else if (bits === 8) into[i] = decode(view.getUint8(i));
    // The first of two elements is in the lower half of a byte.
    else into[i] = decode((view.getUint8(i >> 1) >> (i % 2 === 0 ? 0 : 4)) & 15);
  }
}

function wide(at: string, view: DataView, i: number, name: string): number {
  if (name === 'DOUBLE') return view.getFloat64(8 * i, true);
  return fromBig(at, name === 'INT64' ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
}

function readValues(
  at: string,
  values: readonly number[] | readonly bigint[],
  { bits, decode, field }: ElementFormat,
  into: HostArray,
): void {
  for (let i = 0; i < into.length; i++) {
    const value = values[bits < 8 ? i >> 1 : i]!;
    if (typeof value === 'bigint') into[i] = fromBig(at, value);
    else if (field === 'floatData' || field === 'doubleData') into[i] = value;
    else if (bits < 8) into[i] = decode((value >> (i % 2 === 0 ? 0 : 4)) & 15);
    else into[i] = decode(bits === 32 ? value : value & (2 ** bits - 1));
  }
}

/** A whole number of 64 bits as int32, in which lanewise counts. */
function fromBig(at: string, value: bigint): number {
  if (value !== BigInt.asIntN(32, value)) throw new ArgumentError(`${at} has the number ${value}, which is no int32`);
  return Number(value);
}

/** The bits of 32-bit types; whole numbers without a sign may be too large. */
function inRange(at: string, value: number, dtype: ElementFormat['dtype']): number {
  if (dtype === 'int32' && (value | 0) !== value)
    throw new ArgumentError(`${at} has the number ${value}, which is no int32`);
  return value;
}
