/** The names of Python that a state dict of PyTorch may hold, and what calling them makes here. All others are refused by name. */
import type { ElementName } from '../files/elements.js';
import { isArray } from '../realm.js';
import { Dict, Global, kindOf, List, TorchStorage, TorchTensor, type Value } from './pickle-values.js';

/** By the first part of the name of their storage. */
const storageTypes: ReadonlyMap<string, ElementName> = new Map<string, ElementName>([
  ['Float', 'F32'],
  ['Double', 'F64'],
  ['Half', 'F16'],
  ['BFloat16', 'BF16'],
  ['Long', 'I64'],
  ['Int', 'I32'],
  ['Short', 'I16'],
  ['Char', 'I8'],
  ['Byte', 'U8'],
  ['Bool', 'BOOL'],
]);

/** Types without a storage of that name. */
const dtypes: ReadonlyMap<string, ElementName> = new Map<string, ElementName>([
  ['uint16', 'U16'],
  ['uint32', 'U32'],
  ['uint64', 'U64'],
  ['float8_e4m3fn', 'F8_E4M3'],
  ['float8_e5m2', 'F8_E5M2'],
]);

type Call = (args: readonly Value[], at: number) => Value | undefined;

const orderedDict: Call = ([pairs = null]) => {
  const dict = new Dict();
  if (pairs === null) return dict;
  if (!(pairs instanceof List)) return undefined;
  for (const pair of pairs.items) {
    if (!isArray(pair) || pair.length !== 2) return undefined;
    const [key, value] = pair as [Value, Value];
    if (typeof key !== 'string' && typeof key !== 'number') return undefined;
    dict.entries.set(key, value);
  }
  return dict;
};

/** `(storage, offset, size, stride, ...)` */
const tensorOfStorage: Call = ([storage = null, ...parts], at) =>
  storage instanceof TorchStorage && storage.type !== null
    ? new TorchTensor(storage, storage.type, parts, at)
    : undefined;

/** `(storage, offset, size, stride, requires_grad, hooks, dtype)`, the storage of bytes */
const tensorOfBytes: Call = ([storage = null, ...parts], at) => {
  const dtype = parts[5];
  const type = dtype instanceof Global && dtype.module === 'torch' ? dtypes.get(dtype.name) : undefined;
  return storage instanceof TorchStorage && type !== undefined ? new TorchTensor(storage, type, parts, at) : undefined;
};

const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', tensorOfStorage],
  ['torch._utils._rebuild_tensor_v2', tensorOfStorage],
  ['torch._utils._rebuild_tensor_v3', tensorOfBytes],
  ['torch._utils._rebuild_parameter', ([data]) => (data instanceof TorchTensor ? data : undefined)],
  ['torch.Size', ([sizes]) => (isArray(sizes) ? (sizes as readonly Value[]) : undefined)],
]);

/** A known name, or null. */
export function knownName(module: string, name: string): Global | null {
  const full = `${module}.${name}`;
  const isKnown =
    calls.has(full) ||
    full === 'torch.storage.UntypedStorage' ||
    (module === 'torch' && (dtypes.has(name) || storageType(name) !== null));
  return isKnown ? new Global(module, name) : null;
}

/** What the call makes; undefined: that name cannot be called, or not with that. */
export function callName(global: Global, args: readonly Value[], at: number): Value | undefined {
  return calls.get(String(global))?.(args, at);
}

/** `('storage', FloatStorage, key, location, elements)`, or undefined for anything else. */
export function storageOf(id: Value): TorchStorage | undefined {
  if (!isArray(id)) return undefined;
  const [tag, kind, key, , length] = id as readonly Value[];
  if (tag !== 'storage' || !(kind instanceof Global) || typeof key !== 'string' || typeof length !== 'number')
    return undefined;
  const type = kind.module === 'torch' ? storageType(kind.name) : null;
  if (type === null && String(kind) !== 'torch.storage.UntypedStorage') return undefined;
  return Number.isSafeInteger(length) && length >= 0 ? new TorchStorage(key, type, length) : undefined;
}

function storageType(name: string): ElementName | null {
  const [, stem] = /^(\w+)Storage$/.exec(name) ?? [];
  return storageTypes.get(stem ?? '') ?? null;
}

/** What a list of values is, for messages. */
export const kindsOf = (values: readonly Value[]): string => `(${values.slice(0, 8).map(kindOf).join(', ')})`;
