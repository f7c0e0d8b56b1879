/** The tensors that a caller wants to be saved. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type AnyModule, Module } from '../nn/module.js';
import type { StateDictLike } from '../nn/state-dict.js';
import { isMap, isPlainObject } from '../realm.js';
import { openSaved } from '../tensor/saved.js';
import { stateTensors } from '../tensor/snapshot.js';
import type { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/** What can be saved: a model, whose `stateDict()` is taken, or tensors by name. */
export type Saveable = AnyModule | StateDictLike;

export interface StateEntries {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Memory that the caller may change. The other tensors are copies already. */
  readonly shared: ReadonlySet<Storage>;
}

/** The tensors by name: while they are being trained, all as one step has left them. */
export function stateEntries(caller: string, source: unknown): StateEntries {
  if (source instanceof Module) {
    const live = [...source.parameters(), ...source.buffers()];
    return {
      tensors: new Map(Object.entries(source.stateDict())),
      shared: new Set(live.map(({ storage }) => storage)),
    };
  }
  const given = [...entriesOf(caller, source)].map(
    ([name, value]) => [checkKey(caller, name), tensorOf(caller, name, value)] as const,
  );
  const tensors = stateTensors(given.map(([, tensor]) => tensor));
  return {
    tensors: new Map(given.map(([name], i) => [name, tensors[i]!])),
    shared: new Set(given.map(([, { storage }]) => storage)),
  };
}

function entriesOf(caller: string, source: unknown): Iterable<[unknown, unknown]> {
  if (isMap(source)) return source;
  if (isPlainObject(source)) return Object.entries(source);
  throw new ArgumentError(`${caller}: expected a module or a state dict, got ${show(source)}`);
}

function checkKey(caller: string, name: unknown): string {
  if (typeof name === 'string') return name;
  throw new ArgumentError(`${caller}: names of tensors are strings, got ${show(name)}`);
}

function tensorOf(caller: string, name: unknown, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  const saved = openSaved(caller, value);
  if (saved === null) throw new ArgumentError(`${caller}: ${show(name)} must be a Tensor, got ${show(value)}`);
  return saved.read();
}
