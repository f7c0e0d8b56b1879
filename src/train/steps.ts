/** The functions that are traced: a step of training, and a step of validation. */
import { passNames } from '../compile/passes/index.js';
import { Program } from '../compile/program.js';
import type { ProgramCache } from '../compile/program-cache.js';
import { clone } from '../functional/index.js';
import { guardModule } from '../nn/hooked-module.js';
import { LabelLoss } from '../nn/label-loss.js';
import { type Modes, withModes } from '../nn/mode-scope.js';
import { type AnyModule, Module } from '../nn/module.js';
import { withoutSync } from '../nn/sync-batch-norm.js';
import { currentTrace } from '../ops/trace.js';
import { mapTensors } from '../tensor/structure.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { accumulate } from './accumulation.js';
import type { Outcome } from './batch.js';
import { type BatchLoss, lossOf, scalar } from './batch-loss.js';
import {
  assertShares,
  assertSynced,
  recordParts,
  type SharedKind,
  type SharedSteps,
} from './distributed/shared-step.js';
import { FiniteChecks } from './finite.js';
import { measureAccuracy } from './labels.js';
import { accuracy } from './metrics.js';
import type { Settings } from './options.js';
import { listOutputs, type Measure, meanOverRows, type Scoring } from './scoring.js';

/** A program that gives numbers about a batch, what {@link Scoring} makes scores of; the first is the loss. */
export type StepProgram = Program<Tensor[]>;

/** The steps of one kind that are kept. */
export type StepPrograms = ProgramCache<Tensor[]>;

type Step = (batch: unknown) => Measure[];

/** Where a step finds its batch: among its arguments, or by itself. */
export type FindBatch = (...inputs: Tensor[]) => unknown;

/** Traces a step for batches of this many rows. */
export type TraceStep = (findBatch: FindBatch, inputs: readonly Tensor[], rows: number) => StepProgram;

export class Steps {
  readonly #settings: Settings;
  readonly #caller: string;
  readonly #scoring: Scoring;
  readonly #modes: Modes;
  readonly #finite: FiniteChecks | null;

  constructor(caller: string, settings: Settings, scoring: Scoring) {
    this.#scoring = scoring;
    this.#caller = caller;
    this.#settings = settings;
    this.#modes = trainingModes(settings.model);
    this.#finite = settings.callbacks.some(({ checkFinite }) => checkFinite === true) ? new FiniteChecks() : null;
  }

  /** The error of a run as the caller is to see it; `where` says which step it was. */
  explain(error: unknown, where: string): unknown {
    return this.#finite === null ? error : this.#finite.explain(this.#caller, error, where);
  }

