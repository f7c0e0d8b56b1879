/** Steps of batches that come one by one, made by several ranks: one behind the other, each after an agreement that all have the same batch. */
import { copied } from '../../functional/support.js';
import type { Cancellation } from '../cancellation.js';
import type { Piece } from '../stream.js';
import type { Failure, Ranks } from './ranks.js';

export class StreamSteps {
  readonly #ranks: Ranks;
  readonly #cancellation: Cancellation;
  readonly #make: (piece: Piece) => Promise<boolean>;
  #last: Promise<unknown> = Promise.resolve();
  /** Batches that have been taken. */
  #number = 0;
  #hasFailed = false;

  /** @param make makes the step of a batch that all ranks have; whether it was made. */
  constructor(ranks: Ranks, cancellation: Cancellation, make: (piece: Piece) => Promise<boolean>) {
    this.#ranks = ranks;
    this.#cancellation = cancellation;
    this.#make = make;
  }

  /** Makes a step behind those before it. Whether it was made; rejects with what has ended the training. */
  submit(given: Piece): Promise<boolean> {
    const number = this.#number++;
    // The next batch is asked for before this one reaches a program, which copies it: an iterator may fill the same memory.
    const piece = { ...given, tensors: given.tensors.map(copied) };
    const made = this.#last.then(async () => {
      if (this.#cancellation.isStopped) return false;
      await this.#ranks.agreeOnBatch(number, piece.key);
      return this.#cancellation.isStopped ? false : this.#make(piece);
    });
    this.#last = made;
    // Waited for by the caller, or not at all when the one before it fails.
    made.catch(() => {
      this.#hasFailed = true;
    });
    return made;
  }

  /** Has all ranks agree that there is no further batch, or that this one has failed to make it. */
  async end(failure: Failure | null): Promise<void> {
    await this.#last.catch(() => {});
    if (!this.#hasFailed && !this.#cancellation.isStopped) await this.#ranks.agreeOnBatch(this.#number, 0, failure);
  }
}
