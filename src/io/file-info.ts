/** What a file said in addition to its tensors. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { StateDict } from '../nn/state-dict.js';
import type { DType } from '../ops/ops.js';

/** A tensor whose elements were of a type that lanewise does not compute with. */
export interface Conversion {
  /** The name of the tensor. */
  readonly name: string;
  /** The type in the file, by the name that safetensors gives it: `BF16`, `I64`. */
  readonly from: string;
  /** What the tensor has become. */
  readonly to: DType;
  /** Whether integers beyond 2^53 were among the numbers, which float64 cannot tell apart. */
  readonly rounded: boolean;
}

/** What {@link fileInfo} tells of a file. */
export interface FileInfo {
  /** What kind of file it was. */
  readonly format: 'safetensors' | 'pytorch' | 'tfjs' | 'brain.js';
  /** Of safetensors: `__metadata__`. An object without a prototype; empty when the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Every tensor that was converted, in the order of the file. */
  readonly converted: readonly Conversion[];
}

const known = new WeakMap<StateDict, FileInfo>();

export function noteInfo(state: StateDict, info: FileInfo): StateDict {
  known.set(state, info);
  return state;
}

/**
 * Format, metadata and conversions of the file that a state dict was loaded from.
 * @param state what `load`, `loadSync`, `deserialize` or `loadTfjs` gave: that object, not a copy of it.
 * @throws ArgumentError for any other object.
 */
export function fileInfo(state: StateDict): FileInfo {
  const info = known.get(state);
  if (info === undefined)
    throw new ArgumentError(`io.fileInfo: expected a state dict as io.load gave it, got ${show(state)}`);
  return info;
}
