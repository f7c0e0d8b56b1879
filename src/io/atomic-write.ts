/**
 * Files that are whole or not there: what is written goes to a temporary file in the same folder, which takes the place of the old
 * file once it is on the disk. At any moment, also when
 * the machine stops, there is the old file or the new one.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ArgumentError } from '../errors.js';
import { codeOf, pathOf } from '../files/path.js';

/** The largest piece that one system call writes, and the bytes of small pieces that go out together. */
const pieceBytes = 4 << 20;
/** Bytes after which a flush to the disk starts, while the next ones are written. */
const syncBytes = 8 << 20;
/** The most buffers that one system call takes. */
const mostBuffers = 512;

/** Codes of systems that cannot bring a folder to the disk, or do it unasked. */
const noFolderSync = new Set(['EISDIR', 'EINVAL', 'EPERM', 'EACCES', 'EBADF', 'ENOTSUP']);

/**
 * Writes `chunks` as the whole content of the file at `path`, atomically and durably: when the promise resolves, the bytes and the name are
 * on the disk. A link is followed; an old file gives the new one its permissions. When anything fails, the old file is
 * as it was and no temporary file is left. The memory of a chunk must not change before the promise is settled.
 * @param caller the function that was called, for messages.
 * @throws ArgumentError with the path and the reason; what `chunks` throws comes through as it is.
 */
export async function writeAtomically(
  caller: string,
  path: string | URL,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const named = pathOf(caller, path);
  const target = await inPlace(caller, named, () => realpath(named)).catch((error) => unlessMissing(error, named));
  const temporary = temporaryName(target);
  const mode = await stat(target).then(permissions, () => undefined);
  const file = await inPlace(caller, named, () => open(temporary, 'wx'));
  try {
    try {
      if (mode !== undefined) await inPlace(caller, named, () => file.chmod(mode));
      await fill(file, chunks, (work) => inPlace(caller, named, work));
    } finally {
      await file.close();
    }
    await inPlace(caller, named, () => rename(temporary, target));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await inPlace(caller, named, () => syncFolder(dirname(target)));
}

/** As {@link writeAtomically}, without returning before all is done. */
export function writeAtomicallySync(caller: string, path: string | URL, chunks: Iterable<Uint8Array>): void {
  const named = pathOf(caller, path);
  const doing = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw failure(caller, named, cause);
    }
  };
  let target = resolve(named);
  try {
    target = realpathSync(named);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw failure(caller, named, error);
  }
  const temporary = temporaryName(target);
  const old = statSync(target, { throwIfNoEntry: false });
  const file = doing(() => openSync(temporary, 'wx'));
  try {
    try {
      if (old !== undefined) doing(() => fchmodSync(file, permissions(old)));
      for (const chunk of chunks)
        for (let at = 0; at < chunk.length; )
          at += doing(() => writeSync(file, chunk, at, Math.min(chunk.length - at, pieceBytes)));
      doing(() => fsyncSync(file));
    } finally {
      closeSync(file);
    }
    doing(() => renameSync(temporary, target));
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // The first error is the one that says what happened.
    }
    throw error;
  }
  doing(() => syncFolderNow(dirname(target)));
}

/**
 * Writes all that `chunks` gives. What is written goes on to the disk meanwhile, so that the last sync finds little left to do.
 * @param doing names the file in what goes wrong.
 */
async function fill(
  file: FileHandle,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  doing: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  let batch: Uint8Array[] = [];
  let [bytes, unsynced] = [0, 0];
  let syncing: Promise<void> | null = null;
  // The system names a failed write to the disk once: the last sync would not.
  let failed: { readonly error: unknown } | null = null;
  const sync = async (): Promise<void> => {
    try {
      await doing(() => file.datasync());
    } catch (error) {
      failed ??= { error };
    }
    syncing = null;
  };
  const throwFailure = (): void => {
    if (failed !== null) throw failed.error;
  };
  try {
    for await (const piece of piecesOf(chunks)) {
      batch.push(piece);
      bytes += piece.length;
      if (bytes < pieceBytes && batch.length < mostBuffers) continue;
      await doing(() => writeAll(file, batch));
      throwFailure();
      unsynced += bytes;
      [batch, bytes] = [[], 0];
      if (unsynced < syncBytes || syncing !== null) continue;
      unsynced = 0;
      syncing = sync();
    }
    await doing(() => writeAll(file, batch));
  } finally {
    await syncing;
  }
  throwFailure();
  await doing(() => file.sync());
}

async function inPlace<T>(caller: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw failure(caller, path, cause);
  }
}

function failure(caller: string, path: string, cause: unknown): ArgumentError {
  const code = codeOf(cause);
  const reason = code === 'ENOENT' ? 'there is no such folder' : `cannot be written (${code ?? cause})`;
  return new ArgumentError(`${caller}: ${path}: ${reason}`, { cause });
}

/** A file that is not there yet is made where its name says. */
function unlessMissing(error: unknown, path: string): string {
  if (error instanceof ArgumentError && codeOf(error.cause) === 'ENOENT') return resolve(path);
  throw error;
}

const permissions = ({ mode }: { mode: number }): number => mode & 0o777;

/** In the same folder, since a file can only be renamed within one file system. */
function temporaryName(target: string): string {
  return join(dirname(target), `${startOfTemporary(target)}${uniqueSuffix()}.tmp`);
}

/** Whether `name` is what a write of `target` that was killed has left in its folder. */
export function isTemporaryOf(target: string, name: string): boolean {
  const start = startOfTemporary(target);
  return name.startsWith(start) && /^[0-9a-z]+-[0-9a-z]+\.tmp$/.test(name.slice(start.length));
}

const startOfTemporary = (target: string): string => `.${basename(target).slice(0, 40)}.`;

/** Not from node:crypto, which takes longer to load than the rest of this folder. A name that exists is refused by the system. */
function uniqueSuffix(): string {
  return `${process.pid.toString(36)}-${Math.random().toString(36).slice(2, 12)}`;
}

async function* piecesOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
}

/** A system call may write less than it is given. */
async function writeAll(file: FileHandle, batch: readonly Uint8Array[]): Promise<void> {
  let left = batch;
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left);
    const next: Uint8Array[] = [];
    for (const piece of left) {
      const taken = Math.min(bytesWritten, piece.length);
      bytesWritten -= taken;
      if (taken < piece.length) next.push(piece.subarray(taken));
    }
    left = next;
  }
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!noFolderSync.has(String(codeOf(error)))) throw error;
  }
}

function syncFolderNow(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (!noFolderSync.has(String(codeOf(error)))) throw error;
  }
}
