/** The share of a rank of batches that come one by one. */
import { createHash } from 'node:crypto';
import type { HostArray } from '../../ops/ops.js';
import { formatShape } from '../../tensor/shape.js';
import { Storage } from '../../tensor/storage.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Distribution } from './option.js';

/** Rows of one of this rank's parts, counted within its share. */
export interface PartRows {
  /** The number of the part among those of this rank. */
  readonly part: number;
  readonly start: number;
  readonly count: number;
}

/** A batch, as far as one rank has it. */
export interface Shared {
  /** Rows of all ranks. */
  readonly total: number;
  /** Where the share begins in the batch, and its rows; null: every rank has the whole batch. */
  readonly range: { readonly start: number; readonly count: number } | null;
  readonly parts: readonly PartRows[];
  /** What has to be the same on every rank, in a number. */
  readonly key: number;
}

export class BatchShare {
  readonly #distribution: Distribution;
  readonly #isTraining: boolean;
  /** Of a loader that gives shares only: what its next batches are, in their order. */
  #selected: { readonly total: number; readonly key: number }[] = [];

  /**
   * @param isTraining whether the parts of a batch have to have as many rows each: a batch of which that is not so is computed whole by every rank. Else the parts of a batch have
   * about as many.
   */
  constructor(distribution: Distribution, isTraining: boolean) {
    this.#distribution = distribution;
    this.#isTraining = isTraining;
  }

  /** What is passed to a DataLoader that begins: gives the samples that this rank reads. */
  begin(): (indices: Int32Array) => Int32Array {
    this.#selected = [];
    return (indices) => {
      this.#selected.push({ total: indices.length, key: hashOf(indices) });
      const range = this.#rangeOf(indices.length);
      // Of a batch without rows nothing could be made.
      if (range === null) return indices;
      return range.count === 0 ? indices.subarray(0, 1) : indices.subarray(range.start, range.start + range.count);
    };
  }

  /** The share of the batch that a loader has given next. */
  next(): Shared {
    const { total, key } = this.#selected.shift()!;
    return this.#describe(total, key);
  }

  /** The share of a whole batch. */
  of(total: number): Shared {
    return this.#describe(total, 0);
  }

  #describe(total: number, key: number): Shared {
    const range = this.#rangeOf(total);
    const { first, own } = this.#distribution;
    const parts = Array.from({ length: own }, (_, part) => {
      const [from, to] = [this.#start(first + part, total), this.#start(first + part + 1, total)];
      return { part, start: from - (range?.start ?? 0), count: to - from };
    });
    return { total, range, parts: range === null ? [] : parts, key };
  }

  #rangeOf(total: number) {
    const { parts, first, own } = this.#distribution;
    if (this.#isTraining && (total % parts !== 0 || total === 0)) return null;
    const start = this.#start(first, total);
    return { start, count: this.#start(first + own, total) - start };
  }

  /** Where a part begins. */
  #start(part: number, total: number): number {
    return Math.floor((part * total) / this.#distribution.parts);
  }
}

/** Rows of a tensor, without a copy. */
export function takeRows(tensor: Tensor, start: number, count: number): Tensor {
  const width = tensor.numel / (tensor.shape[0] || 1);
  const numbers = tensor.storage.read().subarray(start * width, (start + count) * width) as HostArray;
  return new Tensor(new Storage(tensor.dtype, numbers), [count, ...tensor.shape.slice(1)]);
}

/** A number for what a batch is: rows and samples of all ranks, and what its rows are like. */
export function keyOf({ total, key }: Shared, tensors: readonly Tensor[]): number {
  return hashOf(
    JSON.stringify([total, key, tensors.map(({ dtype, shape }) => `${dtype} ${formatShape(shape.slice(1))}`)]),
  );
}

/** 48 bits: a number has them all. */
function hashOf(what: string | Int32Array): number {
  const bytes = typeof what === 'string' ? what : new Uint8Array(what.buffer, what.byteOffset, what.byteLength);
  return createHash('sha256').update(bytes).digest().readUIntBE(0, 6);
}
