/** The functions that are recorded: a step of training, and a step of validation. */
import { passNames } from '../compile/passes/index.js';
import { Program } from '../compile/program.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { clone } from '../functional/index.js';
import { type Modes, withModes } from '../nn/mode-scope.js';
import { type AnyModule, Module } from '../nn/module.js';
import { recording } from '../ops/recording.js';
import { formatShape } from '../tensor/shape.js';
import { mapTensors } from '../tensor/structure.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { applyModel } from './batch.js';
import { FiniteChecks } from './finite.js';
import { observeFields } from './observe.js';
import type { Settings } from './options.js';
import type { Scoring } from './scoring.js';

/** A program that gives the loss and the metrics of a batch, a scalar each. */
export type StepProgram = Program<Tensor[]>;

type Step = (batch: unknown) => Tensor[];

/** Where a step finds its batch: among its arguments, or by itself. */
export type FindBatch = (...inputs: Tensor[]) => unknown;

export type RecordStep = (findBatch: FindBatch, inputs: readonly Tensor[]) => StepProgram;

export class Steps {
  readonly #settings: Settings;
  readonly #place: string;
  readonly #scoring: Scoring;
  readonly #modes: Modes;
  readonly #finite: FiniteChecks | null;

  constructor(place: string, settings: Settings, scoring: Scoring) {
    this.#scoring = scoring;
    this.#place = place;
    this.#settings = settings;
    this.#modes = trainingModes(settings.model);
    this.#finite = settings.callbacks.some(({ checkFinite }) => checkFinite === true) ? new FiniteChecks() : null;
  }

  /** The error of a run as the caller is to see it; `where` says which step it was. */
  explain(error: unknown, where: string): unknown {
    return this.#finite === null ? error : this.#finite.explain(this.#place, error, where);
  }

  /** Records a step of training: forward, loss, gradients, the optimizer's step, metrics. */
  recordTraining(findBatch: FindBatch, inputs: readonly Tensor[]): StepProgram {
    const { optimizer, reader } = this.#settings;
    const step: Step = (batch) => {
      optimizer.zeroGrad();
      const { output, target } = this.#watch(() => reader.forward(batch));
      const loss = this.#loss(output, target);
      this.#finite?.check(loss, 'the loss');
      const metrics = this.#metrics(output, target);
      loss.backward();
      optimizer.step();
      return this.#scoring.outputsOf([loss, ...metrics], output, target);
    };
    return this.#record(step, this.#modes, findBatch, inputs);
  }

  /** Records a step of validation: forward, loss and metrics in evaluation mode. */
  recordValidation(findBatch: FindBatch, inputs: readonly Tensor[]): StepProgram {
    const { reader } = this.#settings;
    const step: Step = (batch) =>
      noGrad(() => {
        const { output, target } = reader.forward(batch);
        const scores = [this.#loss(output, target), ...this.#metrics(output, target)];
        return this.#scoring.outputsOf(scores, output, target);
      });
    return this.#record(step, () => false, findBatch, inputs);
  }

  #record(step: Step, modes: Modes, findBatch: FindBatch, inputs: readonly Tensor[]): StepProgram {
    const { model, loss, fuse } = this.#settings;
    const fn = (...args: Tensor[]) => {
      observeFields(model);
      if (loss instanceof Module) observeFields(loss);
      return withModes(modes, () => distinct(step(findBatch(...args))));
    };
    return Program.record(fn, inputs, { name: this.#place, ...(fuse ? {} : { off: passNames }) });
  }

  #watch<T>(run: () => T): T {
    return this.#finite === null ? run() : this.#finite.watch(this.#settings.model, run);
  }

  #loss(output: unknown, target: unknown): Tensor {
    const { loss } = this.#settings;
    const value = loss instanceof Module ? applyModel(loss, [output, target]) : loss(output, target);
    return this.#scalar('the loss', value, "reduction 'mean' or 'sum'");
  }

  #metrics(output: unknown, target: unknown): Tensor[] {
    const detached = [output, target].map((each) => mapTensors(each, (tensor) => tensor.detach()));
    return noGrad(() =>
      this.#settings.metrics.map(({ name, fn }) =>
        this.#scalar(`the metric ${name}`, fn(detached[0], detached[1]), 'a mean, say'),
      ),
    );
  }

  #scalar(what: string, value: unknown, instead: string): Tensor {
    if (!(value instanceof Tensor)) throw new ArgumentError(`${this.#place}: ${what} must be a Tensor`);
    if (value.numel !== 1)
      throw new ShapeError(
        `${this.#place}: ${what} must have one element (${instead}), got shape ${formatShape(value.shape)}`,
      );
    if (value.dtype === 'int32')
      throw new ArgumentError(
        `${this.#place}: ${what} must be a float32 tensor, got int32; convert it with to('float32')`,
      );
    return value;
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

/** The scalars with memory of their own each, which the step itself has written: what a run adds up. */
function distinct(scalars: readonly Tensor[]): Tensor[] {
  const seen = new Set<unknown>();
  return scalars.map((scalar) => {
    const isNew = !seen.has(scalar.storage) && scalar.storage.recordedBy === recording();
    seen.add(scalar.storage);
    return isNew ? scalar.detach() : noGrad(() => clone(scalar));
  });
}
