/** The weights of an ONNX file as a state dict. */
import { dirname } from 'node:path';
import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { pathOf } from '../files/path.js';
import { type ByteStream, type FileFacts, type FileSource, readBytes, readFileAsync, take } from '../files/source.js';
import type { StateDict } from '../nn/state-dict.js';
import { isPlainObject, isURL } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { readExternal } from './external.js';
import { ownBytes, readHead, readTensor } from './initializer.js';
import { decodeInitializers, type FoundInitializer } from './proto-read.js';

const place = 'importOnnxWeights';

/** What an initialiser is to be called: another name, or null to leave it out. */
export type WeightMapping =
  | Readonly<Record<string, string | null>>
  | ((name: string, tensor: Tensor) => string | null | undefined);

/** Options of {@link importOnnxWeights}. */
export interface ImportOptions {
  /**
   * New names. An object renames those that it has, and leaves out those that it maps to null; a function is asked for each. Default: names
   * stay as they are.
   */
  map?: WeightMapping;
  /** The folder of external data, where the model is given as bytes. Default: that of the model. */
  directory?: string | URL;
}

/**
 * The initialisers of an ONNX file by name, as `loadStateDict` takes them: the weights of a model that was trained elsewhere.
 *
 * ```ts
 * const weights = await importOnnxWeights('model.onnx', { map: { 'fc.w': '0.weight', 'fc.b': '0.bias' } });
 * model.loadStateDict(weights);
 * ```
 *
 * Whole numbers and booleans become int32 (float64 where one is no int32), half precision and smaller floats float32. Exporters lay some
 * weights out transposed ([in, out], for MatMul): give those to `transpose(0, 1)`. The graph itself is not read. External data are read from files
 * in the folder of the model.
 * @param source path, `file:` URL, the bytes of a file, or a stream of them.
 * @throws ArgumentError for a file that cannot be read or is no ONNX file, a tensor of strings or complex numbers, sizes that do not fit, external
 * data outside of the folder, names that are mapped but missing, and two tensors with one name.
 */
export async function importOnnxWeights(source: FileSource | ByteStream, options?: ImportOptions): Promise<StateDict> {
  const { map = {}, directory } = checkOptions(place, options, ['map', 'directory']);
  if (typeof map !== 'function' && !isPlainObject(map))
    throw new ArgumentError(`${place}: map must be an object of names or a function, got ${show(map)}`);
  const folder = directory === undefined ? folderOf(source) : pathOf(place, directory);
  const { given, fail } = await readFileAsync(place, source, function* (file) {
    const bytes = yield* take(0, file.size);
    return { given: decodeInitializers(bytes, file.fail), fail: file.fail };
  });
  if (typeof map !== 'function') checkMapped(map, new Set(given.map(({ name }) => name)), fail);
  const state: StateDict = Object.create(null);
  for (const each of given) {
    const tensor = await read(each, folder, fail);
    const key = mapped(map, each.name, tensor);
    if (key === null || key === undefined) continue;
    if (typeof key !== 'string') return fail(`map gives ${show(key)} for '${each.name}', not a name`);
    if (key in state) fail(`two initializers have the name '${key}'`);
    state[key] = tensor;
  }
  return state;
}

/** The folder of a model that is given by its path. */
function folderOf(source: unknown): string | null {
  return typeof source === 'string' || isURL(source) ? dirname(pathOf(place, source)) : null;
}

async function read(given: FoundInitializer, folder: string | null, fail: FileFacts['fail']): Promise<Tensor> {
  const head = readHead(given, fail);
  if (given.external !== null) return readExternal(place, given, head, given.external, folder, fail);
  return readBytes(place, given.name, ownBytes(given, head, fail), () => readTensor(head, 0));
}

function mapped(map: WeightMapping, name: string, tensor: Tensor): unknown {
  if (typeof map === 'function') return map(name, tensor);
  return Object.hasOwn(map, name) ? map[name] : name;
}

function checkMapped(
  map: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
  fail: FileFacts['fail'],
): void {
  const missing = Object.keys(map).filter((name) => !names.has(name));
  const list = (all: Iterable<string>) => [...all].map((name) => `'${name}'`).join(', ');
  if (missing.length > 0) fail(`map names initializers that are not there: ${list(missing)}; there are ${list(names)}`);
}
