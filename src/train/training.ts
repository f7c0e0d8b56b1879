/** A training from its beginning to its end, whatever form it was asked for in. */
import { ProgramCache } from '../compile/program-cache.js';
import { StateError } from '../errors.js';
import { ownTurn } from '../ops/turns.js';
import { defaultGenerator, type Generator, type GeneratorState, withGenerator } from '../random/generator.js';
import type { Callback, TrainingContext } from './callback.js';
import { Cancellation, timeIsUp } from './cancellation.js';
import { Checkpointing, checkpointFilesOf, type Snapshot } from './checkpointing.js';
import { BatchShare } from './distributed/batch-share.js';
import { Ranks, tellFailure, threadsOfRank } from './distributed/ranks.js';
import { SharedSteps } from './distributed/shared-step.js';
import { EpochLog } from './epoch-log.js';
import { EpochRun } from './epoch-run.js';
import type { EpochResult, History, Scores } from './history.js';
import { InMemoryDataset } from './in-memory-dataset.js';
import { Lock } from './lock.js';
import { makeHistory } from './logs/csv.js';
import type { Settings } from './options.js';
import { ProgressReporter } from './progress-reporter.js';
import { Resumed } from './resume.js';
import { beginSchedulers, stepEpochSchedulers } from './schedulers.js';
import { Scoring, type Totals } from './scoring.js';
import type { Source } from './source.js';
import { StepLoop } from './step-loop.js';
import { type StepPrograms, Steps, type TraceStep } from './steps.js';
import { StreamedData } from './stream.js';
import { TrainingState } from './training-state.js';
import { Validation } from './validation.js';

const secondsSince = (start: number) => (performance.now() - start) / 1000;

type Data = InMemoryDataset | StreamedData;

export class Training {
  readonly #caller: string;
  readonly #settings: Settings;
  readonly #lock: Lock;
  readonly #generator: Generator;
  /** Where the default generator stood before the fork, and where it was left. */
  readonly #fork: { readonly before: GeneratorState; readonly after: string } | null;
  readonly #scoring: Scoring;
  readonly #steps: Steps;
  readonly #cancellation: Cancellation;
  readonly #reporter: ProgressReporter | null;
  readonly #context: TrainingContext;
  /** Those that this rank calls. */
  readonly #callbacks: readonly Callback[];
  /** Null where one process trains. */
  readonly #ranks: Ranks | null;
  readonly #shared: SharedSteps | null;
  readonly #loop: StepLoop;
  readonly #state: TrainingState;
  /** Null when nothing writes files. */
  readonly #checkpoints: Checkpointing | null;
  readonly #epochRuns = new Set<EpochRun>();
  /** Empty for epochs() without checkpoints: what its results are kept for is the caller's business. */
  readonly #log: EpochLog;
  #data: Data | null = null;
  #validation: Data | null = null;
  #hasMoved = false;

