/**
 * The header of a safetensors file (https://github.com/huggingface/safetensors): its length as a little-endian 64-bit integer, then JSON:
 * type, shape and place of each tensor by name.
 */
import { maxElements, show } from '../check.js';
import { type ElementName, elementBytes, isElementName } from '../files/elements.js';
import { findName } from '../files/json-names.js';
import { type FileFacts, type Reading, take } from '../files/source.js';
import { isArray, isError, isRecord } from '../realm.js';
import { maxRank, numelOf, type Shape } from '../tensor/shape.js';

/** The most bytes that a header may have, by the format's own law. */
export const mostHeaderBytes = 100_000_000;

/** Bytes of the length that stands in front of a header. */
export const lengthBytes = 8;

/** A tensor as the header describes it. */
export interface Entry {
  readonly name: string;
  readonly type: ElementName;
  readonly shape: Shape;
  readonly numel: number;
  /** Where its bytes begin and end, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order in which their bytes lie in the file. */
  readonly entries: readonly Entry[];
  /** Where in the file the bytes of the tensors begin. */
  readonly dataStart: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the header, and checks it against the size of the file: what it says of every tensor is true when this returns. */
export function* readHeader(file: FileFacts): Reading<Header> {
  if (file.size < lengthBytes)
    file.fail(`truncated: a safetensors file begins with ${lengthBytes} bytes of length, it ends after ${file.size}`);
  const start = yield* take(0, lengthBytes);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  if (length > mostHeaderBytes)
    file.fail(`not a safetensors file: a header of ${length} bytes, at most ${mostHeaderBytes} are possible (byte 0)`);
  const dataStart = lengthBytes + length;
  if (dataStart > file.size)
    file.fail(`truncated: its header ends at byte ${dataStart}, it ends after ${file.size} bytes`);
  return parseHeader(yield* take(lengthBytes, length), file);
}

function parseHeader(bytes: Uint8Array, file: FileFacts): Header {
  if (bytes[0] !== 0x7b) file.fail("not a safetensors file: the header does not begin with '{' (byte 8)");
  let text = '';
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    file.fail('the header (from byte 8 on) is not UTF-8', cause);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    file.fail(`the header (from byte 8 on) is not JSON: ${isError(cause) ? cause.message : cause}`, cause);
  }
  if (!isRecord(parsed)) file.fail('the header (from byte 8 on) is no object');
  const byteAt = (at: number) => lengthBytes + Buffer.byteLength(text.slice(0, at));
  const repeated = findName(text, 1, ({ isRepeated }) => isRepeated);
  if (repeated !== null)
    file.fail(`the name ${show(repeated.name)} stands in the header twice, again at byte ${byteAt(repeated.at)}`);
  const dataStart = lengthBytes + bytes.length;
  const entries: Entry[] = [];
  let metadata: Readonly<Record<string, string>> = Object.create(null);
  for (const [name, value] of Object.entries(parsed)) {
    const fail = (what: string): never => {
      const at = findName(text, 0, (found) => found.level === 0 && found.name === name)?.at ?? 0;
      return file.fail(
        `${name === '__metadata__' ? name : `tensor ${show(name)}`} (header, byte ${byteAt(at)}): ${what}`,
      );
    };
    if (name === '__metadata__') metadata = readMetadata(value, fail);
    else entries.push(readEntry(name, value, fail));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkPlaces(entries, dataStart, file);
  return { metadata, entries, dataStart };
}

type Fail = (what: string) => never;

function readMetadata(value: unknown, fail: Fail): Readonly<Record<string, string>> {
  if (!isRecord(value)) fail(`must be an object of strings, got ${show(value)}`);
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(value))
    metadata[key] = typeof text === 'string' ? text : fail(`${show(key)} must be a string, got ${show(text)}`);
  return metadata;
}

function readEntry(name: string, value: unknown, fail: Fail): Entry {
  if (!isRecord(value)) fail(`must be an object, got ${show(value)}`);
  const part = (key: string): unknown =>
    Object.hasOwn(value, key) ? value[key] : fail(`has no ${key}; it must have dtype, shape and data_offsets`);
  const type = part('dtype');
  if (!isElementName(type)) fail(`unknown dtype ${show(type)}`);
  const shape = readShape(part('shape'), fail);
  const numel = shape.includes(0) ? 0 : numelOf(shape);
  if (numel > maxElements) fail(`shape [${shape.join(', ')}] has too many elements`);
  const offsets = part('data_offsets');
  if (!isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    fail(`data_offsets must be two integers that are not negative, got ${show(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (end < begin) fail(`data_offsets [${begin}, ${end}] end before they begin`);
  const bytes = numel * elementBytes(type);
  if (end - begin !== bytes)
    fail(
      `data_offsets [${begin}, ${end}] hold ${end - begin} bytes, ` +
        `shape [${shape.join(', ')}] of ${type} takes ${bytes}`,
    );
  return { name, type, shape, numel, begin, end };
}

function readShape(value: unknown, fail: Fail): Shape {
  if (!isArray(value) || !value.every(isCount))
    fail(`shape must be an array of integers that are not negative, got ${show(value)}`);
  if (value.length > maxRank) fail(`has ${value.length} dimensions, at most ${maxRank} are possible`);
  const large = value.find((size) => size > maxElements);
  if (large !== undefined) fail(`a size of ${large} is too large`);
  return Object.freeze(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0);
}

/** Each tensor begins where the last one ended, and the last one ends with the file. */
function checkPlaces(entries: readonly Entry[], dataStart: number, file: FileFacts): void {
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const relation =
        entry.begin > end ? 'after a hole: the tensor in front of it ends' : 'within another one, which ends';
      file.fail(
        `tensor ${show(entry.name)} begins at byte ${dataStart + entry.begin} of the file (${entry.begin} of the data), ` +
          `${relation} at ${dataStart + end}`,
      );
    }
    end = entry.end;
    if (dataStart + end > file.size)
      file.fail(
        `truncated: tensor ${show(entry.name)} ends at byte ${dataStart + end} of the file, which has ${file.size} bytes`,
      );
  }
  if (dataStart + end !== file.size)
    file.fail(`too long: the last tensor ends at byte ${dataStart + end} of the file, which has ${file.size} bytes`);
}
