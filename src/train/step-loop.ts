/** Making the steps of an epoch: as one job where nothing has to run between them, else one by one. */
import type { DynamicScalar } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Cancellation } from './cancellation.js';
import type { Ranks } from './distributed/ranks.js';
import type { MakeStep } from './distributed/sharing.js';
import { StreamSteps } from './distributed/stream-steps.js';
import type { EpochRun, Submitted } from './epoch-run.js';
import type { Scores } from './history.js';
import type { InMemoryDataset, Part } from './in-memory-dataset.js';
import type { Lock } from './lock.js';
import type { Settings } from './options.js';
import { StepSchedulers } from './schedulers.js';
import type { StepProgram } from './steps.js';
import type { Piece, StreamedData } from './stream.js';

/** A step on its way, and what belongs to it. */
interface Pending extends Submitted {
  /** Of each parameter group, for `onStep`. */
  readonly lr: readonly number[];
  /** Takes back what schedulers have done after it, for a step that is not made. */
  readonly undo: (() => void) | null;
}

const noRates: readonly number[] = [];

/** What is to happen between two steps of a training: checkpoints. */
export interface Boundaries {
  /** How many more steps may be made after this many in all; from 1 on. */
  stepsLeft(total: number): number;
  /** Whether it is time after this many steps in all. */
  isDue(total: number): boolean;
  /** Has `interrupt` called when it becomes time, until the function that it returns is called. */
  onDue(interrupt: () => void): () => void;
  /** Does it. No step is on its way. */
  reached(): Promise<void>;
}

export class StepLoop {
  readonly #settings: Settings;
  readonly #cancellation: Cancellation;
  readonly #lock: Lock;
  readonly #schedulers: StepSchedulers;
  /** How many steps may be on their way: what onStep sets is to hold for the next. */
  readonly #mostInFlight: number;
  readonly #boundaries: Boundaries | null;
  /** Null where one process makes the steps. */
  readonly #ranks: Ranks | null;
  /** Steps made in this epoch, and in those before it. */
  #made = 0;
  #before = 0;
  #isUndone = false;

  /** @param boundaries what is to happen between steps; null: nothing. */
  constructor(
    settings: Settings,
    cancellation: Cancellation,
    lock: Lock,
    boundaries: Boundaries | null,
    ranks: Ranks | null,
  ) {
    this.#ranks = ranks;
    this.#boundaries = boundaries;
    this.#lock = lock;
    this.#settings = settings;
    this.#cancellation = cancellation;
    this.#schedulers = new StepSchedulers(settings.schedulers, settings.optimizer);
    this.#mostInFlight = settings.onStep === null ? 2 : 1;
  }

  /** Steps made in all. */
  get total(): number {
    return this.#before + this.#made;
  }

  /** Steps are counted from 1 again, or from where an epoch stood that is taken up again. */
  beginEpoch(made = 0, total = this.total): void {
    this.#before = total - made;
    this.#made = made;
  }

