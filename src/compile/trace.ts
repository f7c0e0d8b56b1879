import { withOps } from '../ops/backend.js';
import { withTrace } from '../ops/trace.js';
import { isGradEnabled, isInferenceModeEnabled } from '../tensor/grad-mode.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type Assembled, assemble, type ExitGradient, type Location } from './assemble.js';
import type { SideEffect } from './guards.js';
import { watchImpure } from './impure.js';
import { type Returned, readReturned } from './returned.js';
import { Tracer } from './tracer.js';

/** What gives an argument its shape and dtype. */
export type InputSpec = Pick<Tensor, 'shape' | 'dtype' | 'numel'>;

/** A value that the function has left set: a gradient, a mode. */
interface Effect {
  readonly read: () => unknown;
  readonly write: (value: unknown) => void;
  readonly value: unknown;
  /** Where the numbers of a gradient are, when that is another memory at each run; else null. */
  readonly location: Location | null;
}

/** A function that has been called once, with its ops noted. */
export interface Traced<R> {
  readonly tracer: Tracer;
  readonly assembled: Assembled;
  /** The values of the tensors that it returns, by their numbers in the graph. */
  readonly returned: readonly number[];
  /** Whether a result becomes the gradient of a tensor. */
  readonly commitsResults: boolean;
  /** Does to gradients and modes what a call does. */
  commit(inputs: readonly Tensor[], results: readonly Storage[]): void;
  /** What a call returns. */
  resultOf(inputs: readonly Tensor[], results: readonly Storage[]): R;
}

/**
 * Calls `fn` on a tracer. Nothing that it sets lasts, whether it returns or throws: a run does that.
 * @throws what `fn` throws; StateError for what cannot be traced.
 */
export function trace<R>(
  name: string,
  fn: (...inputs: Tensor[]) => R,
  inputs: readonly InputSpec[],
  keepGradients: boolean,
): Traced<R> {
  const tracer = new Tracer(name);
  tracer.sideEffects.guards.add(() => 'whether gradients are recorded', isGradEnabled);
  tracer.sideEffects.guards.add(() => 'whether inference mode is on', isInferenceModeEnabled);
  const { returned, changes } = call(tracer, name, fn, inputs);
  const { tensors, rebuild } = returned;
  const gradients = changes.flatMap(({ value, effect }) => exitGradients(value, effect.wasGuarded));
  // One tensor that is returned twice is one tensor of the results.
  const distinct = [...new Set(tensors)];
  const positions = tensors.map((tensor) => distinct.indexOf(tensor));
  const storages = distinct.map(({ storage }) => storage);
  const assembled = assemble(tracer, storages, gradients, keepGradients);
  const locations = storages.map(assembled.locationOf);
  const effects = changes.map(({ effect, value }) => effectOf(effect, value, assembled.locationOf));
  return {
    tracer,
    assembled,
    returned: storages.map((storage) => tracer.numberOf(storage)),
    commitsResults: effects.some(({ location }) => location !== null && location.kind !== 'input'),
    commit(given, results) {
      for (const { read, write, value, location } of effects)
        if (location !== null) write(placed(value as Tensor, storageAt(location, given, results)));
        // The run before may have left it so; writing checks what it is given, which costs as much as a small op.
        else if (read() !== value) write(value);
    },
    resultOf(given, results) {
      const made = distinct.map(({ shape }, i) => new Tensor(storageAt(locations[i]!, given, results), shape));
      return rebuild(made.length === tensors.length ? made : positions.map((position) => made[position]!));
    },
  };
}

function call<R>(
  tracer: Tracer,
  name: string,
  fn: (...inputs: Tensor[]) => R,
  inputs: readonly InputSpec[],
): { returned: Returned<R>; changes: { effect: SideEffect; value: unknown }[] } {
  try {
    const value = withTrace(tracer, () => {
      const args = inputs.map(({ shape, dtype, numel }) => new Tensor(Storage.uninitialized(dtype, numel), shape));
      for (const { storage } of args) tracer.addInput(storage);
      return withOps(tracer.ops, () => watchImpure(name, () => fn(...args)));
    });
    const returned = readReturned(name, value);
    tracer.sideEffects.guards.settle(name);
    tracer.checkDynamicScalars();
    return { returned, changes: tracer.sideEffects.entries.map((effect) => ({ effect, value: effect.read() })) };
  } finally {
    tracer.undo();
  }
}

/** What a function has left set, as gradients: with it the counts of its rows. */
export function exitGradients(value: unknown, wasGuarded: boolean): ExitGradient[] {
  if (!(value instanceof Tensor)) return [];
  const { storage, rowCounts } = value;
  const counts = rowCounts === null ? [] : [{ storage: rowCounts.storage, wasGuarded, countsOf: storage }];
  return [{ storage, wasGuarded, countsOf: null }, ...counts];
}

function effectOf(effect: SideEffect, value: unknown, locationOf: Assembled['locationOf']): Effect {
  const location = value instanceof Tensor ? locationOf(value.storage) : null;
  return { read: effect.read, write: effect.write, value, location: location?.kind === 'storage' ? null : location };
}

/** A gradient in the memory of a run. */
function placed({ shape, rowCounts }: Tensor, storage: Storage): Tensor {
  const gradient = new Tensor(storage, shape);
  gradient.rowCounts = rowCounts;
  return gradient;
}

function storageAt(location: Location, inputs: readonly Tensor[], results: readonly Storage[]): Storage {
  if (location.kind === 'storage') return location.storage;
  return location.kind === 'input' ? inputs[location.index]!.storage : results[location.index]!;
}
