/** What an optimizer keeps for a parameter between steps, and how it is written to and read from a state dict. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import { withTrace } from '../ops/trace.js';
import { allocate, allocateLasting } from '../tensor/creation.js';
import { openSaved } from '../tensor/saved.js';
import { formatShape, numelOf, type Shape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What stands in the parts of a state before the first step: 0 unless told otherwise. */
export type InitialState = () => Readonly<Record<string, number | undefined>>;

/**
 * Buffers with the shape of one parameter, numbers, and how many steps it has taken. Memory stays where it is for as long as the
 * optimizer lives, so that traced programs can hold on to it: a state that is loaded is copied in.
 */
export class ParamState {
  /** int32 []: 0 as long as nothing counts as state. Ops count it up. */
  readonly step: Tensor = allocateLasting([], 'int32');
  readonly #param: Tensor;
  readonly #initial: InitialState;
  readonly #scalars = new Map<string, Tensor>();
  readonly #coefficients = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();

  constructor(param: Tensor, initial: InitialState) {
    this.#param = param;
    this.#initial = initial;
  }

  /** The buffer of that name, made at the first call. */
  buffer(name: string): Tensor {
    return this.#part(this.#buffers, name, this.#param.shape, this.#param.dtype);
  }

  /** The number of that name, float32 [], made at the first call. */
  scalar(name: string): Tensor {
    return this.#part(this.#scalars, name, [], 'float32');
  }

  /** What a step computes with, [], which means nothing between two steps. */
  coefficient(name: string): Tensor {
    return this.#part(this.#coefficients, name, [], this.#param.dtype);
  }

  #part(parts: Map<string, Tensor>, name: string, shape: Shape, dtype: DType): Tensor {
    let part = parts.get(name);
    if (part === undefined) {
      part = allocateLasting(shape, dtype);
      const { storage } = part;
      // Before the first run of a program that is being traced, and not in it.
      withTrace(null, () => storage.write().fill(this.#initial()[name] ?? 0));
      parts.set(name, part);
    }
    return part;
  }

  /** `step`, then the numbers and the buffers, by PyTorch's names. Before the first step they, if there are any, mean nothing. */
  tensors(): ReadonlyMap<string, Tensor> {
    return new Map([['step', this.step], ...this.#scalars, ...this.#buffers]);
  }

  /** All that a step writes. */
  written(): Tensor[] {
    return [...this.tensors().values(), ...this.#coefficients.values()];
  }

  /** @throws StateError while a job writes the state. */
  assertUnpinned(): void {
    for (const { storage } of this.written()) storage.assertUnpinned();
  }

  /** Takes over what `readState` has checked; what is not in it starts again. */
  load(state: LoadedState | undefined): void {
    for (const name of state?.buffers.keys() ?? []) this.buffer(name);
    for (const name of state?.scalars.keys() ?? []) this.scalar(name);
    const initial = this.#initial();
    for (const [name, buffer] of this.#buffers) {
      const loaded = state?.buffers.get(name);
      if (loaded === undefined) buffer.storage.write().fill(initial[name] ?? 0);
      else buffer.copy_(loaded);
    }
    for (const [name, scalar] of this.#scalars)
      scalar.storage.write()[0] = state?.scalars.get(name) ?? initial[name] ?? 0;
    this.step.storage.write()[0] = state?.step ?? 0;
  }
}

/** The state of one parameter, checked. */
export interface LoadedState {
  readonly step: number;
  readonly scalars: ReadonlyMap<string, number>;
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/**
 * Checks the state of one parameter.
 * @param names `required`: those it must have; `optional`: those it may have. null stands for an absent one, as in PyTorch.
 * @param scalarNames numbers that it must have
 */
export function readState(
  caller: string,
  param: Tensor,
  given: unknown,
  names: { readonly required: readonly string[]; readonly optional: readonly string[]; readonly countsSteps: boolean },
  scalarNames: readonly string[] = [],
): LoadedState {
  if (typeof given !== 'object' || given === null)
    throw new ArgumentError(`${caller}: the state of a parameter is an object, got ${show(given)}`);
  const entries = new Map(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
  let step = 0;
  if (names.countsSteps) {
    step = readStep(caller, entries.get('step'));
    entries.delete('step');
  }
  const scalars = new Map<string, number>();
  for (const name of scalarNames) {
    const value = readScalar(entries.get(name));
    if (value === null)
      throw new ArgumentError(`${caller}: ${name} must be a finite number, got ${show(entries.get(name))}`);
    scalars.set(name, value);
    entries.delete(name);
  }
  const buffers = new Map<string, Tensor>();
  for (const [name, value] of entries) {
    if (!names.required.includes(name) && !names.optional.includes(name))
      throw new ArgumentError(`${caller}: unknown state ${show(name)}`);
    const source = value instanceof Tensor ? value : openSaved(caller, value);
    if (source === null) throw new ArgumentError(`${caller}: ${name} must be a Tensor, got ${show(value)}`);
    if (!sameShape(source.shape, param.shape))
      throw new ShapeError(
        `${caller}: ${name} has shape ${formatShape(source.shape)}, its parameter ${formatShape(param.shape)}`,
      );
    buffers.set(name, toDtype(source instanceof Tensor ? source : source.read(), param.dtype));
  }
  for (const name of names.required)
    if (!buffers.has(name)) throw new ArgumentError(`${caller}: the state of a parameter lacks ${name}`);
  // Without a step count, a state that holds anything was made by a step.
  if (!names.countsSteps && buffers.size > 0) step = 1;
  return { step, scalars, buffers };
}

/** A finite number, also as a tensor of one element, live or saved; null for anything else. */
export function readScalar(value: unknown): number | null {
  const saved = value instanceof Tensor ? value : openSaved('', value);
  const tensor = saved !== null && numelOf(saved.shape) === 1 ? (saved instanceof Tensor ? saved : saved.read()) : null;
  const number: unknown = tensor === null ? value : tensor.item();
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function readStep(caller: string, value: unknown): number {
  const step = readScalar(value);
  if (step === null || !Number.isInteger(step) || step < 0 || step > 0x7fffffff)
    throw new ArgumentError(`${caller}: step must be a whole number, got ${show(value)}`);
  return step;
}

/** Converted and copied now: a backend that cannot read the dtype says so before anything is changed. */
function toDtype(source: Tensor, dtype: DType): Tensor {
  return allocate(source.shape, dtype).copy_(source);
}