  private constructor(caller: string, settings: Settings, lock: Lock) {
    const { model, optimizer, metrics, validation, scores, onProgress, epochs, signal, timeLimit, distributed } =
      settings;
    this.#caller = caller;
    this.#settings = settings;
    this.#lock = lock;
    const before = defaultGenerator.getState();
    this.#generator = settings.generator ?? defaultGenerator.fork();
    this.#fork = settings.generator === null ? { before, after: JSON.stringify(defaultGenerator.getState()) } : null;
    const names = metrics.map(({ name }) => name);
    this.#log = new EpochLog(names, validation !== null);
    this.#scoring = new Scoring(names);
    this.#steps = new Steps(caller, settings, this.#scoring);
    this.#cancellation = new Cancellation(signal, timeLimit, distributed !== null);
    this.#ranks = distributed === null ? null : new Ranks(caller, distributed, this.#cancellation);
    this.#shared = this.#ranks === null ? null : new SharedSteps(caller, settings, this.#ranks);
    const isFirst = distributed === null || distributed.group.rank === 0;
    this.#callbacks = settings.callbacks.filter(({ onRankZeroOnly }) => isFirst || onRankZeroOnly !== true);
    this.#reporter =
      onProgress === null || !isFirst
        ? null
        : new ProgressReporter(epochs, this.#scoring, onProgress, this.#cancellation);
    this.#state = new TrainingState(settings, this.#generator, this.#log);
    const files = checkpointFilesOf(this.#callbacks);
    this.#checkpoints =
      files === null
        ? null
        : new Checkpointing(caller, files, this.#cancellation, (prepare) => this.#snapshot(prepare));
    this.#loop = new StepLoop(settings, this.#cancellation, lock, this.#checkpoints, this.#ranks);
    this.#context = {
      model,
      optimizer,
      scores,
      stop: (reason) => {
        this.#state.stopReason ??= String(reason);
      },
    };
  }

  /**
   * Trains, and gives the result of each epoch; the next begins when it is asked for.
   * @throws the reason of the signal; StateError when the model is being trained already; what tracing, a step or the caller's own
   * functions throw. Model and optimizer are then as after the last whole step.
   */
  static async *run(caller: string, settings: Settings): AsyncGenerator<EpochResult, History, undefined> {
    // Of several ranks all hear of it first.
    if (settings.signal?.aborted && settings.distributed === null) throw settings.signal.reason;
    let lock: Lock | null = null;
    let training: Training | null = null;
    try {
      lock = new Lock(caller, settings);
      training = new Training(caller, settings, lock);
      return yield* training.#run();
    } finally {
      if (training !== null) await training.#end();
      else {
        lock?.release();
        if (settings.distributed !== null) await tellFailure(settings.distributed);
      }
    }
  }

  async *#run(): AsyncGenerator<EpochResult, History, undefined> {
    const [{ epochs }, callbacks, state] = [this.#settings, this.#callbacks, this.#state];
    try {
      // Whatever scope the caller is in, such as noGrad, ends here; tracing may take milliseconds.
      await ownTurn();
      const resumed = await this.#locally(() => this.#prepare());
      await this.#ranks?.compare(this.#settings, this.#generator.getState(), resumed?.fit.steps ?? null);
      beginSchedulers(this.#settings.schedulers);
      await this.#locally(() =>
        this.#open(async () => {
          for (const callback of callbacks) await this.#cancellation.race(callback.onStart?.(this.#context));
          if (resumed !== null) this.#resume(resumed);
        }),
      );
      this.#checkpoints?.check();
      while (state.epochs < epochs && state.stopReason === null && !this.#cancellation.isStopped) {
        const epoch = state.epochs + 1;
        const result = await this.#locally(() => this.#runEpoch(epoch));
        // Between two epochs of a loop over epochs() model and optimizer are the caller's.
        if (result !== null && this.#caller === 'epochs') this.#lock.open();
        try {
          if (result !== null) yield result;
        } finally {
          this.#lock.close();
          if (!this.#cancellation.isTimeUp) await this.#checkpoints?.afterEpoch(this.#loop.total);
        }
      }
      await this.#closeTrain();
      await this.#checkpoints?.settle();
      if (!this.#cancellation.isTimeUp) this.#cancellation.check();
    } catch (error) {
      if (error !== timeIsUp) {
        await this.#saveStopped();
        throw error;
      }
    }
    await this.#saveStopped();
    this.#reporter?.finish();
    const history = makeHistory({
      epochs: this.#caller === 'epochs' ? [] : this.#log.toList(),
      stopped: this.#cancellation.isTimeUp ? 'timeLimit' : state.stopReason,
      seconds: state.seconds,
    });
    await this.#open(async () => {
      for (const callback of callbacks) await callback.onEnd?.(history, this.#context);
    });
    return history;
  }

  /** What this rank does between two agreements of all. */
  #locally<T>(run: () => Promise<T>): Promise<T> {
    return this.#ranks === null ? run() : this.#ranks.locally(this.#state, run);
  }

  /**
   * Records what can be recorded, so that what does not fit is found before anything moves; copies data in. Gives the checkpoint
   * that the training is to go on from, if any.
   */
  async #prepare(): Promise<Resumed | null> {
    const { train, validation, shuffle, resume } = this.#settings;
    const resumed = resume === null ? null : await this.#cancellation.race(Resumed.read(this.#caller, this.#settings));
    const steps = this.#steps;
    this.#data = this.#openData('train', train, shuffle, (...step) => {
      const program = steps.traceTraining(...step);
      this.#lock.refresh(program.written);
      return program;
    });
    if (validation !== null)
      this.#validation = this.#openData('validation', validation, false, (...step) => steps.traceValidation(...step));
    for (const data of [this.#data, this.#validation])
      if (data instanceof InMemoryDataset) await this.#cancellation.race(data.upload());
    if (resumed !== null) await this.#state.resumeData(resumed, this.#data, this.#cancellation);
    return resumed;
  }

  #resume(resumed: Resumed): void {
    this.#state.resume(this.#caller, resumed);
    this.#hasMoved = true;
    this.#loop.beginEpoch(0, resumed.fit.steps);
  }

  #snapshot(prepare?: Parameters<TrainingState['snapshot']>[2]): Snapshot {
    return this.#state.snapshot(this.#loop.total, this.#data!, prepare);
  }

  /** Saves a training that the signal or the time limit has ended, as it stood last between two steps. */
  async #saveStopped(): Promise<void> {
    const checkpoints = this.#checkpoints;
    const { isAborted, isTimeUp } = this.#cancellation;
    if (checkpoints?.savesOnStop !== true || !(isAborted || isTimeUp) || !this.#hasMoved) return;
    const snapshot = this.#state.lastSnapshot(() => this.#snapshot());
    if (snapshot !== null) await checkpoints.atStop(snapshot);
  }

  #openData(what: string, source: Source, shuffle: boolean, trace: TraceStep): Data {
    const { batchSize, reader, maxPrograms } = this.#settings;
    const generator = this.#generator;
    const own: TraceStep = (...step) => withGenerator(generator, () => trace(...step));
    const programs: StepPrograms = new ProgramCache(this.#caller, `the step for a batch of ${what}`, maxPrograms);
    const isTraining = what === 'train';
    const distribution = this.#ranks?.distribution ?? null;
    const shared = isTraining ? this.#shared : null;
    const sharing =
      shared?.sharing((...parts) => {
        const program = withGenerator(generator, () => this.#steps.traceParts(...parts, shared));
        this.#lock.refresh([...program.written, ...shared.written]);
        return program;
      }) ?? null;
    if (source.kind === 'tensors') {
      // Ranks score as many rows at once as they train on.
      const rows = isTraining ? batchSize : batchSize / (distribution?.parts ?? 1);
      return new InMemoryDataset(source, rows, shuffle, own, programs, sharing);
    }
    const isWatched = isTraining && (this.#checkpoints !== null || this.#settings.resume !== null);
    const { generators } = this.#state;
    const watched = isWatched ? { generators, tracksStops: this.#checkpoints?.savesOnStop ?? false } : null;
    const shares = distribution === null ? null : { share: new BatchShare(distribution, isTraining), sharing };
    return new StreamedData(this.#caller, what, source.batches, reader, own, programs, generator, watched, shares);
  }

  /** Runs what the caller has given to take part, which may write to model and optimizer until it is over. */
  async #open(run: () => Promise<void>): Promise<void> {
    this.#lock.open();
    try {
      await run();
    } finally {
      this.#lock.close();
    }
  }

  /** One epoch with all that belongs to it; null when the time was up before its first step. */
  async #runEpoch(epoch: number): Promise<EpochResult | null> {
    const { optimizer, schedulers, onEpoch, stepsPerEpoch } = this.#settings;
    const callbacks = this.#callbacks;
    const cancellation = this.#cancellation;
    const state = this.#state;
    const begun = state.beginEpoch();
    const { start } = begun;
    const epochRun = this.#newPass(epoch, begun.totals);
    state.run(epochRun, begun);
    this.#loop.beginEpoch(begun.totals?.steps);
    const steps = stepsPerEpoch ?? this.#data!.steps ?? state.stepsOfEpoch;
    let trained: number | null = null;
    this.#reporter?.watch({
      number: epoch,
      steps,
      totals: () => epochRun.totals(),
      seconds: () => trained ?? secondsSince(start),
    });
    let isTrained = false;
    try {
      // An agreement behind it: what has gone wrong by now on one rank is no matter of the validation of others.
      if (!begun.isOver) await this.#locally(() => this.#train(epoch, epochRun));
      isTrained = true;
    } finally {
      await this.#endPass(epochRun);
      if (epochRun.totals().steps > 0) this.#hasMoved = true;
      const isSound = isTrained || cancellation.isAborted || cancellation.isTimeUp;
      if (isSound && this.#checkpoints?.savesOnStop === true) state.keepSteps(this.#snapshot());
    }
    trained = secondsSince(start);
    const totals = epochRun.totals();
    if (!cancellation.isTimeUp) cancellation.check();
    if (totals.steps === 0) return null;
    state.stepsOfEpoch = totals.steps;
    const validation = cancellation.isTimeUp ? null : await this.#validate(epoch);
    const result: EpochResult = {
      epoch,
      ...this.#scoring.scoresOf(totals),
      ...(validation === null ? {} : { validation }),
      steps: totals.steps,
      samples: totals.samples,
      lr: optimizer.paramGroups.map(({ lr }) => lr),
      seconds: secondsSince(start),
      samplesPerSecond: totals.samples / trained,
    };
    if (this.#caller !== 'epochs' || this.#checkpoints !== null) this.#log.add(result);
    // An epoch that the time has cut short is no epoch to schedulers and callbacks.
    const isWhole = !cancellation.isTimeUp;
    if (isWhole) {
      stepEpochSchedulers(this.#caller, schedulers, result);
      if (callbacks.length > 0)
        await this.#open(async () => {
          for (const callback of callbacks) await cancellation.race(callback.onEpoch?.(result, this.#context));
        });
    }
    // Waited for also when the time is up meanwhile, but not for ever by an abort.
    if (onEpoch !== null) await this.#open(() => cancellation.grace(Promise.resolve(onEpoch(result))));
    if (isWhole) state.endEpoch(result);
    return result;
  }

  async #train(epoch: number, epochRun: EpochRun): Promise<void> {
    const data = this.#data!;
    if (data instanceof StreamedData) {
      this.#hasMoved = true;
      await this.#loop.stream(epoch, epochRun, data);
      return;
    }
    const { order } = this.#state;
    let left = (this.#settings.stepsPerEpoch ?? data.steps) - epochRun.totals().steps;
    while (left > 0 && !this.#cancellation.isStopped) {
      await order.begin(data, this.#cancellation);
      const parts = data.parts(order.steps, left);
      this.#hasMoved = true;
      await this.#loop.inMemory(epoch, epochRun, data, parts, (made) => {
        order.advance(made, data);
        left -= made;
      });
    }
  }

  /** Closes an iterator that an epoch has ended in the middle of. */
  async #closeTrain(): Promise<void> {
    if (this.#data instanceof StreamedData) await this.#data.close(this.#cancellation);
  }

  /** Scores on the validation data; null without any, or when the time was up before they were there. */
  async #validate(epoch: number): Promise<Scores | null> {
    const data = this.#validation;
    if (data === null) return null;
    const passes = { begin: () => this.#newPass(epoch), end: (pass: EpochRun) => this.#endPass(pass) };
    return new Validation(data, this.#cancellation, this.#scoring, this.#ranks, passes).run();
  }

  #newPass(epoch: number, before: Totals | null = null): EpochRun {
    const { priority, distributed } = this.#settings;
    const threads = this.#settings.threads ?? (distributed === null ? null : threadsOfRank(distributed));
    const options = {
      cancellation: this.#cancellation,
      submit: { threads, priority, writer: this.#caller, holder: this.#lock.holder },
      scoring: this.#scoring,
      explain: (error: unknown, step: number) => this.#steps.explain(error, `step ${step} of epoch ${epoch}`),
    };
    const epochRun = new EpochRun(options, before);
    this.#epochRuns.add(epochRun);
    return epochRun;
  }

  async #endPass(epochRun: EpochRun): Promise<void> {
    await epochRun.end();
    this.#epochRuns.delete(epochRun);
  }

  /** A training that has not moved anything leaves the default generator where it was, unless something has drawn since. */
  #takeBackFork(): void {
    if (this.#fork?.after === JSON.stringify(defaultGenerator.getState())) defaultGenerator.setState(this.#fork.before);
  }

  /** Releases everything once no step is in progress: what was trained is usable as soon as the caller hears of the end. */
  async #end(): Promise<void> {
    const cancellation = this.#cancellation;
    this.#reporter?.end();
    cancellation.act(new StateError(`${this.#caller}: the training has ended`));
    cancellation.dispose();
    try {
      await Promise.all([...this.#epochRuns].map((epochRun) => epochRun.end()));
      await this.#closeTrain();
      await this.#checkpoints?.settle().catch(() => {});
      this.#data?.release();
      this.#validation?.release();
      this.#shared?.release();
      // What the last step has left there has no numbers itself.
      if (this.#hasMoved) this.#settings.optimizer.zeroGrad();
      else this.#takeBackFork();
    } finally {
      this.#lock.release();
    }
    if (cancellation.isAborted) for (const callback of this.#callbacks) callback.onAbort?.(this.#context);
  }
}
