/**
 * Reads IDX, the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist/, "the IDX file format"): two zero
 * bytes, the type of the elements, the number of dimensions, the sizes as big-endian 32-bit integers, the elements in
 * row-major order, big-endian.
 */
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { checkNumber, checkOneOf, checkOptions, maxElements } from '../check.js';
import { ArgumentError } from '../errors.js';
import { pathOf, unreadable } from '../files/path.js';
import { bytesOf } from '../files/source.js';
import type { DType } from '../ops/ops.js';
import { maxRank } from '../tensor/shape.js';
import { dtypes, Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { gunzip, gunzipStart, isGzip, mostInflated } from './gzip.js';

/** Options of {@link readIdx}. */
export interface ReadIdxOptions {
  /**
   * Default: int32 for files of bytes, shorts and ints, float32 for floats, float64 for doubles; with `scale`, float32
   * instead of int32. Files of floats or doubles cannot become int32.
   */
  dtype?: DType;
  /** What every element is multiplied with: 1/255 brings bytes to [0, 1]. Default 1. */
  scale?: number;
  /**
   * The most bytes that the elements may take in the file, and in the tensor: a compressed file of little size may hold a thousand
   * times as many. Default: what memory there is.
   */
  maxBytes?: number;
}

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly dtype: DType;
  readonly read: (view: DataView, at: number) => number;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { name: 'ubyte', bytes: 1, dtype: 'int32', read: (view, at) => view.getUint8(at) }],
  [0x09, { name: 'byte', bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) }],
  [0x0b, { name: 'short', bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) }],
  [0x0c, { name: 'int', bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) }],
  [0x0d, { name: 'float', bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) }],
  [0x0e, { name: 'double', bytes: 8, dtype: 'float64', read: (view, at) => view.getFloat64(at) }],
] satisfies [number, ElementType][]);

const place = 'readIdx';

/** More than any header takes: four bytes and 255 sizes. */
const mostHeaderBytes = 4 + 255 * 4;

/**
 * The tensor in an IDX file, plain or compressed with gzip (told by its first bytes, not by its name).
 * @param source path or file: URL, or the bytes of a file.
 * @throws ArgumentError that names the file and what is wrong with it: not found, empty, not IDX, of an unknown
 * element type, too large, truncated, longer than its header says, or beyond `maxBytes`. Sizes are checked before memory is taken.
 */
export function readIdx(source: string | URL | Uint8Array | ArrayBuffer, options?: ReadIdxOptions): Tensor {
  const given = checkOptions('readIdx', options, ['dtype', 'scale', 'maxBytes']);
  if (given.dtype !== undefined) checkOneOf('readIdx', 'dtype', given.dtype, dtypes);
  if (given.scale !== undefined && !Number.isFinite(checkNumber('readIdx', 'scale', given.scale)))
    throw new ArgumentError(`readIdx: scale must be finite, got ${given.scale}`);
  if (given.maxBytes !== undefined && checkNumber('readIdx', 'maxBytes', given.maxBytes) < 0)
    throw new ArgumentError(`readIdx: maxBytes must not be negative, got ${given.maxBytes}`);
  const { name, bytes } = open(source);
  const fail: Fail = (what, cause) => {
    throw new ArgumentError(`readIdx: ${name}: ${what}`, { cause });
  };
  if (bytes.length === 0) fail('is empty');
  const content = isGzip(bytes) ? inflate(bytes, given, fail) : { bytes, header: readHeader(bytes, given, fail) };
  const { header } = content;
  const { length } = content.bytes;
  if (length < header.end) fail(`truncated: ${header.said}, it ends after ${length}`);
  if (length > header.end) fail(`too long: ${header.said}, it has ${length}`);
  return decode(content.bytes, header);
}

type Fail = (what: string, cause?: unknown) => never;