  /**
   * Steps over data that lie where programs compute.
   * @param advance is told how many steps were made.
   */
  async inMemory(
    epoch: number,
    epochRun: EpochRun,
    data: InMemoryDataset,
    parts: readonly Part[],
    advance: (made: number) => void,
  ): Promise<void> {
    for (const part of parts) {
      const counter = part.rows === this.#settings.batchSize ? data.counter : null;
      for (let { first, steps } = part; steps > 0; ) {
        if (this.#boundaries?.isDue(this.total) === true) await this.#boundaries.reached();
        if (this.#cancellation.isStopped) return;
        const most = Math.min(steps, this.#boundaries?.stepsLeft(this.total) ?? steps);
        const made = await this.#some(epoch, epochRun, { ...part, first, steps: most }, counter, advance);
        first += made;
        steps -= made;
      }
    }
    if (!this.#cancellation.isStopped && this.#boundaries?.isDue(this.total) === true) await this.#boundaries.reached();
  }

  /** Makes the steps of a part, or fewer when something is to happen before. */
  async #some(
    epoch: number,
    epochRun: EpochRun,
    part: Part,
    counter: { value: number } | null,
    advance: (made: number) => void,
  ): Promise<number> {
    if (part.make !== null) return this.#withOthers(epoch, epochRun, part, advance);
    if (this.#settings.onStep !== null || !this.#schedulers.isEmpty)
      return this.#oneByOne(epoch, epochRun, part, counter, advance);
    if (counter !== null) counter.value = part.first;
    const submitted = epochRun.submitAll(part.program, part.rows, part.steps, counter);
    const release = this.#boundaries?.onDue(() => submitted.runs.stop());
    try {
      const made = await epochRun.finish(submitted);
      this.#made += made;
      advance(made);
      return made;
    } finally {
      release?.();
    }
  }

  /** Steps over batches that come one by one. */
  async stream(epoch: number, epochRun: EpochRun, data: StreamedData): Promise<void> {
    const { stepsPerEpoch } = this.#settings;
    const boundaries = this.#boundaries;
    const common = {
      most: stepsPerEpoch === null ? undefined : stepsPerEpoch - this.#made,
      ...(boundaries === null
        ? {}
        : {
            boundary: {
              isDue: (submitted: number) => boundaries.isDue(this.total + submitted),
              reached: () => boundaries.reached(),
            },
          }),
    };
    if (this.#ranks === null)
      return data.run(this.#cancellation, {
        ...common,
        submit: ({ program, tensors, rows }) => this.#submit(epochRun, program, tensors, rows),
        finish: (submitted: Pending) => this.#finish(epoch, epochRun, submitted),
        mostInFlight: this.#mostInFlight,
      });
    const steps = new StreamSteps(this.#ranks, this.#cancellation, (piece) => this.#ofStream(epoch, epochRun, piece));
    return data.run(this.#cancellation, {
      ...common,
      // The next batch is made while a step is.
      submit: (piece) => steps.submit(piece),
      finish: (made) => made,
      ended: (failure) => steps.end(failure),
      mostInFlight: this.#mostInFlight,
    });
  }

  /** A step of a batch that all ranks have. */
  async #ofStream(epoch: number, epochRun: EpochRun, { program, tensors, rows, sharing }: Piece): Promise<boolean> {
    if (sharing === null) return this.#finish(epoch, epochRun, this.#submit(epochRun, program, tensors, rows));
    await this.#together(epoch, epochRun, program, rows, (submit, explain) =>
      sharing.make(program, tensors, submit, explain),
    );
    return true;
  }

  /** A step that several ranks make together. */
  async #together(
    epoch: number,
    epochRun: EpochRun,
    program: StepProgram,
    rows: number,
    make: MakeStep,
  ): Promise<void> {
    const { onStep, optimizer } = this.#settings;
    const lr = onStep === null ? noRates : optimizer.paramGroups.map((group) => group.lr);
    const scores = await epochRun.makeShared(program, rows, make);
    if (!this.#schedulers.isEmpty) this.#schedulers.step();
    this.#made++;
    this.#tell(epoch, scores, lr);
  }

  async #oneByOne(
    epoch: number,
    epochRun: EpochRun,
    part: Part,
    counter: { value: number } | null,
    advance: (made: number) => void,
  ): Promise<number> {
    const inFlight: Pending[] = [];
    let made = 0;
    const finishOne = async (): Promise<void> => {
      if (!(await this.#finish(epoch, epochRun, inFlight.shift()!))) return;
      made++;
      advance(1);
    };
    for (let step = 0; step < part.steps && !this.#cancellation.isStopped; step++) {
      while (inFlight.length >= this.#mostInFlight) await finishOne();
      // Steps are few enough that none is due; but the time may have come.
      const isDue = step > 0 && this.#boundaries?.isDue(this.total + inFlight.length) === true;
      if (this.#cancellation.isStopped || isDue) break;
      if (counter !== null) counter.value = part.first + step;
      inFlight.push(this.#submit(epochRun, part.program, [], part.rows, counter));
    }
    while (inFlight.length > 0) await finishOne();
    return made;
  }

  /** Steps that several ranks make together. */
  async #withOthers(epoch: number, epochRun: EpochRun, part: Part, advance: (made: number) => void): Promise<number> {
    const { program, rows, first, make } = part;
    let made = 0;
    while (made < part.steps && !this.#cancellation.isStopped) {
      if (made > 0 && this.#boundaries?.isDue(this.total) === true) break;
      await this.#together(epoch, epochRun, program, rows, (...step) => {
        // Counted before the caller hears of it.
        const result = make!(first + made)(...step);
        return result.then((done) => {
          made++;
          advance(1);
          return done;
        });
      });
    }
    return made;
  }

  #submit(
    epochRun: EpochRun,
    program: StepProgram,
    inputs: readonly Tensor[],
    rows: number,
    counter: DynamicScalar | null = null,
  ): Pending {
    const { onStep, optimizer } = this.#settings;
    const lr = onStep === null ? noRates : optimizer.paramGroups.map((group) => group.lr);
    const { runs } = epochRun.submit(program, inputs, rows, counter);
    // The step has read its rates, so that the next can be got ready while it is made.
    const undo = this.#schedulers.isEmpty ? null : this.#schedulers.step();
    return { program, runs, rows, goesOn: false, lr, undo };
  }

  /** Waits for a step; whether it was made. */
  async #finish(epoch: number, epochRun: EpochRun, pending: Pending): Promise<boolean> {
    let made = 0;
    try {
      made = await epochRun.finish(pending);
    } finally {
      // The first that is not made takes those behind it back as well.
      if (made === 0 && !this.#isUndone) {
        this.#isUndone = true;
        pending.undo?.();
      }
    }
    if (made === 0) return false;
    this.#made++;
    if (this.#settings.onStep !== null) this.#tell(epoch, epochRun.scoresOf(pending), pending.lr);
    return true;
  }

  #tell(epoch: number, { loss, metrics }: Scores, lr: readonly number[]): void {
    const { onStep } = this.#settings;
    if (onStep === null) return;
    const tell = () => this.#cancellation.watch(onStep({ epoch, step: this.#made, loss, metrics, lr }));
    this.#lock.open();
    try {
      // What it throws on one of several ranks ends the training on all, after the same step.
      if (this.#ranks === null) tell();
      else this.#cancellation.guard(tell);
    } finally {
      this.#lock.close();
    }
  }
}
