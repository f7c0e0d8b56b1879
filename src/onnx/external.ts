/** Elements that lie in a file next to the model. */
import { isAbsolute, join, normalize, sep } from 'node:path';
import { type FileFacts, readFileAsync } from '../files/source.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Head, type Initializer, readTensor } from './initializer.js';

/** Where the elements are, as the model says it. */
export type ExternalData = Readonly<Record<string, string>>;

/**
 * Reads a tensor from another file, no more of it than the tensor takes.
 * @param folder that of the model; null when it is not known.
 * @throws ArgumentError for a file outside of the folder, one that cannot be read, and one that is too short.
 */
export async function readExternal(
  place: string,
  given: Initializer,
  head: Head,
  external: ExternalData,
  folder: string | null,
  fail: FileFacts['fail'],
): Promise<Tensor> {
  const at = `initializer '${given.name}'`;
  const { location = '', offset = '0', length = String(head.bytes) } = external;
  const path = normalize(location);
  if (location === '' || isAbsolute(location) || path === '..' || path.startsWith(`..${sep}`))
    fail(`${at} has external data at '${location}', which is not in the folder of the model`);
  if (folder === null)
    return fail(`${at} has external data in '${location}': give the path of the model, or the option directory`);
  const start = Number(offset);
  if (!Number.isSafeInteger(start) || start < 0 || Number(length) !== head.bytes)
    fail(
      `${at} has external data of ${length} bytes at ${offset}, and its sizes [${given.dims.join(', ')}] take ${head.bytes}`,
    );
  return readFileAsync(`${place}: ${at}`, join(folder, path), function* (file) {
    const end = start + head.bytes;
    if (file.size < end) file.fail(`has ${file.size} bytes, and ${end} are needed`);
    return yield* readTensor(head, start);
  });
}
