/** `load`, `loadSync`, `deserialize`: tensors by name from files of other programs and from our own. */
import { checkNumber, checkOptions, readList, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import {
  type ByteStream,
  bytesOf,
  type FileFacts,
  type FileSource,
  type Reader,
  readBytes,
  readFileAsync,
  readFileNow,
  take,
} from '../files/source.js';
import { isZip } from '../files/zip.js';
import type { StateDict } from '../nn/state-dict.js';
import { isArray } from '../realm.js';
import { lengthBytes } from './safetensors-header.js';
import { readSafetensors } from './safetensors-read.js';
import { readTorch } from './torch-read.js';

/** Options of `load`. */
export interface LoadOptions {
  /** The most bytes that a stream may have: it is gathered before it is read. Default: 4 GiB. */
  maxBytes?: number;
  /**
   * Of a file of PyTorch: where its state dict is, when it holds more than that: `'model'` for `{ model: ..., epoch: 3 }`, an array of keys
   * for dicts in dicts. Default: the whole file.
   */
  key?: string | readonly string[];
}

/**
 * The tensors of a file by name, as `model.loadStateDict` takes them.
 *
 * Reads safetensors, and what `torch.save` has written since PyTorch 1.6 (`.pt`, `.pth`), told by their first bytes. Everything that the
 * file says is checked before memory is taken, and each tensor is read straight into its own memory, so that a file of 2 GB takes 2 GB. F32, F64 and I32 keep every bit. F16, BF16 and F8 become float32; BOOL and integers of
 * up to 16 bits int32; longer ones int32 when every number fits, else float64: `fileInfo` tells which.
 *
 * Of a file of PyTorch nothing is run: it may hold tensors in dicts, and names that a state dict does not need are refused. Dicts within
 * dicts give names with dots. Storages that several tensors share are read once; the tensors are dense copies of their parts.
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
  const caller = 'io.load';
  const { maxBytes, ...given } = checkLoadOptions(caller, options, ['maxBytes', 'key']);
  return readFileAsync(caller, source, reader(given), maxBytes);
}

/** As {@link load}, without returning before all is read. */
export function loadSync(source: FileSource, options?: Pick<LoadOptions, 'key'>): StateDict {
  const caller = 'io.loadSync';
  return readFileNow(caller, source, reader(checkLoadOptions(caller, options, ['key'])));
}

/** As {@link load}, from the bytes of a file. */
export function deserialize(bytes: Uint8Array | ArrayBuffer, options?: Pick<LoadOptions, 'key'>): StateDict {
  const caller = 'io.deserialize';
  const wanted = checkLoadOptions(caller, options, ['key']);
  const given = bytesOf(caller, bytes);
  if (given === null) throw new ArgumentError(`${caller}: expected the bytes of a file, got ${show(bytes)}`);
  return readBytes(caller, 'the buffer', given, reader(wanted));
}

function checkLoadOptions(
  caller: string,
  options: LoadOptions | undefined,
  known: readonly (keyof LoadOptions)[],
): Partial<LoadOptions> {
  const given = checkOptions(caller, options, known);
  const { maxBytes, key } = given;
  if (maxBytes !== undefined && checkNumber(caller, 'maxBytes', maxBytes) < 0)
    throw new ArgumentError(`${caller}: maxBytes must not be negative, got ${maxBytes}`);
  if (key === undefined || typeof key === 'string') return given;
  const isPath = isArray(key) && readList(caller, 'keys', key, (part) => typeof part === 'string', 100).every(Boolean);
  if (!isPath) throw new ArgumentError(`${caller}: key must be a string or an array of strings, got ${show(key)}`);
  return { ...given, key: [...key] };
}

/** The format is told by the first bytes. */
function reader({ key }: Pick<LoadOptions, 'key'>): Reader<StateDict> {
  const keys = key === undefined ? [] : typeof key === 'string' ? [key] : key;
  return function* read(file) {
    const start = yield* take(0, Math.min(file.size, startBytes));
    if (isZip(start)) return yield* readTorch(file, keys);
    if (start[lengthBytes] !== 0x7b) refuse(start, file);
    if (keys.length > 0) file.fail('a safetensors file holds no dicts: the option key is for files of PyTorch');
    return yield* readSafetensors(file);
  };
}

const startBytes = 16;

/** Files that are no safetensors, with the way to read them. */
function refuse(start: Uint8Array, file: FileFacts): void {
  const text = Buffer.from(start).toString('latin1');
  if (text.startsWith('\x80'))
    file.fail("a pickle of PyTorch's format before 1.6: load it in Python and torch.save(state_dict, path) it again");
  if (text.startsWith('\x89HDF')) file.fail('an HDF5 file: Keras writes safetensors or numpy arrays, too');
  if (text.startsWith('{')) file.fail('a file of JSON: loadStateDict takes JSON.parse of it, io.loadTfjs a model.json');
  if (text.startsWith('\x93NUMPY')) file.fail('an array of NumPy: read it with data.readNpy');
}
