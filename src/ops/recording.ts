/**
 * What the code above the ops tells a recorder. `compile` runs a function once with {@link withRecording}, its ops
 * noted instead of run; whatever the library itself reads and bakes into the program on the way (a mode, a
 * probability, whether there is a gradient) it hands to {@link observe}, so that a later run can see that it has changed.
 */

/** A recording in progress. */
export interface Recording {
  /**
   * Notes a value that the program will depend on. It is read now, and again before each run; when the two differ
   * (by Object.is) the program does not fit any more.
   */
  observe(read: () => unknown): void;
  /** The error for reading or drawing numbers, which do not exist while recording. `what` names who asked. */
  refuse(what: string): Error;
}

let current: Recording | null = null;

/** The recording in progress, or null when ops compute. */
export function recording(): Recording | null {
  return current;
}

/** Runs `run` with a recording in progress. */
export function withRecording<T>(next: Recording, run: () => T): T {
  const before = current;
  current = next;
  try {
    return run();
  } finally {
    current = before;
  }
}

/** Reads a value that a recorded program bakes in: noted when something is recording, else just read. */
export function observe<T>(read: () => T): T {
  current?.observe(read);
  return read();
}
