/** Making the steps of an epoch: as one job where nothing has to run between them, else one by one. */
import type { DynamicScalar } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Cancellation } from './cancellation.js';
import type { EpochRun, Submitted } from './epoch-run.js';
import type { InMemoryDataset, Part } from './in-memory-dataset.js';
import type { Lock } from './lock.js';
import type { Settings } from './options.js';
import { StepSchedulers } from './schedulers.js';
import type { StepProgram } from './steps.js';
import type { StreamedData } from './stream.js';

/** A step on its way, and what belongs to it. */
interface Pending extends Submitted {
  /** Of each parameter group, for `onStep`. */
  readonly lr: readonly number[];
  /** Takes back what schedulers have done after it, for a step that is not made. */
  readonly undo: (() => void) | null;
}

const noRates: readonly number[] = [];

export class StepLoop {
  readonly #settings: Settings;
  readonly #cancellation: Cancellation;
  readonly #lock: Lock;
  readonly #schedulers: StepSchedulers;
  /** How many steps may be on their way: what onStep sets is to hold for the next. */
  readonly #mostInFlight: number;
  #made = 0;
  #isUndone = false;

  constructor(settings: Settings, cancellation: Cancellation, lock: Lock) {
    this.#lock = lock;
    this.#settings = settings;
    this.#cancellation = cancellation;
    this.#schedulers = new StepSchedulers(settings.schedulers, settings.optimizer);
    this.#mostInFlight = settings.onStep === null ? 2 : 1;
  }

  /** Steps are counted from 1 again. */
  beginEpoch(): void {
    this.#made = 0;
  }

  /** Steps over data that lie where programs compute. */
  async inMemory(epoch: number, epochRun: EpochRun, data: InMemoryDataset, parts: readonly Part[]): Promise<void> {
    const oneByOne = this.#settings.onStep !== null || !this.#schedulers.isEmpty;
    for (const part of parts) {
      if (this.#cancellation.isStopped) return;
      const counter = part.rows === this.#settings.batchSize ? data.counter : null;
      if (counter !== null) counter.value = part.first;
      if (oneByOne) await this.#oneByOne(epoch, epochRun, part, counter);
      else await epochRun.finish(epochRun.submitAll(part.program, part.rows, part.steps, counter));
    }
  }

  /** Steps over batches that come one by one. */
  async stream(epoch: number, epochRun: EpochRun, data: StreamedData): Promise<void> {
    await data.run(
      this.#cancellation,
      (program, tensors, rows) => this.#submit(epochRun, program, tensors, rows),
      (submitted) => this.#finish(epoch, epochRun, submitted as Pending),
      this.#mostInFlight,
      this.#settings.stepsPerEpoch ?? undefined,
    );
  }

  /** Submits batches that only the epoch run is interested in. */
  plain(epochRun: EpochRun): (program: StepProgram, tensors: readonly Tensor[], rows: number) => Submitted {
    return (program, tensors, rows) => epochRun.submit(program, tensors, rows);
  }

  async #oneByOne(epoch: number, epochRun: EpochRun, part: Part, counter: { value: number } | null): Promise<void> {
    const inFlight: Pending[] = [];
    for (let step = 0; step < part.steps && !this.#cancellation.isStopped; step++) {
      while (inFlight.length >= this.#mostInFlight) await this.#finish(epoch, epochRun, inFlight.shift()!);
      if (this.#cancellation.isStopped) break;
      if (counter !== null) counter.value = part.first + step;
      inFlight.push(this.#submit(epochRun, part.program, [], part.rows, counter));
    }
    for (const pending of inFlight) await this.#finish(epoch, epochRun, pending);
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
    return { program, runs, rows, lr, undo };
  }

  async #finish(epoch: number, epochRun: EpochRun, pending: Pending): Promise<void> {
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
    if (made === 0) return;
    this.#made++;
    const { onStep } = this.#settings;
    if (onStep === null) return;
    const { loss, metrics } = epochRun.scoresOf(pending);
    this.#lock.open();
    try {
      this.#cancellation.watch(onStep({ epoch, step: this.#made, loss, metrics, lr: pending.lr }));
    } finally {
      this.#lock.close();
    }
  }
}
