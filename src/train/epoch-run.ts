/** A run over the data of an epoch: jobs that are submitted one after the other, and the sums that come of them. */
import { RunSequence } from '../compile/run-sequence.js';
import type { Runs, SubmitOptions } from '../compile/runs.js';
import type { DynamicScalar } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Cancellation } from './cancellation.js';
import type { MakeStep } from './distributed/sharing.js';
import type { Scores } from './history.js';
import type { Scoring, Totals } from './scoring.js';
import type { StepProgram } from './steps.js';
import { Tallies } from './tallies.js';

/** Steps that have been submitted. */
export interface Submitted {
  readonly program: StepProgram;
  readonly runs: Runs<Tensor[]>;
  /** Rows in the batch of each. */
  readonly rows: number;
  /** Whether the sums of the runs begin with those of the steps before. */
  readonly goesOn: boolean;
}

/** Who submits, and how. */
export interface EpochRunOptions {
  readonly cancellation: Cancellation;
  readonly submit: Pick<SubmitOptions, 'threads' | 'priority' | 'writer' | 'holder'>;
  /** What the steps put out. */
  readonly scoring: Scoring;
  /** What the caller is told about the error of a run, that of the step of this number, counted from 1. */
  readonly explain: (error: unknown, step: number) => unknown;
}

export class EpochRun {
  readonly #options: EpochRunOptions;
  readonly #submit: SubmitOptions;
  /** One run that belongs behind the one before it. Made once: what is made for each step is part of what a small step takes. */
  readonly #step: SubmitOptions;
  /** What has not been added up. */
  readonly #active = new Map<Submitted['runs'], Submitted>();
  readonly #tallies: Tallies;
  readonly #sequence = new RunSequence();
  #steps: number;
  #samples: number;
  readonly #release: () => void;

  /** @param before what the steps that were made of it before have given, of an epoch that is taken up again. */
  constructor(options: EpochRunOptions, before: Totals | null = null) {
    this.#options = options;
    this.#submit = { ...options.submit, isWanted: false };
    this.#step = { ...this.#submit, sequence: this.#sequence };
    this.#tallies = before?.tallies ?? new Tallies();
    this.#steps = before?.steps ?? 0;
    this.#samples = before?.samples ?? 0;
    this.#release = options.cancellation.onStop(() => this.#stop());
  }

  /**
   * Submits steps over data that lie where programs compute, that many rows each. None may be on its way: their sums go on from those of
   * the steps before.
   */
  submitAll(program: StepProgram, rows: number, times: number, counter: DynamicScalar | null): Submitted {
    const sums = this.#tallies.sumsOf(this.#options.scoring.kindOf(program));
    return this.#follow(program, program.submit([], { ...this.#submit, times, counter, sums }), rows, true);
  }

  /** Submits a step that may come before the one before it is over: none is made behind one that was not. */
  submit(
    program: StepProgram,
    inputs: readonly Tensor[],
    rows: number,
    counter: DynamicScalar | null = null,
  ): Submitted {
    return this.#follow(
      program,
      program.submit(inputs, counter === null ? this.#step : { ...this.#step, counter }),
      rows,
      false,
    );
  }

  #follow(program: StepProgram, runs: Submitted['runs'], rows: number, goesOn: boolean): Submitted {
    const submitted = { program, runs, rows, goesOn };
    this.#active.set(runs, submitted);
    // Waited for by finish, or not at all when the training ends before.
    runs.done.catch(() => {});
    return submitted;
  }

  /**
   * Waits for steps and adds them up. Returns how many were made: all, unless the training was stopped.
   * @throws the error of a step.
   */
  async finish(submitted: Submitted): Promise<number> {
    const { explain } = this.#options;
    const { runs } = submitted;
    try {
      const made = await runs.done;
      this.#steps += made;
      this.#samples += made * submitted.rows;
      this.#tally(this.#tallies, submitted, made, runs.progress().sums);
      this.#active.delete(runs);
      return made;
    } catch (error) {
      throw explain(error, this.#steps + runs.progress().runs + 1);
    }
  }

  /** Makes a step together with other ranks, and adds it up. @throws the error of the step. */
  async makeShared(program: StepProgram, rows: number, make: MakeStep): Promise<Scores> {
    const { submit, scoring, explain } = this.#options;
    const step = this.#steps + 1;
    const { kind, sums } = await make(submit, (error) => explain(error, step));
    this.#steps++;
    this.#samples += rows;
    this.#tallies.add(kind, 1, sums);
    return scoring.scoresOfStep(program, sums);
  }

  /** The scores of one step that was made. */
  scoresOf({ program, runs }: Submitted): Scores {
    return this.#options.scoring.scoresOfStep(program, runs.progress().sums);
  }

  /** What has been added up, and what jobs in progress have made by now. */
  totals(): Totals {
    const totals = { steps: this.#steps, samples: this.#samples, tallies: this.#tallies.copy() };
    for (const submitted of this.#active.values()) {
      const { runs: made, sums } = submitted.runs.progress();
      totals.steps += made;
      totals.samples += made * submitted.rows;
      this.#tally(totals.tallies, submitted, made, sums);
    }
    return totals;
  }

  /** Ends the run: resolves when no job is left. */
  async end(): Promise<void> {
    this.#stop();
    await Promise.allSettled([...this.#active.keys()].map(({ done }) => done));
    this.#release();
  }

  #tally(tallies: Tallies, { program, goesOn }: Submitted, made: number, sums: Float64Array): void {
    if (made === 0) return;
    const kind = this.#options.scoring.kindOf(program);
    if (goesOn) tallies.replace(kind, made, sums);
    else tallies.add(kind, made, sums);
  }

  #stop(): void {
    for (const runs of this.#active.keys()) runs.stop();
  }
}
