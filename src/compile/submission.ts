import { StateError } from '../errors.js';
import type { Job } from '../ops/graph.js';
import type { Runs } from './runs.js';

/** What a submission does with its program. */
export interface Owner<R> {
  readonly name: string;
  /** The runs are over; `made` of them were made. Allocates no memory, so it cannot fail when memory is short. */
  settle(made: number): void;
  /** What the last run returned. */
  result(): R;
}

/** A job of a program on its way. */
export class Submission<R> implements Runs<R> {
  readonly done: Promise<number>;
  readonly #job: Job;
  readonly #owner: Owner<R>;
  #made: number | null = null;

  constructor(job: Job, owner: Owner<R>) {
    this.#job = job;
    this.#owner = owner;
    this.done = job.done.then(
      (runs) => this.#settle(runs),
      (error: unknown) => {
        this.#settle(job.runs);
        throw error;
      },
    );
  }

  result(): R {
    if (this.#made === null || this.#made === 0)
      throw new StateError(`${this.#owner.name}: there is no result: no run is over`);
    return this.#owner.result();
  }

  progress(): { readonly runs: number; readonly sums: Float64Array } {
    return this.#job.progress();
  }

  stop(): void {
    this.#job.stop();
  }

  #settle(runs: number): number {
    this.#owner.settle(runs);
    this.#made = runs;
    return runs;
  }
}
