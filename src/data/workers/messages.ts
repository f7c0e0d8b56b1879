/** What loader and worker tell each other. */
import type { DType, HostArray } from '../../ops/ops.js';
import { isArray, isPlainObject } from '../../realm.js';
import type { Shape } from '../../tensor/shape.js';
import { Storage } from '../../tensor/storage.js';
import { Tensor } from '../../tensor/tensor.js';

/** How a dataset is made anywhere: what the export of a module gives for arguments. */
export interface DatasetSource {
  readonly url: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The datasets that a worker makes, and whether the loader has them one behind the other in a ConcatDataset. */
export interface Sources {
  readonly all: readonly DatasetSource[];
  readonly areJoined: boolean;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly sources: Sources;
  readonly id: number;
  readonly numWorkers: number;
  readonly seed: bigint;
  readonly backend: string;
  /** Names of exports; null: none. */
  readonly collateFn: string | null;
  readonly workerInitFn: string | null;
  /** Whether samples are wanted, of which the loader makes the batch. */
  readonly asSamples: boolean;
}

/** A batch to be made. */
export interface Order {
  readonly ticket: number;
  readonly seed: bigint;
  readonly indices: Int32Array;
}

/** What a worker answers; an error of no ticket is one of its start. */
export type Answer =
  | { readonly ticket: number; readonly batch: Packed }
  | { readonly ticket: number | null; readonly error: SentError };

/** An error that goes through a structured clone: which of the library's classes it has, and itself where it can be sent. */
export interface SentError {
  readonly kind: string;
  readonly message: string;
  readonly cause: unknown;
}

/** A value in which tensors have become arrays: a tensor, a list, an object, or anything else. */
export type Packed =
  | { readonly t: { readonly dtype: DType; readonly shape: Shape; readonly array: HostArray } }
  | { readonly a: readonly Packed[] }
  | { readonly o: readonly (readonly [string, Packed])[] }
  | { readonly v: unknown };

/** What contains itself ends here. */
const mostDepth = 32;

/**
 * A value, ready to be sent, with the buffers that are handed over.
 * @param isOwn whether no one else uses the tensors: otherwise their numbers are copied first
 */
export function pack(value: unknown, isOwn: boolean): { packed: Packed; transfer: ArrayBuffer[] } {
  const transfer = new Set<ArrayBuffer>();
  const go = (part: unknown, depth: number): Packed => {
    if (part instanceof Tensor) {
      const numbers = part.storage.read();
      const { buffer } = numbers;
      // Tensors have no shared memory (host-view.ts).
      const isWhole = isOwn && buffer.byteLength === numbers.byteLength;
      const array = isWhole && !transfer.has(buffer as ArrayBuffer) ? numbers : numbers.slice();
      transfer.add(array.buffer as ArrayBuffer);
      return { t: { dtype: part.dtype, shape: part.shape, array } };
    }
    if (depth < mostDepth && isArray(part)) return { a: part.map((each) => go(each, depth + 1)) };
    if (depth < mostDepth && isPlainObject(part))
      return { o: Object.entries(part).map(([key, each]) => [key, go(each, depth + 1)] as const) };
    return { v: part };
  };
  return { packed: go(value, 0), transfer: [...transfer] };
}

/** The opposite of {@link pack}: tensors take the arrays over. */
export function unpack(packed: Packed): unknown {
  if ('t' in packed) return new Tensor(new Storage(packed.t.dtype, packed.t.array), packed.t.shape);
  if ('a' in packed) return packed.a.map(unpack);
  if ('o' in packed) return Object.fromEntries(packed.o.map(([key, each]) => [key, unpack(each)]));
  return packed.v;
}
