/**
 * Where the bytes of a file come from: a path, memory, a stream. Readers are generators that ask for pieces, so that each is written once and
 * serves callers that wait and callers that do not.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { holds, isArrayBuffer, isUint8Array } from '../realm.js';
import { plainView } from '../tensor/host-view.js';
import { pathOf, unreadable } from './path.js';

/** A file in memory, or where it lies. */
export type FileSource = string | URL | Uint8Array | ArrayBuffer;

/** A stream of bytes: a `Readable` of Node, a `ReadableStream` of the web, an async generator. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What a reader asks for: the bytes from `at` on, as many as `into` takes. */
export interface Read {
  readonly at: number;
  readonly into: Uint8Array;
}

/** A reader at work. It asks only for bytes that lie within the file. */
export type Reading<T> = Generator<Read, T, void>;

/** The file that is read, as a reader sees it. */
export interface FileFacts {
  /** For messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Ends the reading with an ArgumentError that names the file. */
  readonly fail: (what: string, cause?: unknown) => never;
}

export type Reader<T> = (file: FileFacts) => Reading<T>;

/** More than any stream of a model that fits in memory is likely to have. */
const mostStreamed = 2 ** 32;
const expected = 'a path, a URL or the bytes of a file';
/** The system reads at most 2 GiB at once. */
const pieceBytes = 1 << 30;

/** Reads a path, a `file:` URL or bytes. @throws ArgumentError that names the file. */
export function readFileNow<T>(caller: string, source: FileSource, reader: Reader<T>): T {
  const bytes = bytesOf(caller, source);
  if (bytes !== null) return readBytes(caller, 'the buffer', bytes, reader);
  const path = pathOf(caller, source, expected);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw unreadable(caller, path, cause);
  }
  try {
    const facts = factsOf(caller, path, fstatSync(file));
    return drive(
      reader(facts),
      (at, into) => {
        try {
          return readSync(file, into, 0, Math.min(into.length, pieceBytes), at);
        } catch (cause) {
          throw unreadable(caller, path, cause);
        }
      },
      facts,
    );
  } finally {
    closeSync(file);
  }
}

/** The same with the event loop free, also of a stream, which is gathered first: at most `maxBytes`. */
export async function readFileAsync<T>(
  caller: string,
  source: FileSource | ByteStream,
  reader: Reader<T>,
  maxBytes: number = mostStreamed,
): Promise<T> {
  if (isByteStream(source)) return readBytes(caller, 'the stream', await gather(caller, source, maxBytes), reader);
  const bytes = bytesOf(caller, source);
  if (bytes !== null) return readBytes(caller, 'the buffer', bytes, reader);
  const path = pathOf(caller, source, expected);
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw unreadable(caller, path, cause);
  }
  try {
    const facts = factsOf(caller, path, await file.stat());
    const reading = reader(facts);
    for (let next = reading.next(); ; next = reading.next()) {
      if (next.done) return next.value;
      const { at, into } = next.value;
      for (let done = 0; done < into.length; ) {
        const length = Math.min(into.length - done, pieceBytes);
        const { bytesRead } = await file.read(into, done, length, at + done).catch((cause: unknown) => {
          throw unreadable(caller, path, cause);
        });
        done += bytesRead > 0 ? bytesRead : facts.fail('became shorter while it was read');
      }
    }
  } finally {
    await file.close();
  }
}

/** Reads what lies in memory. */
export function readBytes<T>(caller: string, name: string, bytes: Uint8Array, reader: Reader<T>): T {
  const facts = factsOf(caller, name, { size: bytes.length });
  const copy = (at: number, into: Uint8Array) => {
    into.set(bytes.subarray(at, at + into.length));
    return Math.min(into.length, bytes.length - at);
  };
  return drive(reader(facts), copy, facts);
}

function drive<T>(reading: Reading<T>, read: (at: number, into: Uint8Array) => number, file: FileFacts): T {
  for (let next = reading.next(); ; next = reading.next()) {
    if (next.done) return next.value;
    const { at, into } = next.value;
    for (let done = 0; done < into.length; ) {
      const got = read(at + done, done === 0 ? into : into.subarray(done));
      done += got > 0 ? got : file.fail('became shorter while it was read');
    }
  }
}

/** Asks for bytes in separate memory. */
export function* take(at: number, length: number): Reading<Uint8Array<ArrayBuffer>> {
  const into = new Uint8Array(length);
  if (length > 0) yield { at, into };
  return into;
}

function factsOf(caller: string, name: string, found: { size: number; isFile?(): boolean }): FileFacts {
  const fail = (what: string, cause?: unknown): never => {
    throw new ArgumentError(`${caller}: ${name}: ${what}`, cause === undefined ? undefined : { cause });
  };
  if (found.isFile?.() === false) fail('is no regular file');
  return { name, size: found.size, fail };
}

/** The bytes when the source lies in memory, else null. @throws ArgumentError when it is shared or detached. */
export function bytesOf(caller: string, source: unknown): Uint8Array | null {
  if (isArrayBuffer(source)) {
    try {
      return new Uint8Array(source);
    } catch (cause) {
      throw new ArgumentError(`${caller}: the buffer is detached (it was transferred)`, { cause });
    }
  }
  if (!isUint8Array(source)) return null;
  const view = plainView(caller, source);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isByteStream(value: unknown): value is ByteStream {
  return holds(value, Symbol.asyncIterator) && typeof value[Symbol.asyncIterator] === 'function';
}

async function gather(caller: string, stream: ByteStream, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = bytesOf(caller, chunk);
    if (bytes === null) throw new ArgumentError(`${caller}: the stream must give bytes, got ${show(chunk)}`);
    size += bytes.length;
    if (size > maxBytes) throw new ArgumentError(`${caller}: the stream has more than maxBytes (${maxBytes}) bytes`);
    chunks.push(bytes);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}
