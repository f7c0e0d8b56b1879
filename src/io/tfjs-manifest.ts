/** `model.json` of TensorFlow.js: which weights there are, in which files, and of which layers. */
import { maxElements, show } from '../check.js';
import { type ElementName, elementBytes } from '../files/elements.js';
import type { FileFacts } from '../files/source.js';
import { isArray, isRecord } from '../realm.js';
import { maxRank, numelOf, type Shape } from '../tensor/shape.js';

/** Numbers as they lie in a file: `stored * scale + min`. */
export interface Quantization {
  readonly scale: number;
  readonly min: number;
}

/** A weight as the manifest describes it. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly numel: number;
  /** What it is in its file. */
  readonly stored: ElementName;
  readonly bytes: number;
  readonly isInteger: boolean;
  readonly quantization: Quantization | null;
}

/** Weights whose bytes follow each other in files that follow each other. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

export interface Manifest {
  readonly groups: readonly WeightGroup[];
  /** Classes of layers by name: `Dense`. */
  readonly classes: ReadonlyMap<string, string>;
}

const types: ReadonlyMap<unknown, ElementName> = new Map<unknown, ElementName>([
  ['float32', 'F32'],
  ['int32', 'I32'],
  ['bool', 'BOOL'],
]);
const storedTypes: ReadonlyMap<unknown, ElementName> = new Map<unknown, ElementName>([
  ['uint8', 'U8'],
  ['uint16', 'U16'],
  ['float16', 'F16'],
]);

/** Layers within layers. */
const mostDepth = 16;

export function parseManifest(text: string, file: FileFacts): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    file.fail('is not JSON', cause);
  }
  if (!isRecord(parsed)) file.fail('is no model of TensorFlow.js: it must be an object');
  const { weightsManifest, modelTopology } = parsed;
  if (!isArray(weightsManifest)) file.fail('is no model of TensorFlow.js: it has no weightsManifest');
  const names = new Set<string>();
  const groups = weightsManifest.map((group: unknown, i) => parseGroup(group, i, names, file));
  const classes = new Map<string, string>();
  collectClasses(modelTopology, classes, 0);
  return { groups, classes };
}

function parseGroup(group: unknown, index: number, names: Set<string>, file: FileFacts): WeightGroup {
  const place = `weightsManifest[${index}]`;
  if (!isRecord(group) || !isArray(group.paths) || !isArray(group.weights))
    file.fail(`${place} must have paths and weights`);
  const paths = group.paths.map((path: unknown) => checkPath(path, place, file));
  const weights = group.weights.map((weight: unknown, i) => parseWeight(weight, `${place}.weights[${i}]`, file));
  for (const { name } of weights) {
    if (names.has(name)) file.fail(`the weight ${show(name)} stands in it twice`);
    names.add(name);
  }
  return { paths, weights };
}

/** Only files in the folder of the model, or below it: a model from elsewhere must not have others read. */
function checkPath(path: unknown, place: string, file: FileFacts): string {
  const isInside =
    typeof path === 'string' &&
    path !== '' &&
    !/[\0\\:]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '..');
  return isInside ? path : file.fail(`${place}: paths are names of files next to the model, got ${show(path)}`);
}

function parseWeight(weight: unknown, place: string, file: FileFacts): WeightSpec {
  if (!isRecord(weight) || typeof weight.name !== 'string') file.fail(`${place} must have a name`);
  const { name, shape, dtype, quantization } = weight;
  const fail: (what: string) => never = (what) => file.fail(`weight ${show(name)} (${place}): ${what}`);
  if (!isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && Number(size) >= 0))
    fail(`shape must be an array of integers that are not negative, got ${show(shape)}`);
  if (shape.length > maxRank) fail(`has ${shape.length} dimensions, at most ${maxRank} are possible`);
  const sizes = shape as readonly number[];
  const numel = sizes.includes(0) ? 0 : numelOf(sizes);
  if (numel > maxElements || sizes.some((size) => size > maxElements))
    fail(`shape [${sizes.join(', ')}] has too many elements`);
  const type = types.get(dtype) ?? fail(`dtype must be float32, int32 or bool, got ${show(dtype)}`);
  const { stored, ...rest } = parseQuantization(quantization, type, fail);
  return {
    name,
    shape: Object.freeze([...sizes]),
    numel,
    stored,
    bytes: numel * elementBytes(stored),
    isInteger: type !== 'F32',
    ...rest,
  };
}

function parseQuantization(
  value: unknown,
  type: ElementName,
  fail: (what: string) => never,
): { stored: ElementName; quantization: Quantization | null } {
  if (value === undefined) return { stored: type, quantization: null };
  if (!isRecord(value)) fail(`quantization must be an object, got ${show(value)}`);
  const stored =
    storedTypes.get(value.dtype) ?? fail(`quantization is uint8, uint16 or float16, got ${show(value.dtype)}`);
  if (stored === 'F16')
    return type === 'F32' ? { stored, quantization: null } : fail('only float32 is stored as float16');
  const { scale, min } = value;
  if (typeof scale !== 'number' || typeof min !== 'number') fail('quantization must have the numbers scale and min');
  return { stored, quantization: { scale, min } };
}

/** Layers by name, wherever they stand in the topology: those of tfjs and of its converter lie at different depths. */
function collectClasses(value: unknown, classes: Map<string, string>, depth: number): void {
  if (depth > mostDepth) return;
  if (isArray(value)) {
    for (const item of value) collectClasses(item, classes, depth + 1);
    return;
  }
  if (!isRecord(value)) return;
  const { class_name: kind, config } = value;
  if (typeof kind === 'string' && isRecord(config) && typeof config.name === 'string') classes.set(config.name, kind);
  for (const key of ['model_config', 'config', 'layers', 'layer'])
    if (Object.hasOwn(value, key)) collectClasses(value[key], classes, depth + 1);
}
