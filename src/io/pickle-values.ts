/** What a pickle of a state dict is made of. */
import type { ElementName } from '../files/elements.js';

/** A tuple is an array. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | List
  | Dict
  | Global
  | TorchStorage
  | TorchTensor;

export class List {
  readonly items: Value[] = [];
}

/** A dict or an OrderedDict. */
export class Dict {
  readonly entries = new Map<string | number | boolean | null, Value>();
}

/** A name of Python that is known here. It stands for itself; there is nothing behind it. */
export class Global {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** Memory that tensors share: an entry of the zip file. */
export class TorchStorage {
  readonly key: string;
  /** Null: bytes, whose tensors say what they are. */
  readonly type: ElementName | null;
  /** Elements; bytes where there is no type. */
  readonly length: number;

  constructor(key: string, type: ElementName | null, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }
}

/** A tensor: a part of a storage, as its file describes it. Nothing of it is checked. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly type: ElementName;
  readonly offset: Value;
  readonly size: Value;
  readonly stride: Value;
  /** The byte of the pickle, for messages. */
  readonly at: number;

  constructor(storage: TorchStorage, type: ElementName, parts: readonly Value[], at: number) {
    this.storage = storage;
    this.type = type;
    [this.offset = null, this.size = null, this.stride = null] = parts;
    this.at = at;
  }
}

/** What a value is, in Python's words. */
export function kindOf(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an int' : 'a float';
  if (typeof value === 'string') return 'a str';
  if (value instanceof List) return 'a list';
  if (value instanceof Dict) return 'a dict';
  if (value instanceof TorchTensor) return 'a tensor';
  if (value instanceof TorchStorage) return 'a storage';
  return value instanceof Global ? String(value) : 'a tuple';
}
