/** A training from its beginning to its end, whatever form it was asked for in. */
import { ProgramCache } from '../compile/program-cache.js';
import { StateError } from '../errors.js';
import { ownTurn } from '../ops/turns.js';
import { defaultGenerator, type Generator, type GeneratorState, withGenerator } from '../random/generator.js';
import type { TrainingContext } from './callback.js';
import { Cancellation, timeIsUp } from './cancellation.js';
import { EpochLog } from './epoch-log.js';
import { EpochRun } from './epoch-run.js';
import type { EpochResult, History, Scores } from './history.js';
import { InMemoryDataset } from './in-memory-dataset.js';
import { Lock } from './lock.js';
import { makeHistory } from './logs/csv.js';
import type { Settings } from './options.js';
import { ProgressReporter } from './progress-reporter.js';
import { beginSchedulers, stepEpochSchedulers } from './schedulers.js';
import { Scoring } from './scoring.js';
import type { Source } from './source.js';
import { StepLoop } from './step-loop.js';
import { type StepPrograms, Steps, type TraceStep } from './steps.js';
import { StreamedData } from './stream.js';

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
  readonly #loop: StepLoop;
  readonly #epochRuns = new Set<EpochRun>();
  /** Empty for epochs(): what its results are kept for is the caller's business. */
  readonly #log: EpochLog;
  readonly #start = performance.now();
  #data: Data | null = null;
  #validation: Data | null = null;
  #stopReason: string | null = null;
  #stepsOfEpoch: number | null = null;
  /** Steps made of the present order of samples in memory. */
  #position = 0;
  #hasMoved = false;

  private constructor(caller: string, settings: Settings, lock: Lock) {
    const { model, optimizer, metrics, validation, scores, onProgress, epochs, signal, timeLimit } = settings;
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
    this.#cancellation = new Cancellation(signal, timeLimit);
    this.#reporter =
      onProgress === null ? null : new ProgressReporter(epochs, this.#scoring, onProgress, this.#cancellation);
    this.#loop = new StepLoop(settings, this.#cancellation, lock);
    this.#context = {
      model,
      optimizer,
      scores,
      stop: (reason) => {
        this.#stopReason ??= String(reason);
      },
    };
  }

  /**
   * Trains, and gives the result of each epoch; the next begins when it is asked for.
   * @throws the reason of the signal; StateError when the model is being trained already; what tracing, a step or the caller's own
   * functions throw. Model and optimizer are then as after the last whole step.
   */
  static async *run(caller: string, settings: Settings): AsyncGenerator<EpochResult, History, undefined> {
    if (settings.signal?.aborted) throw settings.signal.reason;
    const lock = new Lock(caller, settings);
    let training: Training | null = null;
    try {
      training = new Training(caller, settings, lock);
      return yield* training.#run();
    } finally {
      if (training === null) lock.release();
      else await training.#end();
    }
  }

  async *#run(): AsyncGenerator<EpochResult, History, undefined> {
    const { epochs, callbacks } = this.#settings;
    try {
      // Whatever scope the caller is in, such as noGrad, ends here; tracing may take milliseconds.
      await ownTurn();
      await this.#prepare();
      beginSchedulers(this.#settings.schedulers);
      await this.#open(async () => {
        for (const callback of callbacks) await this.#cancellation.race(callback.onStart?.(this.#context));
      });
      for (let epoch = 1; epoch <= epochs && this.#stopReason === null && !this.#cancellation.isStopped; epoch++) {
        const result = await this.#runEpoch(epoch);
        // Between two epochs of a loop over epochs() model and optimizer are the caller's.
        if (result !== null && this.#caller === 'epochs') this.#lock.open();
        if (result !== null) yield result;
        this.#lock.close();
      }
      await this.#closeTrain();
      if (!this.#cancellation.isTimeUp) this.#cancellation.check();
    } catch (error) {
      if (error !== timeIsUp) throw error;
    }
    this.#reporter?.finish();
    const history = makeHistory({
      epochs: this.#log.toList(),
      stopped: this.#cancellation.isTimeUp ? 'timeLimit' : this.#stopReason,
      seconds: secondsSince(this.#start),
    });
    await this.#open(async () => {
      for (const callback of callbacks) await callback.onEnd?.(history, this.#context);
    });
    return history;
  }

  /** Traces what can be traced, so that what does not fit is found before anything moves; copies data in. */
  async #prepare(): Promise<void> {
    const { train, validation, shuffle } = this.#settings;
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
  }

  #openData(what: string, source: Source, shuffle: boolean, trace: TraceStep): Data {
    const { batchSize, reader, maxPrograms } = this.#settings;
    const generator = this.#generator;
    const own: TraceStep = (...step) => withGenerator(generator, () => trace(...step));
    const programs: StepPrograms = new ProgramCache(this.#caller, `the step for a batch of ${what}`, maxPrograms);
    if (source.kind === 'tensors') return new InMemoryDataset(source, batchSize, shuffle, own, programs);
    return new StreamedData(this.#caller, what, source.batches, reader, own, programs, generator);
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
    const { optimizer, schedulers, callbacks, onEpoch, stepsPerEpoch } = this.#settings;
    const cancellation = this.#cancellation;
    const start = performance.now();
    const epochRun = this.#newPass(epoch);
    const steps = stepsPerEpoch ?? this.#data!.steps ?? this.#stepsOfEpoch;
    let trained: number | null = null;
    this.#reporter?.watch({
      number: epoch,
      steps,
      totals: () => epochRun.totals(),
      seconds: () => trained ?? secondsSince(start),
    });
    await this.#train(epoch, epochRun);
    await this.#endPass(epochRun);
    trained = secondsSince(start);
    const totals = epochRun.totals();
    if (totals.steps > 0) this.#hasMoved = true;
    if (!cancellation.isTimeUp) cancellation.check();
    if (totals.steps === 0) return null;
    this.#stepsOfEpoch = totals.steps;
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
    if (this.#caller !== 'epochs') this.#log.add(result);
    // An epoch that the time has cut short is no epoch to schedulers and callbacks.
    if (!cancellation.isTimeUp) {
      stepEpochSchedulers(this.#caller, schedulers, result);
      if (callbacks.length > 0)
        await this.#open(async () => {
          for (const callback of callbacks) await cancellation.race(callback.onEpoch?.(result, this.#context));
        });
    }
    // Waited for also when the time is up meanwhile, but not for ever by an abort.
    if (onEpoch !== null) await this.#open(() => cancellation.grace(Promise.resolve(onEpoch(result))));
    return result;
  }

  async #train(epoch: number, epochRun: EpochRun): Promise<void> {
    const data = this.#data!;
    this.#loop.beginEpoch();
    if (data instanceof StreamedData) {
      this.#hasMoved = true;
      await this.#loop.stream(epoch, epochRun, data);
      return;
    }
    const { shuffle, stepsPerEpoch } = this.#settings;
    let left = stepsPerEpoch ?? data.steps;
    while (left > 0 && !this.#cancellation.isStopped) {
      if (this.#position === 0) {
        // The draws of a DataLoader: a seed for its workers, and one for the order.
        this.#generator.random63();
        if (shuffle) await this.#cancellation.race(data.shuffle(this.#generator.random63()));
      }
      const parts = data.parts(this.#position, left);
      this.#hasMoved = true;
      await this.#loop.inMemory(epoch, epochRun, data, parts);
      const steps = parts.reduce((sum, part) => sum + part.steps, 0);
      this.#position = (this.#position + steps) % data.steps;
      left -= steps;
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
    const cancellation = this.#cancellation;
    const epochRun = this.#newPass(epoch);
    if (data instanceof StreamedData) {
      const submit = this.#loop.plain(epochRun);
      await data.run(cancellation, submit, async (submitted) => void (await epochRun.finish(submitted)), 2);
    } else {
      for (const { program, steps, rows } of data.parts()) {
        if (cancellation.isStopped) break;
        const counter = rows === this.#settings.batchSize ? data.counter : null;
        await epochRun.finish(epochRun.submitAll(program, rows, steps, counter));
      }
    }
    await this.#endPass(epochRun);
    if (cancellation.isTimeUp) return null;
    cancellation.check();
    return this.#scoring.scoresOf(epochRun.totals());
  }

  #newPass(epoch: number): EpochRun {
    const { threads, priority } = this.#settings;
    const epochRun = new EpochRun({
      cancellation: this.#cancellation,
      submit: { threads, priority, writer: this.#caller, holder: this.#lock.holder },
      scoring: this.#scoring,
      explain: (error, step) => this.#steps.explain(error, `step ${step} of epoch ${epoch}`),
    });
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
    cancellation.stop(new StateError(`${this.#caller}: the training has ended`));
    cancellation.dispose();
    try {
      await Promise.all([...this.#epochRuns].map((epochRun) => epochRun.end()));
      await this.#closeTrain();
      this.#data?.release();
      this.#validation?.release();
      // What the last step has left there has no numbers itself.
      if (this.#hasMoved) this.#settings.optimizer.zeroGrad();
      else this.#takeBackFork();
    } finally {
      this.#lock.release();
    }
    if (cancellation.isAborted) for (const callback of this.#settings.callbacks) callback.onAbort?.(this.#context);
  }
}