function open(source: unknown): { name: string; bytes: Uint8Array } {
  const given = bytesOf(place, source);
  if (given !== null) return { name: 'the buffer', bytes: given };
  const path = pathOf(place, source, 'a path, a URL or the bytes of a file');
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (cause) {
    throw unreadable(place, path, cause);
  }
}

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly numel: number;
  /** Where the elements start, and where the file must end. */
  readonly start: number;
  readonly end: number;
  /** The sizes in words, for messages. */
  readonly said: string;
  readonly dtype: DType;
  readonly scale: number;
}

/** Reads and checks everything that stands before the elements, but not whether they are all there. */
function readHeader(bytes: Uint8Array, options: ReadIdxOptions, fail: Fail): Header {
  if (bytes.length < 4) fail(`truncated: an IDX file has a header of at least 4 bytes, it ends after ${bytes.length}`);
  const view = viewOf(bytes);
  const magic = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
  if (view.getUint16(0) !== 0) fail(`not an IDX file: it starts with ${magic}, not with two zero bytes`);
  const type = elementTypes.get(view.getUint8(2)) ?? fail(`unknown element type: it starts with ${magic}`);
  const rank = view.getUint8(3);
  if (rank > maxRank) fail(`has ${rank} dimensions, at most ${maxRank} are possible`);
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    fail(`truncated: ${rank} sizes need a header of ${start} bytes, it ends after ${bytes.length}`);
  const shape = Array.from({ length: rank }, (_, dim) => view.getUint32(4 + 4 * dim));
  // A size of 0 makes the others harmless; without it their product may be infinite.
  const numel = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const end = start + numel * type.bytes;
  const said = `its header says ${shape.length === 0 ? 'one' : shape.join(' × ')} ${type.name}, ${end} bytes in all`;
  if (numel > maxElements || end > constants.MAX_LENGTH) fail(`too large: ${said}`);
  const output = outputOf(type, options, fail);
  const needed = numel * Math.max(type.bytes, output.dtype === 'float64' ? 8 : 4);
  if (needed > (options.maxBytes ?? needed))
    fail(`too large: ${said}; its elements take ${needed} bytes, and maxBytes is ${options.maxBytes}`);
  return { type, shape, numel, start, end, said, ...output };
}

function outputOf(type: ElementType, options: ReadIdxOptions, fail: Fail): { dtype: DType; scale: number } {
  const { scale = 1 } = options;
  const { dtype = type.dtype === 'int32' && options.scale !== undefined ? 'float32' : type.dtype } = options;
  if (dtype === 'int32' && type.dtype !== 'int32') fail(`holds elements of type ${type.name}, not for dtype int32`);
  if (dtype === 'int32' && scale !== 1) fail('scale needs dtype float32 or float64, got int32');
  return { dtype, scale };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function inflate(bytes: Uint8Array, options: ReadIdxOptions, fail: Fail): { bytes: Uint8Array; header: Header } {
  const beginning = gunzipStart(bytes, mostHeaderBytes);
  if (beginning.kind === 'invalid') fail(`not a valid gzip file (${beginning.reason})`, beginning.cause);
  const header = readHeader(beginning.bytes, options, fail);
  if (header.end > mostInflated(bytes.length))
    fail(`truncated: ${header.said}, more than its ${bytes.length} compressed bytes can hold`);
  const whole = gunzip(bytes, header.end);
  if (whole.kind === 'too long') fail(`too long: ${header.said}, it has more`);
  if (whole.kind === 'truncated') fail(`truncated: ${header.said}, but the compressed data breaks off`);
  if (whole.kind === 'invalid') fail(`not a valid gzip file (${whole.reason})`, whole.cause);
  return { bytes: whole.bytes, header };
}

function decode(bytes: Uint8Array, { type, shape, numel, start, dtype, scale }: Header): Tensor {
  const storage = Storage.allocate(dtype, numel);
  const elements = storage.write();
  const view = viewOf(bytes);
  for (let i = 0; i < numel; i++) elements[i] = type.read(view, start + i * type.bytes) * scale;
  return new Tensor(storage, shape);
}
