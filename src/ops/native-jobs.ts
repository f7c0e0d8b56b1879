/** Jobs in the addon: runs of a program, one after the other, on threads of the library's own. */
import { setImmediate } from 'node:timers';
import type { Job, JobCall } from './listing.js';
import type { NativeAddon, NativeSettle } from './load.js';
import { failure, type NativeJobs, sequenceHandleOf } from './native-programs.js';

/**
 * Hands a job to the addon. `done` settles, when the job is over, with what `finish` makes of it.
 * @throws ArgumentError when the addon refuses it
 */
function start<T>(
  submit: (settle: NativeSettle) => number,
  finish: (id: number, runs: number, error: Error | null) => T,
): { readonly id: number; readonly done: Promise<T> } {
  let id = 0;
  let settle: NativeSettle | undefined;
  const done = new Promise<T>((resolve, reject) => {
    settle = (runs, error) => {
      // The addon forgets the job when this returns, and nobody could catch what it throws.
      try {
        resolve(finish(id, runs, error));
      } catch (reason) {
        reject(failure(reason));
      }
    };
  });
  try {
    id = submit(settle!);
  } catch (error) {
    throw failure(error);
  }
  return { id, done };
}

/** A job of the addon as {@link Job}. */
class NativeJob implements Job {
  readonly done: Promise<number>;
  readonly #addon: NativeAddon;
  readonly #id: number;
  /** Made before the job is submitted, as its end must not depend on memory that there may not be. */
  readonly #sums: Float64Array;
  /** Whole runs, once the job is over. */
  #made: number | null = null;

  constructor(addon: NativeAddon, submit: (settle: NativeSettle) => number, { outputs }: JobCall) {
    this.#addon = addon;
    const sums = new Float64Array(outputs.length);
    this.#sums = sums;
    const { id, done } = start(submit, (over, runs, error) => {
      addon.jobProgress(over, sums);
      this.#made = runs;
      if (error !== null) throw error;
      if (runs > 0) addon.jobOutputs(over, outputs);
      return runs;
    });
    this.#id = id;
    this.done = done;
  }

  get runs(): number {
    return this.#made ?? this.#addon.jobProgress(this.#id, this.#sums);
  }

  progress(): { readonly runs: number; readonly sums: Float64Array } {
    const { runs } = this;
    return { runs, sums: this.#sums.slice() };
  }

  stop(): void {
    if (this.#made === null) this.#addon.stopJob(this.#id);
  }
}

/**
 * Has jobs that are over settled, one in a turn of the event loop: what awaits a job may go on for long, such as making the next
 * batch, and timers, I/O and signals are to have their turn before the next does.
 */
function settleInTurns(addon: NativeAddon): void {
  const settle = (): void => {
    if (addon.settleJob()) setImmediate(settle);
  };
  addon.openJobs(() => void setImmediate(settle));
}

/**
 * The jobs of an addon. They are stopped when the process, or the worker thread, begins to exit; the addon lets go of
 * them when the environment is torn down. A job that has not settled keeps the event loop alive.
 */
export function createJobs(addon: NativeAddon): NativeJobs {
  settleInTurns(addon);
  let hooked = false;
  /** At first use, so that a program that never trains has no listener. */
  const stopAtExit = (): void => {
    if (hooked) return;
    hooked = true;
    process.once('exit', () => addon.stopJobs());
  };
  return {
    submit(program, call) {
      stopAtExit();
      const { inputs, outputs, cells, keys, times, counter, threads, priority } = call;
      const background = priority === 'background';
      const sequence = call.sequence === null ? null : sequenceHandleOf(call.sequence);
      const submit = (settle: NativeSettle): number =>
        addon.submitJob(program, inputs, outputs, cells, keys, times, counter, threads, background, sequence, settle);
      return new NativeJob(addon, submit, call);
    },

    async shuffle(order, seed) {
      stopAtExit();
      const low = Number(BigInt.asUintN(32, seed));
      await start(
        (settle) => addon.submitShuffle(order, low, settle),
        (_id, _runs, error) => {
          if (error !== null) throw error;
        },
      ).done;
    },
  };
}
