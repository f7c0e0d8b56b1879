/** What is being trained: nothing by two trainings at once, and not written to by others meanwhile. */
import { StateError } from '../errors.js';
import type { Holder, Storage } from '../tensor/storage.js';
import type { Settings } from './options.js';

const taken = new WeakSet<object>();

const wait = 'wait for that training to end, or abort it';
const one = 'give each training a separate one';

export class Lock {
  /** Who may write all the same. */
  readonly holder: Holder;
  readonly #settings: Settings;
  readonly #taken: ReadonlyMap<object, string>;
  readonly #held = new Set<Storage>();

  /**
   * Marks model, optimizer, callbacks and all that they hold as being trained, until {@link release}.
   * @throws StateError when a training that has not ended holds any of it.
   */
  constructor(caller: string, settings: Settings) {
    this.holder = { name: caller, isHolding: true };
    this.#settings = settings;
    this.#taken = thingsOf(settings);
    for (const [thing, message] of this.#taken) if (taken.has(thing)) throw new StateError(`${caller}: the ${message}`);
    for (const thing of this.#taken.keys()) taken.add(thing);
    this.refresh();
  }

  /** Holds what has come since as well: parameters that were added, and what a program of the training writes. */
  refresh(written: Iterable<Storage> = []): void {
    for (const storage of [...storagesOf(this.#settings), ...written]) {
      if (this.#held.has(storage)) continue;
      this.#held.add(storage);
      storage.hold(this.holder);
    }
  }

  /** Lets others write, until {@link close}. */
  open(): void {
    this.holder.isHolding = false;
  }

  close(): void {
    this.holder.isHolding = true;
  }

  release(): void {
    for (const thing of this.#taken.keys()) taken.delete(thing);
    for (const storage of this.#held) storage.hold(null);
  }
}

/** What one training has to itself, and how the message about each goes on. */
function thingsOf(settings: Settings): Map<object, string> {
  const { model, optimizer, callbacks, generator } = settings;
  const things = new Map<object, string>();
  things.set(model, `model is being trained already: ${wait}`);
  things.set(optimizer, `optimizer is being trained already: ${wait}`);
  for (const storage of storagesOf(settings))
    things.set(storage, `model (or a part of it) is being trained already: ${wait}`);
  for (const callback of callbacks)
    things.set(callback, `callback${nameOf(callback)} takes part in a training already: ${one}`);
  if (generator !== null) things.set(generator, `generator is drawn from by a training already: ${one}`);
  return things;
}

function nameOf(callback: object): string {
  const { name } = callback.constructor ?? Object;
  return name === 'Object' ? '' : ` ${name}`;
}

function storagesOf({ model, optimizer }: Settings): Storage[] {
  const tensors = [...model.parameters(), ...model.buffers(), ...optimizer['~tensors']()];
  return tensors.map(({ storage }) => storage);
}
