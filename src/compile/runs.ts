/** Runs of a program off the event loop. */
import type { JobCall } from '../ops/graph.js';
import type { DynamicScalar } from '../ops/ops.js';
import type { Holder } from '../tensor/storage.js';
import type { RunSequence } from './run-sequence.js';

export interface SubmitOptions {
  /** How many runs. Default 1. */
  readonly times?: number;
  /** The dynamic scalar that goes up by 1 after each run, beginning at its value now. Default null: none. */
  readonly counter?: DynamicScalar | null;
  /** How many threads; null, the default, for the backend's number. */
  readonly threads?: number | null;
  /** `'background'` gives way to everything else on the machine. Default `'normal'`. */
  readonly priority?: JobCall['priority'];
  /** Who trains, for messages to those who write into what the program writes. Default: the name of the program. */
  readonly writer?: string;
  /** Who holds what the program writes, if it is the one who submits. Default null. */
  readonly holder?: Holder | null;
  /** What the runs belong to, with others of the same priority. Default null: they stand by themselves. */
  readonly sequence?: RunSequence | null;
  /** What {@link Runs.progress} adds the outputs to. Default null: zeros. */
  readonly sums?: Float64Array | null;
  /** Whether the result is asked for: when not, there is none, only progress. Default true. */
  readonly isWanted?: boolean;
}

/** Runs that are under way. */
export interface Runs<R> {
  /**
   * Settles with the number of runs that were made: all, or fewer after {@link stop}. Gradients, generators and modes are
   * then as after the last of them. Rejects with the error of the run that failed; those before it stand.
   */
  readonly done: Promise<number>;
  /** What the last run returned, if it is wanted. @throws StateError before `done`, and when no run was made. */
  result(): R;
  /** Whole runs so far, and for each output of one element the sum of its values over them, added to those that were given. */
  progress(): { readonly runs: number; readonly sums: Float64Array };
  /** No further run begins. */
  stop(): void;
}
