/** `save`, `saveSync`, `serialize`: tensors by name into files of safetensors. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { pathOf } from '../files/path.js';
import { holds, isMap, isPlainObject } from '../realm.js';
import { writeAtomically, writeAtomicallySync } from './atomic-write.js';
import { safetensorsChunks } from './safetensors-write.js';
import { type Saveable, stateEntries } from './state-entries.js';

/** Options of `save`, `saveSync` and `serialize`. */
export interface SaveOptions {
  /** Strings by name, which `fileInfo` gives back. Default: none. Hugging Face's libraries expect `{ format: 'pt' }`. */
  metadata?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
}

/** A `Writable` of Node, as far as it is needed: so these types stand without those of Node. */
export interface WritableLike {
  /** Takes bytes; false when it is full. */
  write(chunk: Uint8Array): boolean;
  /** No more bytes follow. */
  end(): unknown;
}

/**
 * Saves a model or a state dict as safetensors, with PyTorch's names and shapes: `safetensors.torch.load_file` reads it to the bit.
 *
 * A file at a path is replaced atomically and durably: at every moment it is the old one or the new one, whole; when the promise
 * resolves, it is on the disk. A stream is ended. What is saved are the numbers at the moment of the call, which are copied
 * for that; while `fit` trains the model, those that one step has left.
 *
 * float32, float64 and int32 are written as F32, F64 and I32; int32 scalars called `num_batches_tracked` as I64, as PyTorch does. A
 * tensor of several names is written under each.
 *
 * @param target a path, a `file:` URL, a `Writable` of Node or a `WritableStream` of the web.
 * @throws ArgumentError for what is no state dict, for metadata that are no strings, and for files that cannot be written.
 */
export async function save(
  target: string | URL | WritableLike | WritableStream<Uint8Array>,
  source: Saveable,
  options?: SaveOptions,
): Promise<void> {
  const caller = 'io.save';
  const isStream = isWritable(target) || isWebWritable(target);
  if (!isStream) checkPath(caller, target);
  const chunks = chunksOf(caller, source, options, true);
  if (isWritable(target)) return pipeline(Readable.from(chunks), target as Writable);
  if (!isWebWritable(target)) return writeAtomically(caller, target, chunks);
  const writer = target.getWriter();
  for (const chunk of chunks) {
    await writer.ready;
    await writer.write(chunk);
  }
  await writer.close();
}

/** As {@link save} to a path, without returning before the file is on the disk. */
export function saveSync(path: string | URL, source: Saveable, options?: SaveOptions): void {
  const caller = 'io.saveSync';
  checkPath(caller, path);
  writeAtomicallySync(caller, path, chunksOf(caller, source, options, false));
}

/** The bytes of the file that {@link save} writes. */
export function serialize(source: Saveable, options?: SaveOptions): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf('io.serialize', source, options, false);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** `isLater`: the pieces are written when the caller has gone on, so they must not share memory that it may change. */
function chunksOf(caller: string, source: unknown, options: SaveOptions | undefined, isLater: boolean): Uint8Array[] {
  const { metadata } = checkOptions(caller, options, ['metadata']);
  const texts = checkMetadata(caller, metadata ?? {});
  const { tensors, shared } = stateEntries(caller, source);
  const chunks = safetensorsChunks(caller, tensors, texts);
  if (!isLater) return chunks;
  const buffers = new Set([...shared].map((storage) => storage.read().buffer));
  return chunks.map((chunk) => (buffers.has(chunk.buffer) ? chunk.slice() : chunk));
}

function checkMetadata(caller: string, metadata: unknown): Map<string, string> {
  if (!isMap(metadata) && !isPlainObject(metadata))
    throw new ArgumentError(`${caller}: metadata must be an object of strings, got ${show(metadata)}`);
  const entries: [unknown, unknown][] = isMap(metadata) ? [...metadata] : Object.entries(metadata);
  return new Map(
    entries.map(([key, value]) => {
      if (typeof key === 'string' && typeof value === 'string') return [key, value];
      throw new ArgumentError(`${caller}: metadata are strings by name, got ${show(value)} as ${show(key)}`);
    }),
  );
}

function checkPath(caller: string, path: unknown): void {
  const found = /\.(pt|pth)$/i.exec(pathOf(caller, path, 'a path, a file: URL or a stream'));
  if (found !== null)
    throw new ArgumentError(
      `${caller}: writes safetensors, not PyTorch's own files: call it .safetensors and read it with safetensors.torch.load_file`,
    );
}

function isWritable(value: unknown): value is WritableLike {
  return holds(value, 'write') && typeof value.write === 'function' && 'pipe' in value;
}

function isWebWritable(value: unknown): value is WritableStream<Uint8Array> {
  return holds(value, 'getWriter') && typeof value.getWriter === 'function';
}
