/** The weights of an ONNX file as a state dict. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import { isArrayBuffer, isError, isPlainObject, isUint8Array, isURL } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { readExternal } from './external.js';
import { readInitializer } from './initializer.js';
import { decodeInitializers } from './proto-read.js';

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
 * Whole numbers and booleans become int32, half precision and smaller floats float32. Exporters lay some weights out transposed
 * ([in, out], for MatMul): give those to `transpose(0, 1)`. The graph itself is not read. External data are read from files in the folder of
 * the model.
 * @param source path, file: URL, or the bytes of a file.
 * @throws ArgumentError for a file that cannot be read or is no ONNX file, a tensor of strings or complex numbers, a number that is no int32, sizes
 * that do not fit, external data outside of the folder, names that are mapped but missing, and two tensors with one name.
 */
export async function importOnnxWeights(
  source: string | URL | Uint8Array | ArrayBuffer,
  options?: ImportOptions,
): Promise<StateDict> {
  const { map = {}, directory } = checkOptions(place, options, ['map', 'directory']);
  if (typeof map !== 'function' && !isPlainObject(map))
    throw new ArgumentError(`${place}: map must be an object of names or a function, got ${show(map)}`);
  if (directory !== undefined && typeof directory !== 'string' && !isURL(directory))
    throw new ArgumentError(`${place}: directory must be a path or a URL, got ${show(directory)}`);
  const { name, bytes, folder } = await open(source);
  const where = `${place}: ${name}`;
  const given = decodeInitializers(where, bytes);
  if (typeof map !== 'function') checkMapped(where, map, new Set(given.map((each) => each.name)));
  const external = directory === undefined ? folder : pathOf(directory);
  const state: StateDict = Object.create(null);
  for (const each of given) {
    const raw = each.external === null ? null : await readExternal(where, each, each.external, external);
    const tensor = readInitializer(where, each, raw);
    const key =
      typeof map === 'function' ? map(each.name, tensor) : Object.hasOwn(map, each.name) ? map[each.name] : each.name;
    if (key === null || key === undefined) continue;
    if (typeof key !== 'string')
      throw new ArgumentError(`${where}: map gives ${show(key)} for '${each.name}', not a name`);
    if (key in state) throw new ArgumentError(`${where}: two initializers have the name '${key}'`);
    state[key] = tensor;
  }
  return state;
}

async function open(source: unknown): Promise<{ name: string; bytes: Uint8Array; folder: string | null }> {
  if (isUint8Array(source)) return { name: 'the bytes', bytes: source, folder: null };
  if (isArrayBuffer(source)) return { name: 'the bytes', bytes: new Uint8Array(source), folder: null };
  if (typeof source !== 'string' && !isURL(source))
    throw new ArgumentError(`${place}: expected a path, a URL or the bytes of a file, got ${show(source)}`);
  const path = pathOf(source);
  try {
    return { name: path, bytes: await readFile(path), folder: dirname(path) };
  } catch (cause) {
    const code = isError(cause) && 'code' in cause ? cause.code : cause;
    throw new ArgumentError(`${place}: ${path}: ${code === 'ENOENT' ? 'not found' : `cannot be read (${code})`}`, {
      cause,
    });
  }
}

function pathOf(given: string | URL): string {
  if (typeof given === 'string') return given;
  if (given.protocol === 'file:') return fileURLToPath(given.href);
  throw new ArgumentError(`${place}: expected a file: URL, got ${given.href}`);
}

function checkMapped(where: string, map: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): void {
  const missing = Object.keys(map).filter((name) => !names.has(name));
  if (missing.length > 0)
    throw new ArgumentError(
      `${where}: map names initializers that are not there: ${missing.map((name) => `'${name}'`).join(', ')}; there are ` +
        [...names].map((name) => `'${name}'`).join(', '),
    );
}
