/** Jobs in the addon: runs of a program, one after the other, on threads of the library's own. */
import type { Job } from './graph.js';
import type { NativeAddon, NativeSettle } from './load.js';
import { failure, type NativeJobs, sequenceHandleOf } from './native-programs.js';
import type { HostArray } from './ops.js';
import { comeNextTurn, settleJobsBy } from './turns.js';

const nothing: readonly HostArray[] = [];

/** A job of the addon as {@link Job}. */
class NativeJob implements Job {
  readonly done: Promise<number>;
  readonly #addon: NativeAddon;
  readonly #id: number;
  readonly #outputs: readonly HostArray[];
  /** Made before the job is submitted, as its end must not depend on memory that there may not be. */
  readonly #sums: Float64Array;
  readonly #ended: () => void;
  #resolve!: (made: number) => void;
  #reject!: (reason: unknown) => void;
  /** Whole runs, once the job is over. */
  #made: number | null = null;

  /**
   * @param submit hands it to the addon.
   * @param outputs what the last run put out is copied there.
   * @param sums how many.
   * @param ended called when it is over, before `done` settles.
   * @throws ArgumentError when the addon refuses it
   */
  constructor(
    addon: NativeAddon,
    submit: (settle: NativeSettle) => number,
    outputs: readonly HostArray[],
    sums: number,
    ended: () => void,
  ) {
    this.#addon = addon;
    this.#outputs = outputs;
    this.#sums = new Float64Array(sums);
    this.#ended = ended;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    try {
      this.#id = submit((runs, error) => this.#settle(runs, error));
    } catch (error) {
      throw failure(error);
    }
  }

  /** The addon forgets the job when this returns, and what it throws could not be caught. */
  #settle(runs: number, error: Error | null): void {
    try {
      this.#addon.jobProgress(this.#id, this.#sums);
      this.#made = runs;
      if (error !== null) throw error;
      if (runs > 0 && this.#outputs.length > 0) this.#addon.jobOutputs(this.#id, this.#outputs);
      this.#resolve(runs);
    } catch (reason) {
      this.#reject(failure(reason));
    }
    this.#ended();
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
 * The jobs of an addon. They are stopped when the process, or the worker thread, begins to exit; the addon releases
 * them when the environment is torn down. A job that has not settled keeps the event loop alive.
 */
export function createJobs(addon: NativeAddon): NativeJobs {
  // What awaits a job may go on for long, such as making the next batch: timers, I/O and signals come before the next job is settled.
  settleJobsBy((comesAgain) => addon.settleJob(comesAgain));
  addon.openJobs(comeNextTurn);
  let hooked = false;
  /** At first use, so that a program that never trains has no listener. */
  const stopAtExit = (): void => {
    if (hooked) return;
    hooked = true;
    process.once('exit', () => addon.stopJobs());
  };
  return {
    submit(program, call, ended) {
      stopAtExit();
      const { inputs, outputs, isWanted, dynamicScalars, keys, times, counter, threads, priority } = call;
      const background = priority === 'background';
      const sequence = call.sequence === null ? null : sequenceHandleOf(call.sequence);
      const sums = call.sums ?? null;
      return new NativeJob(
        addon,
        (settle) =>
          addon.submitJob(
            program,
            inputs,
            outputs,
            dynamicScalars,
            keys,
            times,
            counter,
            threads,
            background,
            sequence,
            settle,
            sums,
          ),
        isWanted ? outputs : nothing,
        outputs.length,
        ended,
      );
    },

    async shuffle(order, seed) {
      stopAtExit();
      const low = Number(BigInt.asUintN(32, seed));
      await new NativeJob(
        addon,
        (settle) => addon.submitShuffle(order, low, settle),
        nothing,
        0,
        () => {},
      ).done;
    },
  };
}
