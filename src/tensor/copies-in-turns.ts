/** Copies of storages that are made in turns of the event loop, and read while they are made. */
import type { HostArray } from '../ops/ops.js';
import { ownTurn } from '../ops/turns.js';
import { uncleared } from './host-memory.js';
import type { Storage } from './storage.js';

/** Bytes that are copied in one turn of the event loop. */
const turnBytes = 1 << 20;

/** Memory for the copy of a storage, as long as there is the storage. */
export type CopyMemory = WeakMap<Storage, HostArray>;

/** A copy, and the number of its elements that are made; null before there is memory for it. */
interface Copy {
  array: HostArray | null;
  made: number;
}

export class CopiesInTurns {
  readonly #copies = new Map<Storage, Copy>();
  readonly #memory: CopyMemory;
  readonly #waiting: (() => void)[] = [];
  #failure: { readonly error: unknown } | null = null;
  /** Bytes that may still be copied in this turn. */
  #left = turnBytes;

  /** Copies are made in the order of `storages`, into what `memory` has of the last time: no one may read those any more. */
  constructor(storages: Iterable<Storage>, memory: CopyMemory) {
    this.#memory = memory;
    for (const storage of storages) this.#copies.set(storage, { array: null, made: 0 });
  }

  /**
   * Makes them, with the event loop free in between. Nothing may write to any of the storages meanwhile.
   * @throws ArgumentError when the machine will not give the memory.
   */
  async make(): Promise<void> {
    try {
      for (const [storage, copy] of this.#copies) {
        copy.array = this.#memory.get(storage) ?? (await this.#allocate(storage));
        await this.#fill(storage, copy, copy.array);
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      this.#wake();
    }
  }

  /** A copy in pieces, each as soon as it is made. @throws what {@link make} throws. */
  async *piecesOf(storage: Storage): AsyncGenerator<HostArray> {
    const copy = this.#copies.get(storage)!;
    for (let given = 0; given < storage.length; ) {
      if (this.#failure !== null) throw this.#failure.error;
      const { array, made } = copy;
      if (array !== null && made > given) yield array.subarray(given, made);
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
      given = made;
    }
  }

  /** Much memory has a turn for itself: V8 answers to each with a garbage collection. */
  async #allocate(storage: Storage): Promise<HostArray> {
    const array = uncleared(storage.dtype, storage.length);
    this.#memory.set(storage, array);
    if (array.byteLength >= turnBytes) await this.#nextTurn();
    return array;
  }

  async #fill(storage: Storage, copy: Copy, array: HostArray): Promise<void> {
    while (copy.made < array.length) {
      const elements = Math.max(1, Math.floor(this.#left / array.BYTES_PER_ELEMENT));
      const part = array.subarray(copy.made, copy.made + elements);
      storage.copyOut(part, copy.made);
      copy.made += part.length;
      this.#left -= part.byteLength;
      if (this.#left < array.BYTES_PER_ELEMENT) await this.#nextTurn();
    }
  }

  async #nextTurn(): Promise<void> {
    this.#wake();
    // A turn that is given at once is this one, which has been used.
    await (ownTurn() ?? ownTurn());
    this.#left = turnBytes;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
