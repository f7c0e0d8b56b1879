/** Reads the tensors of a safetensors file, each straight into its own memory. */
import { readElements } from '../files/elements.js';
import type { FileFacts, Reading } from '../files/source.js';
import type { StateDict } from '../nn/state-dict.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type Conversion, noteInfo } from './file-info.js';
import { readHeader } from './safetensors-header.js';

/** The tensors by name, in the order of the file. */
export function* readSafetensors(file: FileFacts): Reading<StateDict> {
  const { metadata, entries, dataStart } = yield* readHeader(file);
  const state: StateDict = Object.create(null);
  const converted: Conversion[] = [];
  for (const { name, type, shape, numel, begin } of entries) {
    const { dtype, array, rounded } = yield* readElements(type, numel, dataStart + begin);
    state[name] = new Tensor(new Storage(dtype, array), shape);
    if (!isNative.has(type)) converted.push({ name, from: type, to: dtype, rounded });
  }
  return noteInfo(state, { format: 'safetensors', metadata, converted });
}

/** Types that lanewise computes with as they are. */
export const isNative: ReadonlySet<string> = new Set(['F32', 'F64', 'I32']);
