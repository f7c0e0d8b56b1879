/**
 * What the code above the ops tells a tracer. `compile` runs a function once with {@link withTrace}, its ops
 * noted instead of run. Whatever the library itself reads and bakes into the program on the way (a mode, a
 * probability, whether there is a gradient) it tells the trace by {@link Trace.guard}, so that a later run can
 * see that it has changed; whatever it sets, by {@link Trace.sideEffect}, so that it can be taken back and set again. Modules have all their
 * fields guarded, those of a caller's classes too: {@link Trace.guardFields}.
 */

/** A trace in progress. */
export interface Trace {
  /** Whether attention is to be noted as the products and the softmax that it stands for. */
  readonly wantsPlainOps: boolean;
  /**
   * Notes a value that the program will depend on. `read` is called now, and again before each run; when the two differ
   * (by Object.is) the program does not fit any more. Owner and key name the value: it is noted once, and not at all
   * when the function has set it before. Returns whether it was noted now.
   */
  guard(owner: object, key: string, read: () => unknown): boolean;
  /**
   * Notes all enumerable fields of an object, once: which there are and what they hold. Plain objects and arrays are compared by what is in them.
   */
  guardFields(owner: object): void;
  /**
   * The same for an object whose `forward` is about to be called. The function that is returned ends it: fields in which `forward` only keeps
   * its results are told from those that it goes by.
   */
  watchFields(owner: object): () => void;
  /** Notes that the value of that owner and key is about to be set: it is when the function is called, so at each run. */
  sideEffect<T>(owner: object, key: string, read: () => T, write: (value: T) => void): void;
  /** Has `run` called before each run of the program; what it throws, the run throws, and nothing has moved. */
  check(run: () => void): void;
  /**
   * The error for what cannot be done while tracing: numbers do not exist.
   * @param what who asked: `item`; `instead` what to do about it.
   */
  refuse(what: string, instead?: string): Error;
}

let current: Trace | null = null;

/** The trace in progress, or null when ops compute. */
export function currentTrace(): Trace | null {
  return current;
}

/** Runs `run` with a trace in progress; null: as if there were none. */
export function withTrace<T>(next: Trace | null, run: () => T): T {
  const before = current;
  current = next;
  try {
    return run();
  } finally {
    current = before;
  }
}
