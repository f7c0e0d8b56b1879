/** What ends a training before its time, whatever it is waiting for. */

import { onAbort } from './abort.js';

/** What {@link Cancellation.race} throws when the time is up, for the callers that unwind. */
export const timeIsUp = Symbol('time is up');

/** How long an aborted training waits for a callback that it is in. */
const graceMilliseconds = 30;

/** Stops by a signal, a time limit, or an error of the caller's own code that runs meanwhile. */
export class Cancellation {
  readonly #forget: (() => void) | null;
  readonly #timer: NodeJS.Timeout | null;
  readonly #stops = new Set<() => void>();
  #waiting = 0;
  #end: { readonly reason: unknown } | null = null;
  #isAborted = false;
  /** What this rank wants, of a training that several ranks have to end after the same step. */
  #request: { readonly kind: 'abort' | 'time' | 'error'; readonly reason: unknown } | null = null;
  readonly #isDeferred: boolean;

  /** @param timeLimit in seconds. @param isDeferred whether it stops only when {@link act} is called, by what all ranks want. */
  constructor(signal: AbortSignal | null, timeLimit: number | null, isDeferred = false) {
    this.#isDeferred = isDeferred;
    const abort = () => {
      if (isDeferred) this.#request ??= { kind: 'abort', reason: signal?.reason };
      else this.#isAborted = this.#end === null;
      this.stop(signal?.reason);
    };
    this.#forget = signal === null ? null : onAbort(signal, abort);
    // No timer can wait longer: 24 days.
    const milliseconds = timeLimit === null ? null : Math.min(timeLimit * 1000, 2 ** 31 - 1);
    this.#timer = milliseconds === null ? null : setTimeout(() => this.stop(timeIsUp), milliseconds).unref();
    if (signal?.aborted) abort();
  }

  /** Whether it has been stopped. */
  get isStopped(): boolean {
    return this.#end !== null;
  }

  /** Whether it was the signal. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** Whether it was the time that was up. */
  get isTimeUp(): boolean {
    return this.#end?.reason === timeIsUp;
  }

  /** @throws the reason, once it has been stopped. */
  check(): void {
    if (this.#end !== null) throw this.#end.reason;
  }

  /** What is to end it and has not yet, of a training on several ranks. */
  get requested(): 'abort' | 'time' | 'error' | null {
    return this.#end === null ? (this.#request?.kind ?? null) : null;
  }

  /** The error that is to end it, if it is one. */
  get failure(): { readonly error: unknown } | null {
    return this.#request?.kind === 'error' ? { error: this.#request.reason } : null;
  }

  /** The first reason counts. */
  stop(reason: unknown): void {
    if (this.#isDeferred) this.#request ??= { kind: reason === timeIsUp ? 'time' : 'error', reason };
    else this.act(reason);
  }

  /** Stops it now: by what this rank wanted, or by that reason. @param isAborted whether a signal is behind it. */
  act(given: unknown, isAborted = false): void {
    if (this.#end !== null) return;
    this.#isAborted ||= isAborted;
    const reason = isAborted && this.#request?.kind === 'abort' ? this.#request.reason : given;
    this.#end = { reason };
    for (const stop of this.#stops) stop();
  }

  /** Has `stop` called when it is stopped, or now if it has been. Returns what takes it back. */
  onStop(stop: () => void): () => void {
    if (this.#end !== null) stop();
    this.#stops.add(stop);
    return () => this.#stops.delete(stop);
  }

  /** What `promise` gives, unless it is stopped before: then it throws the reason. */
  race<T>(promise: PromiseLike<T> | T): Promise<T> {
    // Not Promise.race: a promise that lives as long as the training would keep something of every step.
    return new Promise((resolve, reject) => {
      const release = this.onStop(() => reject(this.#end?.reason));
      this.#wait(1);
      const settle = () => {
        this.#wait(-1);
        release();
      };
      Promise.resolve(promise).then(resolve, reject).finally(settle);
    });
  }

  /**
   * What a callback gives that is waited for also when the time is up. When an aborted one takes longer than
   * {@link graceMilliseconds}, the reason is thrown without waiting for it.
   */
  grace<T>(callback: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const release = this.onStop(() => {
        if (!this.isTimeUp) timer = setTimeout(() => reject(this.#end?.reason), graceMilliseconds);
      });
      const settle = () => {
        clearTimeout(timer);
        release();
      };
      callback.then(resolve, reject).finally(settle);
    });
  }

  /**
   * Counts who waits for what may never come. Meanwhile the time limit is what the process lives for, or it would end before the
   * training does; else not, so that a training that is not continued holds up nothing.
   */
  #wait(by: number): void {
    this.#waiting += by;
    if (this.#waiting > 0) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** Runs what the caller has given at a moment when nothing awaits it; what it throws ends the training. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.stop(error);
    }
  }

  /**
   * Ends the training when what a function of the caller's has returned is a promise and rejects: TypeScript takes async functions
   * where nothing waits for them, and an unhandled rejection ends the process.
   */
  watch(returned: unknown): void {
    Promise.resolve(returned).catch((error: unknown) => this.stop(error));
  }

  /** Releases signal and timer. */
  dispose(): void {
    this.#forget?.();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
