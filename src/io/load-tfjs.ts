/** `loadTfjs`: the weights of a layers model of TensorFlow.js. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { elementBytes, readElements } from '../files/elements.js';
import { pathOf, unreadable } from '../files/path.js';
import { type FileFacts, type Reading, readBytes, readFileAsync, take } from '../files/source.js';
import type { StateDict } from '../nn/state-dict.js';
import type { HostArray } from '../ops/ops.js';
import { isPlainObject } from '../realm.js';
import { uncleared } from '../tensor/host-memory.js';
import { type Conversion, noteInfo } from './file-info.js';
import { inTorch, permuted, type TfjsWeight } from './tfjs-layouts.js';
import { type Manifest, parseManifest, type WeightGroup, type WeightSpec } from './tfjs-manifest.js';

/** Options of {@link loadTfjs}. */
export interface LoadTfjsOptions {
  /**
   * Names of PyTorch for the layers: `{ dense_Dense1: '0', batch_normalization_1: 'features.1' }`. Every layer with weights must have one, or null, which leaves it
   * out. Its weights get PyTorch's names and layouts: kernels of Dense and Conv are turned from [..., in, out] to [out, in, ...], `gamma` becomes `weight`,
   * `moving_mean` becomes `running_mean`. A function names each weight itself and keeps the layout; null leaves the weight out. Default: names and
   * layouts of the file.
   *
   * A Dense behind a Flatten of an image has its inputs in the order height, width, channel; PyTorch's come channel first.
   */
  mapping?: Readonly<Record<string, string | null>> | ((weight: TfjsWeight) => string | null);
}

const caller = 'io.loadTfjs';
/** More than the text of any model. */
const mostManifestBytes = 100_000_000;

/**
 * The weights of a layers model of TensorFlow.js by name: `model.json` and the files next to it that its `weightsManifest` names.
 * float32, int32 and bool, also quantised to float16, uint8 or uint16, which are made float32 or int32 again.
 *
 * ```ts
 * const state = await io.loadTfjs('web-model/model.json', { mapping: { dense_Dense1: '0', dense_Dense2: '2' } });
 * new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3)).loadStateDict(state);
 * ```
 *
 * @param path of `model.json`: a path or a `file:` URL.
 * @throws ArgumentError that names the file and the weight: for files that are missing, too short or too long, weights of other types, layers without a
 * name in `mapping`. Nothing outside of the folder of the model is read.
 */
export async function loadTfjs(path: string | URL, options?: LoadTfjsOptions): Promise<StateDict> {
  const { mapping } = checkOptions(caller, options, ['mapping']);
  if (mapping !== undefined && typeof mapping !== 'function' && !isPlainObject(mapping))
    throw new ArgumentError(`${caller}: mapping must be an object of names or a function, got ${show(mapping)}`);
  const named = pathOf(caller, path);
  const manifest = await readFileAsync(caller, named, readManifest);
  const parts: Uint8Array[] = [];
  for (const group of manifest.groups) parts.push(await readShards(named, group));
  return weightsOf(named, manifest, parts, mapping);
}

/** The manifest in a file of JSON. */
export function* readManifest(file: FileFacts): Reading<Manifest> {
  if (file.size > mostManifestBytes)
    file.fail(`a model.json of ${file.size} bytes, at most ${mostManifestBytes} are read`);
  return parseManifest(Buffer.from(yield* take(0, file.size)).toString('utf8'), file);
}

/** The files of a group, one behind the other. Their sizes are compared with what the manifest says before they are read. */
async function readShards(manifest: string, group: WeightGroup): Promise<Uint8Array> {
  const paths = group.paths.map((path) => join(dirname(manifest), path));
  const reading = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw unreadable(caller, path, cause);
    }
  };
  let size = 0;
  for (const path of paths) size += (await reading(path, () => stat(path))).size;
  const needed = group.weights.reduce((sum, { bytes }) => sum + bytes, 0);
  if (size !== needed)
    throw new ArgumentError(
      `${caller}: ${paths.join(', ')}: ${size} bytes, the weights in them take ${needed} by ${manifest}`,
    );
  const parts: Uint8Array[] = [];
  for (const path of paths) parts.push(await reading(path, () => readFile(path)));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** The weights in the bytes of each group. */
