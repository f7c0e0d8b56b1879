import { withOps } from '../ops/backend.js';
import { withRecording } from '../ops/recording.js';
import { isGradEnabled, isInferenceModeEnabled } from '../tensor/grad-mode.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type Assembled, assemble, type Place } from './assemble.js';
import type { Change } from './guards.js';
import { watchImpure } from './impure.js';
import { Recorder } from './recorder.js';
import { type Returned, readReturned } from './returned.js';

/** What gives an argument its shape and dtype. */
export type InputSpec = Pick<Tensor, 'shape' | 'dtype' | 'numel'>;

/** A value that the function has left set: a gradient, a mode. */
interface Effect {
  readonly read: () => unknown;
  readonly write: (value: unknown) => void;
  readonly value: unknown;
  /** Where the numbers of a gradient are, when that is another memory at each run; else null. */
  readonly place: Place | null;
}

/** A function that has been called once, with its ops noted. */
export interface Recorded<R> {
  readonly recorder: Recorder;
  readonly assembled: Assembled;
  /** The memories of the tensors that it returns, by their numbers in the listing. */
  readonly returned: readonly number[];
  /** Whether a result becomes the gradient of a tensor. */
  readonly commitsResults: boolean;
  /** Does to gradients and modes what a call does. */
  commit(inputs: readonly Tensor[], results: readonly Storage[]): void;
  /** What a call returns. */
  resultOf(inputs: readonly Tensor[], results: readonly Storage[]): R;
}

/**
 * Calls `fn` on a recorder. Nothing that it sets lasts, whether it returns or throws: a run does that.
 * @throws what `fn` throws; StateError for what cannot be recorded.
 */
export function record<R>(
  name: string,
  fn: (...inputs: Tensor[]) => R,
  inputs: readonly InputSpec[],
  keepGradients: boolean,
): Recorded<R> {
  const recorder = new Recorder(name);
  recorder.journal.guards.add(() => 'whether gradients are recorded', isGradEnabled);
  recorder.journal.guards.add(() => 'whether inference mode is on', isInferenceModeEnabled);
  const { returned, changes } = call(recorder, name, fn, inputs);
  const { tensors, rebuild } = returned;
  const gradients = changes.flatMap(({ value, change }) =>
    value instanceof Tensor ? [{ storage: value.storage, wasGuarded: change.wasGuarded }] : [],
  );
  // One tensor that is returned twice is one tensor of the results.
  const distinct = [...new Set(tensors)];
  const positions = tensors.map((tensor) => distinct.indexOf(tensor));
  const storages = distinct.map(({ storage }) => storage);
  const assembled = assemble(recorder, storages, gradients, keepGradients);
  const places = storages.map(assembled.placeOf);
  const effects = changes.map(({ change, value }) => effectOf(change, value, assembled.placeOf));
  return {
    recorder,
    assembled,
    returned: storages.map((storage) => recorder.numberOf(storage)),
    commitsResults: effects.some(({ place }) => place !== null && place.kind !== 'input'),
    commit(given, results) {
      for (const { read, write, value, place } of effects)
        if (place !== null) write(new Tensor(storageAt(place, given, results), (value as Tensor).shape));
        // The run before may have left it so; writing checks what it is given, which costs as much as a small op.
        else if (read() !== value) write(value);
    },
    resultOf(given, results) {
      const made = distinct.map(({ shape }, i) => new Tensor(storageAt(places[i]!, given, results), shape));
      return rebuild(made.length === tensors.length ? made : positions.map((position) => made[position]!));
    },
  };
}

function call<R>(
  recorder: Recorder,
  name: string,
  fn: (...inputs: Tensor[]) => R,
  inputs: readonly InputSpec[],
): { returned: Returned<R>; changes: { change: Change; value: unknown }[] } {
  try {
    const value = withRecording(recorder, () => {
      const args = inputs.map(({ shape, dtype, numel }) => new Tensor(Storage.uninitialized(dtype, numel), shape));
      for (const { storage } of args) recorder.addInput(storage);
      return withOps(recorder.ops, () => watchImpure(name, () => fn(...args)));
    });
    const returned = readReturned(name, value);
    recorder.journal.guards.settle(name);
    recorder.checkCells();
    return { returned, changes: recorder.journal.changes.map((change) => ({ change, value: change.read() })) };
  } finally {
    recorder.undo();
  }
}

function effectOf(change: Change, value: unknown, placeOf: Assembled['placeOf']): Effect {
  const place = value instanceof Tensor ? placeOf(value.storage) : null;
  return { read: change.read, write: change.write, value, place: place?.kind === 'storage' ? null : place };
}

function storageAt(place: Place, inputs: readonly Tensor[], results: readonly Storage[]): Storage {
  if (place.kind === 'storage') return place.storage;
  return place.kind === 'input' ? inputs[place.index]!.storage : results[place.index]!;
}