  /** Traces a step of training: forward, loss, gradients, the optimizer's step, metrics. */
  traceTraining(findBatch: FindBatch, inputs: readonly Tensor[], rows: number): StepProgram {
    const { optimizer, reader, accumulate: pieces } = this.#settings;
    const step: Step = (batch) => {
      optimizer.zeroGrad();
      if (pieces > 1) {
        const measures = accumulate(optimizer, reader.transformed(batch), rows, pieces, (piece, count) => {
          const outcome = this.#watch(() => reader.forward(piece));
          const batchLoss = this.#loss(outcome, count, true);
          this.#finite?.check(batchLoss.loss, 'the loss');
          return { batchLoss, measures: [batchLoss.measure, ...this.#metrics(outcome, count, batchLoss)] };
        });
        optimizer.step();
        return measures;
      }
      const outcome = this.#watch(() => reader.forward(reader.transformed(batch)));
      const batchLoss = this.#loss(outcome, rows, true);
      this.#finite?.check(batchLoss.loss, 'the loss');
      const metrics = this.#metrics(outcome, rows, batchLoss);
      batchLoss.loss.backward();
      optimizer.step();
      return [batchLoss.measure, ...metrics];
    };
    const run = () => this.#trace(step, this.#modes, findBatch, inputs);
    // Of several ranks each computes all of the batch.
    return this.#settings.distributed === null ? run() : withoutSync(run);
  }

  /** Traces a step of validation: forward, loss and metrics in evaluation mode. */
  traceValidation(findBatch: FindBatch, inputs: readonly Tensor[], rows: number): StepProgram {
    const { reader } = this.#settings;
    const step: Step = (batch) =>
      noGrad(() => {
        const outcome = reader.forward(batch);
        const batchLoss = this.#loss(outcome, rows, false);
        return [batchLoss.measure, ...this.#metrics(outcome, rows, batchLoss)];
      });
    return this.#trace(step, () => false, findBatch, inputs);
  }

  /**
   * Traces forward, loss and gradients of this rank's parts of a batch, for a step that several ranks make together.
   * @param findParts each finds the batch of a part; `rows` of a part.
   */
  traceParts(
    findParts: readonly FindBatch[],
    rows: number,
    inputs: readonly Tensor[],
    shared: SharedSteps,
  ): StepProgram {
    const { reader } = this.#settings;
    const stepOf = (findBatch: FindBatch, args: Tensor[]) => () => {
      const outcome = this.#watch(() => reader.forward(reader.transformed(findBatch(...args))));
      const batchLoss = this.#loss(outcome, rows, true);
      this.#finite?.check(batchLoss.loss, 'the loss');
      return { batchLoss, measures: [batchLoss.measure, ...this.#metrics(outcome, rows, batchLoss)] };
    };
    assertSynced(this.#caller, this.#settings, shared.distribution);
    let kind: SharedKind | null = null;
    const record = (...args: Tensor[]) => {
      const parts = findParts.map((findBatch) => stepOf(findBatch, args));
      return recordParts(this.#settings, shared.distribution, rows, parts, (noted) => {
        kind = noted;
      });
    };
    const program = this.#record(record, this.#modes, inputs);
    assertShares(this.#caller, this.#settings, program);
    shared.describe(program, kind!);
    this.#scoring.describe(program, kind!.kind.measures);
    return program;
  }

  #trace(step: Step, modes: Modes, findBatch: FindBatch, inputs: readonly Tensor[]): StepProgram {
    let measures: readonly Measure<number>[] = [];
    const record = (...args: Tensor[]) => {
      const { outputs, listed } = listOutputs(step(findBatch(...args)));
      measures = listed;
      return distinct(outputs);
    };
    const program = this.#record(record, modes, inputs);
    this.#scoring.describe(program, measures);
    return program;
  }

  #record(record: (...args: Tensor[]) => Tensor[], modes: Modes, inputs: readonly Tensor[]): StepProgram {
    const { model, loss, fuse } = this.#settings;
    const fn = (...args: Tensor[]) => {
      // With all below them, also where something else than their `forward` is called.
      for (const each of [model, loss]) if (each instanceof Module) guardModule(each);
      return withModes(modes, () => record(...args));
    };
    return Program.trace(fn, inputs, { name: this.#caller, ...(fuse ? {} : { off: passNames }) });
  }

  #watch<T>(run: () => T): T {
    return this.#finite === null ? run() : this.#finite.watch(this.#settings.model, run);
  }

  #loss({ output, target, sampleWeight }: Outcome, rows: number, isTraining: boolean): BatchLoss {
    const lossInputs = { output, target, sampleWeight: sampleWeight ?? null, rows };
    return lossOf(this.#caller, this.#settings.loss, lossInputs, isTraining);
  }

  #metrics({ output, target }: Outcome, rows: number, { counted }: BatchLoss): Measure[] {
    const { loss, metrics } = this.#settings;
    const ignoring = loss instanceof LabelLoss ? loss : null;
    const detached = [output, target].map((each) => mapTensors(each, (tensor) => tensor.detach()));
    return noGrad(() =>
      metrics.map(({ name, fn }) => {
        const [given, wanted] = detached;
        if (fn === accuracy) return measureAccuracy(given as Tensor, wanted as Tensor, ignoring, counted);
        return meanOverRows(scalar(this.#caller, `the metric ${name}`, fn(given, wanted), 'a mean, say'), rows);
      }),
    );
  }
}

/**
 * The modes to train in, taken when the training begins, so that they can be changed meanwhile: all training when the model is in
 * evaluation mode, else as they are, some layers in evaluation mode perhaps.
 */
function trainingModes(model: AnyModule): Modes {
  const isMixed = model.training;
  const modes = new Map<object, boolean>(model.modules().map((module) => [module, isMixed ? module.training : true]));
  return (module) => modes.get(module) ?? true;
}

/** The scalars with separate memory each, which the step itself has written: what a run adds up. */
function distinct(scalars: readonly Tensor[]): Tensor[] {
  const seen = new Set<unknown>();
  return scalars.map((scalar) => {
    const isNew = !seen.has(scalar.storage) && scalar.storage.tracedBy === currentTrace();
    seen.add(scalar.storage);
    return isNew ? scalar.detach() : noGrad(() => clone(scalar));
  });
}