export function weightsOf(
  name: string,
  { groups, classes }: Manifest,
  parts: readonly Uint8Array[],
  mapping?: LoadTfjsOptions['mapping'],
): StateDict {
  const state: StateDict = Object.create(null);
  const converted: Conversion[] = [];
  const asked = new Set<string>();
  for (const [i, { weights }] of groups.entries())
    readBytes(caller, name, parts[i]!, function* (file) {
      let at = 0;
      for (const spec of weights) {
        if (at + spec.bytes > file.size)
          file.fail(`truncated: weight ${show(spec.name)} ends at byte ${at + spec.bytes} of ${file.size}`);
        const weight = describe(spec, classes);
        asked.add(weight.layer);
        const to = target(weight, mapping);
        if (to !== null) {
          const array = yield* readWeight(spec, at);
          const [key, tensor] =
            typeof mapping === 'object' ? inTorch(caller, weight, to, array) : [to, permuted(array, spec.shape, null)];
          if (key in state) file.fail(`two weights are called ${show(key)}, one of them ${show(spec.name)}`);
          state[key] = tensor;
          if (spec.stored !== 'F32' && spec.stored !== 'I32')
            converted.push({ name: key, from: spec.stored, to: tensor.dtype, rounded: false });
        }
        at += spec.bytes;
      }
      if (at !== file.size) file.fail(`too long: the weights end at byte ${at} of ${file.size}`);
    });
  const unknown = typeof mapping === 'object' ? Object.keys(mapping).filter((layer) => !asked.has(layer)) : [];
  if (unknown.length > 0)
    throw new ArgumentError(
      `${caller}: mapping names ${unknown.map(show).join(', ')}; the layers with weights are ${[...asked].map(show).join(', ')}`,
    );
  return noteInfo(state, { format: 'tfjs', metadata: Object.create(null), converted });
}

/** `dense/kernel`, with scopes in front and `:0` behind when it comes from TensorFlow. */
function describe({ name, shape }: WeightSpec, classes: ReadonlyMap<string, string>): TfjsWeight {
  const parts = name.replace(/:\d+$/, '').split('/');
  const parameter = parts.pop()!;
  const layer = parts.toReversed().find((part) => classes.has(part)) ?? parts.at(-1) ?? '';
  return { name, layer, className: classes.get(layer) ?? null, parameter, shape };
}

function target(weight: TfjsWeight, mapping: LoadTfjsOptions['mapping']): string | null {
  if (mapping === undefined) return weight.name;
  if (typeof mapping === 'object' && !Object.hasOwn(mapping, weight.layer))
    throw new ArgumentError(
      `${caller}: mapping has no name for the layer ${show(weight.layer)} (${show(weight.name)}); null leaves it out`,
    );
  const to: unknown = typeof mapping === 'function' ? mapping(weight) : mapping[weight.layer];
  if (to === null || typeof to === 'string') return to;
  throw new ArgumentError(`${caller}: mapping must give a string or null for ${show(weight.name)}, got ${show(to)}`);
}

function* readWeight({ stored, numel, quantization, isInteger }: WeightSpec, at: number): Reading<HostArray> {
  if (quantization === null) return (yield* readElements(stored, numel, at)).array;
  const bytes = yield* take(at, numel * elementBytes(stored));
  const levels = stored === 'U8' ? bytes : new Uint16Array(bytes.buffer, 0, numel);
  const { scale, min } = quantization;
  const out = uncleared(isInteger ? 'int32' : 'float32', numel);
  for (let i = 0; i < numel; i++) {
    const value = levels[i]! * scale + min;
    out[i] = isInteger ? Math.round(value) : value;
  }
  return out;
}
