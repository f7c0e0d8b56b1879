import type { Runs } from './runs.js';

/** Runs that are submitted one by one, since something has to be done on the event loop before each of them. */
export class RepeatedRuns<R> implements Runs<R> {
  readonly done: Promise<number>;
  #current: Runs<R>;
  #last: Runs<R>;
  #made = 0;
  #sums: Float64Array | null;
  #stopped = false;

  /**
   * @param sums what the outputs are added to; null: zeros.
   * @param submit begins run number `turn`; the first is begun at once.
   */
  constructor(times: number, sums: Float64Array | null, submit: (turn: number) => Runs<R>) {
    this.#sums = sums;
    this.#current = submit(0);
    this.#last = this.#current;
    this.done = this.#runAll(times, submit);
  }

  result(): R {
    return this.#last.result();
  }

  progress(): { runs: number; sums: Float64Array } {
    const sums = this.#sums ?? new Float64Array(this.#current.progress().sums.length);
    return { runs: this.#made, sums: sums.slice() };
  }

  stop(): void {
    this.#stopped = true;
    this.#current.stop();
  }

  async #runAll(times: number, submit: (turn: number) => Runs<R>): Promise<number> {
    for (;;) {
      const runs = await this.#current.done;
      if (runs === 0) return this.#made;
      const { sums } = this.#current.progress();
      this.#sums = this.#sums === null ? sums.slice() : this.#sums.map((sum, i) => sum + sums[i]!);
      this.#last = this.#current;
      this.#made++;
      if (this.#stopped || this.#made === times) return this.#made;
      this.#current = submit(this.#made);
    }
  }
}
