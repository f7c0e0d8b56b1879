/** Calls off the event loop that run one behind the other, and what becomes of those behind one that fails. */
import { StateError } from '../errors.js';
import { isError } from '../realm.js';

interface Waiting {
  /** What a call before it failed with, that had not settled when this one was made. */
  failure: { readonly error: unknown } | null;
}

export class CallQueue {
  readonly #name: string;
  readonly #waiting = new Set<Waiting>();
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** @param name what messages call the function. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Calls that have not settled. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Runs `run` once all calls before it have settled; at once when there is none.
   * @param run is given a function that throws a StateError when one of them has failed.
   */
  add<T>(run: (assertNoneFailed: () => void) => Promise<T>): Promise<T> {
    const waiting: Waiting = { failure: null };
    let isCancelled = false;
    const assertNoneFailed = () => {
      if (waiting.failure === null) return;
      isCancelled = true;
      // The failure itself is reported by the call that failed: a caller who stops there leaves nothing unhandled.
      given.catch(() => {});
      throw this.#cancelled(waiting.failure.error);
    };
    const attempt = async (): Promise<T> => {
      this.#waiting.delete(waiting);
      try {
        return await run(assertNoneFailed);
      } catch (error) {
        if (!isCancelled) for (const each of this.#waiting) each.failure ??= { error };
        throw error;
      } finally {
        this.#pending--;
      }
    };
    this.#pending++;
    this.#waiting.add(waiting);
    const settled = this.#pending === 1 ? attempt() : this.#last.then(attempt);
    this.#last = settled.catch(() => {});
    // A promise that nothing handles yet, so that Node reports a failure that the caller does not look at.
    const given = settled.then((result) => result);
    return given;
  }

  #cancelled(cause: unknown): StateError {
    const why = isError(cause) ? `: ${cause.message}` : '';
    return new StateError(`${this.#name}: this call was not made, since one before it failed${why}`, { cause });
  }
}
