/** `load`, `loadSync`, `deserialize`: tensors by name from files of other programs and from our own. */
import { checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import {
  type ByteStream,
  bytesOf,
  type FileFacts,
  type FileSource,
  type Reading,
  readBytes,
  readFileAsync,
  readFileNow,
} from '../files/source.js';
import type { StateDict } from '../nn/state-dict.js';
import { readSafetensors } from './safetensors-read.js';

/** Options of `load`. */
export interface LoadOptions {
  /** The most bytes that a stream may have: it is gathered before it is read. Default: 4 GiB. */
  maxBytes?: number;
}

/**
 * The tensors of a file by name, as `model.loadStateDict` takes them.
 *
 * Reads safetensors, told by its first bytes. Everything that the file says is checked before memory is taken, and each tensor is read straight into its
 * own memory, so that a file of 2 GB takes 2 GB. F32, F64 and I32 keep every bit. F16, BF16 and F8 become float32; BOOL and integers of
 * up to 16 bits int32; longer ones int32 when every number fits, else float64: `fileInfo` tells which.
 *
 * ```ts
 * const state = await io.load('model.safetensors');
 * model.loadStateDict(state);
 * console.log(io.fileInfo(state).metadata);
 * ```
 *
 * @param source a path, a `file:` URL, the bytes of a file, or a stream of them (`Readable`, `ReadableStream`, async generator).
 * @returns an object without a prototype.
 * @throws ArgumentError that names the file, the tensor and the byte: for a file that is not there, cut off, too long, or that says what is not true.
 */
export async function load(source: FileSource | ByteStream, options?: LoadOptions): Promise<StateDict> {
  const place = 'io.load';
  const { maxBytes } = checkOptions(place, options, ['maxBytes']);
  if (maxBytes !== undefined && checkNumber(place, 'maxBytes', maxBytes) < 0)
    throw new ArgumentError(`${place}: maxBytes must not be negative, got ${maxBytes}`);
  return readFileAsync(place, source, read, maxBytes);
}

/** As {@link load}, without returning before all is read. */
export function loadSync(source: FileSource): StateDict {
  return readFileNow('io.loadSync', source, read);
}

/** As {@link load}, from the bytes of a file. */
export function deserialize(bytes: Uint8Array | ArrayBuffer): StateDict {
  const place = 'io.deserialize';
  const given = bytesOf(place, bytes);
  if (given === null) throw new ArgumentError(`${place}: expected the bytes of a file, got ${show(bytes)}`);
  return readBytes(place, 'the buffer', given, read);
}

function* read(file: FileFacts): Reading<StateDict> {
  return yield* readSafetensors(file);
}
