import type { JobSequence, ProgramFactory } from '../ops/graph.js';

/** Submissions that belong one behind the other: once one of them does not make all of its runs, those behind it make none. */
export class RunSequence {
  #jobs: JobSequence | null = null;

  /** For a job on that backend. */
  jobsOf(factory: ProgramFactory): JobSequence {
    if (this.#jobs?.factory !== factory) this.#jobs = factory.createSequence();
    return this.#jobs;
  }
}
