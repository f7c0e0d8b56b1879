/** Tensors in arrays and plain objects, nested to any depth: what batches, inputs and outputs of models are. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray, isPlainObject } from '../realm.js';
import { formatShape } from './shape.js';
import { Tensor } from './tensor.js';

/** A tensor, or an array or plain object of such. */
export type Tensors = Tensor | readonly Tensors[] | { readonly [name: string]: Tensors };

/** A structure taken apart: its tensors in order, and how to put others in their places. */
export interface Structure<T = unknown> {
  readonly tensors: readonly Tensor[];
  /** The same text for structures that differ in their tensors only. */
  readonly form: string;
  rebuild(tensors: readonly Tensor[]): T;
}

/** Deeper than any batch, and shallow enough for the stack: what contains itself ends here. */
const mostDepth = 32;

/** Members of an array or object that messages show. */
const mostShown = 8;

/**
 * @param what names the value in messages.
 * @throws ArgumentError for anything but tensors in arrays and plain objects, and for a structure without a tensor.
 */
export function takeApart<T>(what: string, value: T): Structure<T> {
  const pair = takePairApart(value);
  if (pair !== null) return pair as Structure<T>;
  const tensors: Tensor[] = [];
  const form = collect(what, value, '', 0, tensors);
  if (tensors.length === 0) throw new ArgumentError(`${what} must hold a tensor, got ${showStructure(value)}`);
  // Without the tensors, so that what keeps the structure does not keep them.
  const empty = mapLeaves(value, () => null);
  return {
    tensors,
    form,
    rebuild(others) {
      let next = 0;
      return mapLeaves(empty, () => others[next++]!) as T;
    },
  };
}

/** What most batches are, without a walk that takes as long as part of a small step. */
function takePairApart(value: unknown): Structure | null {
  if (!isArray(value) || value.length !== 2) return null;
  const first: unknown = value[0];
  const second: unknown = value[1];
  if (!(first instanceof Tensor && second instanceof Tensor)) return null;
  return { tensors: [first, second], form: '[*,*]', rebuild: rebuildPair };
}

const rebuildPair = (tensors: readonly Tensor[]): Tensor[] => [tensors[0]!, tensors[1]!];

/** The same structure with `fn` of each tensor in its place; whatever is no tensor, array or plain object stays. */
export function mapTensors<T>(value: T, fn: (tensor: Tensor) => Tensor): T {
  return mapLeaves(value, (leaf) => (leaf instanceof Tensor ? fn(leaf) : leaf)) as T;
}

/** A structure as messages show it: `[Tensor [8, 4], { label: Tensor [8] }]`. */
export function showStructure(value: unknown, depth = 0): string {
  if (value instanceof Tensor) return `Tensor ${formatShape(value.shape)}`;
  if (depth === 4) return '...';
  const inner = (part: unknown) => showStructure(part, depth + 1);
  const cut = (parts: readonly string[], length: number) => [...parts, ...(length > mostShown ? ['...'] : [])];
  if (isArray(value)) {
    const parts = Array.from({ length: Math.min(value.length, mostShown) }, (_, i) => inner(value[i]));
    return `[${cut(parts, value.length).join(', ')}]`;
  }
  if (!isPlainObject(value)) return show(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return '{}';
  const parts = keys.slice(0, mostShown).map((key) => `${key}: ${inner(value[key])}`);
  return `{ ${cut(parts, keys.length).join(', ')} }`;
}

function collect(what: string, value: unknown, path: string, depth: number, into: Tensor[]): string {
  if (value instanceof Tensor) {
    into.push(value);
    return '*';
  }
  if (depth > mostDepth) throw new ArgumentError(`${what} is nested more than ${mostDepth} deep`);
  if (isArray(value))
    return `[${Array.from(value, (part, i) => collect(what, part, `${path}[${i}]`, depth + 1, into)).join()}]`;
  if (isPlainObject(value)) {
    const parts = Object.entries(value).map(
      ([key, part]) => `${JSON.stringify(key)}:${collect(what, part, `${path}.${key}`, depth + 1, into)}`,
    );
    return `{${parts.join()}}`;
  }
  const where = path === '' ? '' : `, but ${path.replace(/^\./, '')} is`;
  throw new ArgumentError(
    `${what} must be a tensor, or an array or plain object of tensors${where === '' ? ', got' : where} ${show(value)}`,
  );
}

/** The same arrays and plain objects with `fn` of whatever else there is. */
function mapLeaves(value: unknown, fn: (leaf: unknown) => unknown): unknown {
  if (isArray(value)) return Array.from(value, (part: unknown) => mapLeaves(part, fn));
  if (!isPlainObject(value)) return fn(value);
  // Not assignments: a key such as __proto__ is a key.
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapLeaves(part, fn)]));
}
