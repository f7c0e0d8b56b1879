/** Elements that lie in a file next to the model. */
import { open } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { ArgumentError } from '../errors.js';
import { isError } from '../realm.js';
import { byteLengthOf, type Initializer } from './initializer.js';

/** Where the elements are, as the model says it. */
export type ExternalData = Readonly<Record<string, string>>;

/**
 * The bytes of a tensor from another file.
 * @param folder that of the model; null when it is not known.
 * @throws ArgumentError for a file outside of the folder, one that cannot be read, and one that is too short.
 */
export async function readExternal(
  place: string,
  given: Initializer,
  external: ExternalData,
  folder: string | null,
): Promise<Uint8Array> {
  const at = `${place}: initializer '${given.name}'`;
  const wanted = byteLengthOf(place, given);
  const { location = '', offset = '0', length = String(wanted) } = external;
  const path = normalize(location);
  if (location === '' || isAbsolute(location) || path === '..' || path.startsWith(`..${sep}`))
    throw new ArgumentError(`${at} has external data at '${location}', which is not in the folder of the model`);
  if (folder === null)
    throw new ArgumentError(
      `${at} has external data in '${location}': give the path of the model, or the option directory`,
    );
  const start = Number(offset);
  if (!Number.isSafeInteger(start) || start < 0 || Number(length) !== wanted)
    throw new ArgumentError(
      `${at} has external data of ${length} bytes at ${offset}, and its sizes [${given.dims.join(', ')}] take ${wanted}`,
    );
  try {
    return await readPart(join(folder, path), start, wanted);
  } catch (cause) {
    const why = isError(cause) ? cause.message : cause;
    throw new ArgumentError(`${at} has external data in '${location}', which cannot be read: ${why}`, { cause });
  }
}

async function readPart(path: string, start: number, length: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size < start + length) throw new ArgumentError(`it has ${size} bytes, and ${start + length} are needed`);
    const bytes = new Uint8Array(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await file.read(bytes, read, length - read, start + read);
      if (bytesRead === 0) throw new ArgumentError(`it ends after ${start + read} bytes`);
      read += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
