/** What an optimizer keeps for a parameter between steps, and how it is written to and read from a state dict. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import { allocate, allocateLasting } from '../tensor/creation.js';
import { openSaved } from '../tensor/saved.js';
import { formatShape, numelOf, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Buffers with the shape of one parameter, and how many steps it has taken. Memory stays where it is for as long as the
 * optimizer lives, so that traced programs can hold on to it: a state that is loaded is copied in.
 */
export class ParamState {
  /** int32 []: 0 as long as nothing counts as state. Ops count it up. */
  readonly step: Tensor = allocateLasting([], 'int32');
  readonly #param: Tensor;
  readonly #buffers = new Map<string, Tensor>();

  constructor(param: Tensor) {
    this.#param = param;
  }

  /** The buffer of that name, made of zeros at the first call. */
  buffer(name: string): Tensor {
    let buffer = this.#buffers.get(name);
    if (buffer === undefined) {
      buffer = allocateLasting(this.#param.shape, this.#param.dtype);
      this.#buffers.set(name, buffer);
    }
    return buffer;
  }

  /** `step`, then the buffers, by PyTorch's names. Before the first step buffers, if there are any, mean nothing. */
  tensors(): ReadonlyMap<string, Tensor> {
    return new Map([['step', this.step], ...this.#buffers]);
  }

  /** @throws StateError while a job writes the state. */
  assertUnpinned(): void {
    for (const { storage } of [this.step, ...this.#buffers.values()]) storage.assertUnpinned();
  }

  /** Takes over what `readState` has checked; what is not in it starts again from 0. */
  load(state: LoadedState | undefined): void {
    for (const name of state?.buffers.keys() ?? []) this.buffer(name);
    for (const [name, buffer] of this.#buffers)
      buffer.copy_(state?.buffers.get(name) ?? allocate([], this.#param.dtype));
    this.step.storage.write()[0] = state?.step ?? 0;
  }
}

/** The state of one parameter, checked. */
export interface LoadedState {
  readonly step: number;
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/**
 * Checks the state of one parameter.
 * @param required the names it must have; `optional` those it may have. null stands for an absent one, as in PyTorch.
 */
export function readState(
  caller: string,
  param: Tensor,
  given: unknown,
  names: { readonly required: readonly string[]; readonly optional: readonly string[]; readonly countsSteps: boolean },
): LoadedState {
  if (typeof given !== 'object' || given === null)
    throw new ArgumentError(`${caller}: the state of a parameter is an object, got ${show(given)}`);
  const entries = new Map(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
  let step = 0;
  if (names.countsSteps) {
    step = readStep(caller, entries.get('step'));
    entries.delete('step');
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
  return { step, buffers };
}

function readStep(caller: string, value: unknown): number {
  const saved = value instanceof Tensor ? value : openSaved(caller, value);
  const tensor = saved !== null && numelOf(saved.shape) === 1 ? (saved instanceof Tensor ? saved : saved.read()) : null;
  const step = tensor === null ? value : tensor.item();
  if (typeof step !== 'number' || !Number.isInteger(step) || step < 0 || step > 0x7fffffff)
    throw new ArgumentError(`${caller}: step must be a whole number, got ${show(value)}`);
  return step;
}

/** Converted and copied now: a backend that cannot read the dtype says so before anything is changed. */
function toDtype(source: Tensor, dtype: DType): Tensor {
  return allocate(source.shape, dtype).copy_(source);
}
