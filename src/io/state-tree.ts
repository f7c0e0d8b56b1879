/**
 * States as a file has them: tensors by name, and everything else as JSON that keeps each number to the bit. An object with the key `$`
 * stands for what JSON has no form for.
 */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray, isPlainObject, isRecord } from '../realm.js';
import { numberOfJSON } from '../tensor/json.js';
import { Tensor } from '../tensor/tensor.js';

/** A state, apart. */
export interface SplitState {
  /** What `JSON.stringify` takes. */
  readonly json: unknown;
  /** The tensors, in the order in which they were found. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Says what a tensor is called in the file, from the keys that lead to it. */
export type NameTensor = (keys: readonly string[]) => string;

/** States are not nested deeper: what is, is a circle. */
const deepest = 64;

/**
 * Takes a state apart: `null`, booleans, numbers, strings, bigints, tensors, and arrays and plain objects of such. A property that is undefined
 * is left out.
 * @throws ArgumentError that names the place of anything else, and of two tensors of one name.
 */
export function splitState(caller: string, state: unknown, nameOf: NameTensor): SplitState {
  const tensors = new Map<string, Tensor>();
  const split = (value: unknown, keys: readonly string[]): unknown => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', value: textOf(value) };
    if (typeof value === 'bigint') return { $: 'bigint', value: String(value) };
    if (keys.length > deepest) throw refusal(caller, keys.slice(0, 4), 'is nested too deep, or in a circle');
    if (value instanceof Tensor) {
      const name = nameOf(keys);
      if (tensors.has(name)) throw refusal(caller, keys, `would have the name of another tensor, ${show(name)}`);
      tensors.set(name, value);
      return { $: 'tensor', name };
    }
    if (isArray(value)) return Array.from(value, (each: unknown, i) => split(each, [...keys, String(i)]));
    if (!isPlainObject(value)) throw refusal(caller, keys, `cannot be saved: it is ${show(value)}`);
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    const parts = entries.map(([key, each]) => [key, split(each, [...keys, key])] as const);
    return Object.hasOwn(value, '$') ? { $: 'object', entries: parts } : Object.fromEntries(parts);
  };
  return { json: split(state, []), tensors };
}

/**
 * Puts together what {@link splitState} has taken apart.
 * @throws ArgumentError for JSON that it has not made, and for a tensor that is not there.
 */
export function joinState(caller: string, json: unknown, tensorOf: (name: string) => Tensor | undefined): unknown {
  const join = (value: unknown): unknown => {
    if (isArray(value)) return value.map(join);
    if (!isRecord(value)) return value;
    if (!Object.hasOwn(value, '$'))
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, join(each)]));
    const { $: kind, value: text, name, entries } = value;
    if (kind === 'number') {
      const number = numberOfJSON(text);
      if (number !== null) return number;
    }
    if (kind === 'bigint' && typeof text === 'string' && /^-?\d+$/.test(text)) return BigInt(text);
    if (kind === 'object' && isArray(entries) && entries.every(isEntry))
      return Object.fromEntries(entries.map(([key, each]) => [key, join(each)]));
    if (kind === 'tensor' && typeof name === 'string') {
      const tensor = tensorOf(name);
      if (tensor !== undefined) return tensor;
      throw new ArgumentError(`${caller}: the file lacks the tensor ${show(name)}`);
    }
    throw new ArgumentError(`${caller}: the state has a value of an unknown kind, ${show(kind)}`);
  };
  return join(json);
}

const textOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

const isEntry = (value: unknown): value is [string, unknown] =>
  isArray(value) && value.length === 2 && typeof value[0] === 'string';

function refusal(caller: string, keys: readonly string[], what: string): ArgumentError {
  return new ArgumentError(`${caller}: ${keys.length === 0 ? 'the state' : keys.join('.')} ${what}`);
}
