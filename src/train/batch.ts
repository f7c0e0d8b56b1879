/** What a batch may be, and which part of it goes to the model and which to the loss. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { AnyModule } from '../nn/module.js';
import { ignoreRejection, isArray, isPlainObject, isRecord, isThenable } from '../realm.js';
import { formatShape } from '../tensor/shape.js';
import { type Structure, showStructure, takeApart } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';

/** Inputs and what is wanted for them, row by row. */
export type Batch<Input = Tensor, Target = Tensor> = readonly [input: Input, target: Target];

/**
 * What a model is given, from the arguments of its `forward`: an array of them, or the argument itself where one is enough and it is
 * no array.
 */
export type InputOf<In extends readonly unknown[]> =
  | In
  | (readonly [In[0]] extends Readonly<In> ? (In[0] extends readonly unknown[] ? never : In[0]) : never);

/** What a model has made of a batch, and what the loss and the metrics compare it with. */
export interface Outcome<Out = unknown, Target = unknown> {
  /** What the model gave. */
  readonly output: Out;
  /** What the loss and the metrics compare it with, if they need it. */
  readonly target?: Target;
  /**
   * A weight for each row, [rows], as {@link CommonOptions.sampleWeight}: for data that come in batches, and for validation. Its
   * numbers are not looked at; no gradient flows through them. Default: all rows count alike.
   */
  readonly sampleWeight?: Tensor | undefined;
}

/** A batch of samples with their weights. */
export class WeightedBatch {
  readonly batch: unknown;
  /** [rows]. */
  readonly sampleWeight: Tensor;

  constructor(batch: unknown, sampleWeight: Tensor) {
    this.batch = batch;
    this.sampleWeight = sampleWeight;
  }
}

/** Makes an outcome of a batch. */
export type Forward = (batch: unknown) => Outcome;

/** Calls a model: with the members of an array as its arguments, else with the input itself. */
export function applyModel(model: AnyModule, input: unknown): unknown {
  return Reflect.apply(model.forward, model, isArray(input) ? input : [input]) as unknown;
}

/** The option `transform` as a function; null without one. @throws ArgumentError */
function readTransform(caller: string, transform: unknown, forward: unknown): ((input: unknown) => unknown) | null {
  if (transform === undefined) return null;
  if (forward !== undefined)
    throw new ArgumentError(
      `${caller}: transform is for batches [input, target]; forward can transform what it is given`,
    );
  if (typeof transform === 'function') return (input) => Reflect.apply(transform, undefined, [input]) as unknown;
  const method = isRecord(transform) ? transform.forward : undefined;
  if (typeof method !== 'function')
    throw new ArgumentError(`${caller}: transform must be a function or have a method forward, got ${show(transform)}`);
  return (input) => Reflect.apply(method, transform, [input]) as unknown;
}

/** How batches are understood: by the option `forward`, or as [input, target]. */
export class BatchReader {
  /** Whether a batch is `[input, target]`. */
  readonly isPair: boolean;
  readonly forward: Forward;
  readonly #caller: string;
  readonly #transform: ((input: unknown) => unknown) | null;

  /** @param forward the option of that name, as transform. @throws ArgumentError for anything but a function. */
  constructor(caller: string, model: AnyModule, forward: unknown, transform?: unknown) {
    if (forward !== undefined && typeof forward !== 'function')
      throw new ArgumentError(`${caller}: forward must be a function, got ${show(forward)}`);
    this.#caller = caller;
    this.#transform = readTransform(caller, transform, forward);
    this.isPair = forward === undefined;
    const call: Forward =
      forward === undefined
        ? (batch) => {
            const [input, target] = batch as Batch<unknown, unknown>;
            return { output: applyModel(model, input), target };
          }
        : (batch) => checkOutcome(caller, Reflect.apply(forward, undefined, [model, batch]));
    this.forward = (batch) => {
      if (!(batch instanceof WeightedBatch)) return call(batch);
      const outcome = call(batch.batch);
      if (outcome.sampleWeight !== undefined)
        throw new ArgumentError(`${caller}: sampleWeight is an option, and forward returns one too; give one of them`);
      return { ...outcome, sampleWeight: batch.sampleWeight };
    };
  }

  /** A batch as a step of training is given it: the input transformed. */
  transformed(batch: unknown): unknown {
    const transform = this.#transform;
    if (transform === null) return batch;
    if (batch instanceof WeightedBatch) return new WeightedBatch(this.transformed(batch.batch), batch.sampleWeight);
    const [input, target] = batch as Batch<unknown, unknown>;
    return [transform(input), target];
  }

  /**
   * Takes a batch apart and counts its rows.
   * @param what names it in messages. @param rowsOf `'all'`: every tensor must have as many rows.
   * @throws ArgumentError or ShapeError that names the batch and its form.
   */
  read<T>(what: string, batch: T, rowsOf: 'all' | 'first' = 'all'): { structure: Structure<T>; rows: number } {
    const caller = this.#caller;
    if (this.isPair && !(isArray(batch) && batch.length === 2))
      throw new ArgumentError(
        `${caller}: ${what} must be [input, target], got ${showStructure(batch)}; for batches of another form say with the ` +
          'option forward which part goes to the model and which to the loss',
      );
    const structure = takeApart(`${caller}: ${what}`, batch);
    const { tensors } = structure;
    const rows = tensors[0]!.shape[0];
    const isUneven = tensors.some(({ shape }) => shape.length === 0 || shape[0] !== rows);
    if (rows === undefined || (rowsOf === 'all' && isUneven))
      throw new ShapeError(
        `${caller}: ${what} must have the same number of rows in each of its tensors, got shapes ` +
          tensors.map(({ shape }) => formatShape(shape)).join(', '),
      );
    return { structure, rows };
  }
}

function checkOutcome(caller: string, value: unknown): Outcome {
  if (isThenable(value)) {
    ignoreRejection(value);
    throw new ArgumentError(`${caller}: forward must not be async`);
  }
  if (isPlainObject(value) && Object.hasOwn(value, 'output')) {
    const own = (key: 'target' | 'sampleWeight') => (Object.hasOwn(value, key) ? value[key] : undefined);
    const sampleWeight = own('sampleWeight');
    if (sampleWeight !== undefined && !(sampleWeight instanceof Tensor))
      throw new ArgumentError(
        `${caller}: the sampleWeight that forward returns must be a tensor, got ${show(sampleWeight)}`,
      );
    return { output: value.output, target: own('target'), sampleWeight };
  }
  throw new ArgumentError(`${caller}: forward must return { output, target }, got ${showStructure(value)}`);
}
