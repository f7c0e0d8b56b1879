/** Where a training stands: what checkpoints have of it in addition to the numbers. */
import type { Generator } from '../random/generator.js';
import { sharingMemory } from '../tensor/snapshot.js';
import type { Cancellation } from './cancellation.js';
import type { Moment } from './checkpoint-files.js';
import type { Snapshot } from './checkpointing.js';
import type { EpochLog } from './epoch-log.js';
import type { EpochRun } from './epoch-run.js';
import { describeSettings, type FitState, type SavedPass } from './fit-state.js';
import { Generators } from './generators.js';
import type { EpochResult } from './history.js';
import type { InMemoryDataset } from './in-memory-dataset.js';
import type { Settings } from './options.js';
import { type Resumed, saveCallbacks } from './resume.js';
import { SampleOrder } from './sample-order.js';
import type { Totals } from './scoring.js';
import { StreamedData } from './stream.js';
import { Tallies } from './tallies.js';

/** A snapshot of a moment that is over, and what tells whether model and optimizer are still as they were then. */
interface KeptSnapshot {
  readonly snapshot: Snapshot;
  readonly versions: readonly number[];
}

/** An epoch as it begins, from its first step or from where a checkpoint has left it. */
export interface EpochStart {
  readonly totals: Totals | null;
  /** Whether all of its steps were made before. */
  readonly isOver: boolean;
  /** On the clock of `performance.now()`. */
  readonly start: number;
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

export class TrainingState {
  readonly generators: Generators;
  readonly order: SampleOrder;
  /** Why it is to end, or null. */
  stopReason: string | null = null;
  /** Steps that an epoch has had; null before one is over. */
  stepsOfEpoch: number | null = null;
  readonly #settings: Settings;
  readonly #log: EpochLog;
  #start = performance.now();
  /** Epochs that are over, with all that belongs to them. */
  #epochs = 0;
  /** The epoch that is running. */
  #running: { readonly pass: EpochRun; readonly start: number; readonly isOver: boolean } | null = null;
  /** What a checkpoint has of the epoch that is to run next. */
  #taken: SavedPass | null = null;
  #stepsDone: KeptSnapshot | null = null;

  constructor(settings: Settings, generator: Generator, log: EpochLog) {
    this.#settings = settings;
    this.#log = log;
    this.generators = new Generators(generator, settings.train, settings.validation);
    this.order = new SampleOrder(generator, settings.shuffle);
  }

  /** How long it has been going on, a training that it continues included. */
  get seconds(): number {
    return secondsSince(this.#start);
  }

  /** Epochs that are over, with all that belongs to them. */
  get epochs(): number {
    return this.#epochs;
  }

  /** What was made of the next epoch before, by a training that it continues. */
  beginEpoch(): EpochStart {
    const taken = this.#taken;
    this.#taken = null;
    if (taken === null) return { totals: null, isOver: false, start: performance.now() };
    const { steps, samples, seconds, isOver } = taken;
    const totals = { steps, samples, tallies: Tallies.from(taken.tallies) };
    return { totals, isOver, start: performance.now() - seconds * 1000 };
  }

  /** An epoch is running. */
  run(pass: EpochRun, { start, isOver }: EpochStart): void {
    this.#running = { pass, start, isOver };
  }

  /** An epoch is over, with all that belongs to it. */
  endEpoch({ epoch }: EpochResult): void {
    this.#epochs = epoch;
    this.#running = null;
    this.#stepsDone = null;
  }

  /** Brings data to where a checkpoint was taken. */
  async resumeData({ fit }: Resumed, data: InMemoryDataset | StreamedData, cancellation: Cancellation): Promise<void> {
    const { position } = fit;
    // The settings are the same, and so is the kind of the data.
    if (data instanceof StreamedData) {
      if (position.kind === 'batches') await data.resume(position, cancellation);
    } else if (position.kind === 'tensors') await this.order.resume(position, data, cancellation);
  }

  /** Takes over what a checkpoint has; nothing when anything does not fit. */
  resume(caller: string, resumed: Resumed): void {
    const { fit, generators } = resumed;
    this.#log.load(caller, fit.log, fit.epochs);
    resumed.apply(this.generators.changes(caller, generators));
    this.#epochs = fit.epochs;
    this.#taken = fit.pass;
    this.#start -= fit.seconds * 1000;
    this.stepsOfEpoch = fit.stepsOfEpoch;
    this.stopReason = fit.stopReason;
  }

  /**
   * All that the training consists of, as it stands between two steps. Tensors are its own.
   * @param steps made in all. @param prepare is called before anything is looked at.
   */
  snapshot(
    steps: number,
    data: InMemoryDataset | StreamedData,
    prepare: (moment: Moment) => void = () => {},
  ): Snapshot {
    const { model, optimizer, schedulers, callbacks } = this.#settings;
    const moment = { epoch: this.#epochs + (this.#running === null ? 0 : 1), step: steps };
    prepare(moment);
    const position = data instanceof StreamedData ? data.position : null;
    const marks = position?.marks ?? null;
    const fit: FitState = {
      settings: describeSettings(this.#settings),
      epochs: this.#epochs,
      steps,
      pass: this.#savePass(data),
      stepsOfEpoch: this.stepsOfEpoch,
      stopReason: this.stopReason,
      seconds: this.seconds,
      position:
        position === null
          ? this.order.position
          : { kind: 'batches', given: position.given, begin: position.begin, state: position.state },
      log: this.#log.save(this.#epochs),
    };
    return sharingMemory(() => ({
      moment,
      state: {
        model: model.stateDict(),
        optimizer: optimizer.stateDict(),
        schedulers: schedulers.map(({ scheduler }) => scheduler.stateDict()),
        generators: marks === null ? this.generators.states() : this.generators.statesAt(marks),
        callbacks: saveCallbacks(callbacks),
        fit,
      },
    }));
  }

  /** Notes how the training stands behind the last step that was made of an epoch, until the epoch is over. */
  keepSteps(snapshot: Snapshot): void {
    this.#stepsDone = { snapshot, versions: this.#versions() };
  }

  /**
   * How the training stood last between two steps or epochs.
   * @param take gives how it stands now. Null when a callback has changed weights since: it would change them once more.
   */
  lastSnapshot(take: () => Snapshot): Snapshot | null {
    const kept = this.#stepsDone;
    if (kept === null) return this.#running === null ? take() : null;
    return this.#versions().every((version, i) => version === kept.versions[i]) ? kept.snapshot : null;
  }

  #savePass(data: InMemoryDataset | StreamedData): SavedPass | null {
    if (this.#running === null) return this.#taken;
    const { pass, start, isOver } = this.#running;
    const { steps, samples, tallies } = pass.totals();
    const hasEnded = isOver || (data instanceof StreamedData && data.hasEnded);
    return { steps, samples, tallies: tallies.save(), isOver: hasEnded, seconds: secondsSince(start) };
  }

  /** How often each tensor of model and optimizer has been written to. */
  #versions(): number[] {
    const { model, optimizer } = this.#settings;
    const tensors = [...model.parameters(), ...model.buffers(), ...optimizer['~tensors']()];
    return tensors.map(({ storage }) => storage.version);
  }
}
