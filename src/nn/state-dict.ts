/** Reading a state dict into the tensors of a model: all of it, or none. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { to } from '../functional/cast.js';
import { holds, isMap, isPlainObject } from '../realm.js';
import type { TensorJSON } from '../tensor/json.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { openSaved, type SavedTensor } from '../tensor/saved.js';
import { type Shape, sameShape } from '../tensor/shape.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * The tensors of a model by name: PyTorch's own keys (`0.weight`) and shapes, parameters before buffers, parents before
 * children. An object without a prototype, so that no name is special.
 */
export type StateDict = Record<string, Tensor>;

/**
 * What `loadStateDict` takes: a {@link StateDict}, another plain object, or a Map; also as `JSON.parse` and `structuredClone` give it
 * back.
 */
export type StateDictLike = Readonly<Record<string, Tensor | TensorJSON>> | ReadonlyMap<string, Tensor | TensorJSON>;

/** What `loadStateDict` found: names in one of the two that the other lacks. Both are empty when it is strict. */
export class IncompatibleKeys {
  /** Names that the model has and the state lacks. */
  readonly missingKeys: readonly string[];
  /** Names that the state has and the model lacks. */
  readonly unexpectedKeys: readonly string[];

  constructor(missingKeys: readonly string[], unexpectedKeys: readonly string[]) {
    this.missingKeys = missingKeys;
    this.unexpectedKeys = unexpectedKeys;
  }

  /** `<All keys matched successfully>`, or the two lists, as PyTorch prints them. */
  toString(): string {
    if (this.missingKeys.length + this.unexpectedKeys.length === 0) return '<All keys matched successfully>';
    const list = (keys: readonly string[]) => `[${keys.map(pythonRepr).join(', ')}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missingKeys)}, unexpected_keys=${list(this.unexpectedKeys)})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A tensor of a model by its name, and whether a state may lack it. */
export type StateEntry = readonly [name: string, tensor: Tensor, isOptional?: boolean];

/**
 * Copies `state` into `targets`, converting dtypes. Nothing is copied when anything does not fit.
 * @param name of the model's class, for the message.
 */
export function loadState(
  name: string,
  targets: readonly StateEntry[],
  state: unknown,
  strict: boolean,
): IncompatibleKeys {
  const { missing, unexpected, pairs, faults, onlySizes } = stateFaults(name, targets, state, strict);
  if (faults.length > 0) {
    const message = `Error(s) in loading state_dict for ${name}:\n\t${faults.join('\n\t')}`;
    throw onlySizes ? new ShapeError(message) : new ArgumentError(message);
  }

  for (const { target } of pairs) target.storage.assertUnpinned();
  noGrad(() => {
    // Converted first, all of them: a backend that cannot read one of the dtypes says so before anything is copied.
    const sources = pairs.map(({ target, value }) => ({ target, source: to(tensorOf(value), target.dtype) }));
    for (const { target, source } of sources) target.copy_(new Tensor(source.storage, target.shape));
  });
  return new IncompatibleKeys(missing, unexpected);
}

/** A tensor of the model and what is to be copied into it. */
interface Pair {
  readonly key: string;
  readonly target: Tensor;
  readonly value: unknown;
}

/** What a state and a model have of each other, and what keeps one from being read into the other, in PyTorch's words. */
export function stateFaults(
  name: string,
  targets: readonly StateEntry[],
  state: unknown,
  strict: boolean,
): { missing: string[]; unexpected: string[]; pairs: Pair[]; faults: string[]; onlySizes: boolean } {
  const given = readEntries(name, state);
  const known = new Set(targets.map(([key]) => key));
  const missing = targets.filter(([key, , isOptional]) => !given.has(key) && !isOptional).map(([key]) => key);
  const unexpected = [...given.keys()].filter((key) => !known.has(key));
  const pairs = targets
    .filter(([key]) => given.has(key))
    .map(([key, target]) => ({ key, target, value: open(name, given.get(key)) }));
  const faults: string[] = [];
  if (strict && missing.length > 0) faults.push(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (strict && unexpected.length > 0) faults.push(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  const keysFit = faults.length === 0;
  for (const { key, target, value } of pairs) faults.push(...misfit(key, target, value));
  return { missing, unexpected, pairs, faults, onlySizes: keysFit && pairs.every(({ value }) => isOpen(value)) };
}

function readEntries(name: string, state: unknown): Map<string, unknown> {
  if (isMap(state)) return new Map(state as ReadonlyMap<string, unknown>);
  if (!isPlainObject(state))
    throw new ArgumentError(`${name}: Expected state_dict to be dict-like, got ${show(state)}`);
  return new Map(Object.entries(state));
}

/** A saved tensor with its sizes read, so that they are checked before memory is taken; anything else as it is. */
function open(name: string, value: unknown): unknown {
  return value instanceof Tensor ? value : (openSaved(`${name}.loadStateDict`, value) ?? value);
}

function isOpen(value: unknown): value is Tensor | SavedTensor {
  return value instanceof Tensor || holds(value, 'read');
}

function tensorOf(value: unknown): Tensor {
  return value instanceof Tensor ? value : (value as SavedTensor).read();
}

function misfit(key: string, target: Tensor, value: unknown): string[] {
  if (!isOpen(value))
    return [
      `While copying the parameter named "${key}", expected a Tensor from checkpoint but received ${show(value)}`,
    ];
  // As PyTorch: files of its version 0.3 have scalars of shape [1].
  const isOldScalar = target.ndim === 0 && sameShape(value.shape, [1]);
  if (isOldScalar || sameShape(value.shape, target.shape)) return [];
  return [
    `size mismatch for ${key}: copying a param with shape ${torchSize(value.shape)} from checkpoint, ` +
      `the shape in current model is ${torchSize(target.shape)}.`,
  ];
}

const quoted = (keys: readonly string[]) => keys.map((key) => `"${key}"`).join(', ');
const torchSize = (shape: Shape) => `torch.Size([${shape.join(', ')}])`;
