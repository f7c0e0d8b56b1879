/** Taking up a training that a checkpoint has. */

import { ArgumentError } from '../errors.js';
import { codeOf } from '../files/path.js';
import { readContents } from '../io/checkpoint.js';
import { readCheckpoint } from '../io/checkpoint-file.js';
import { isPattern, latestOf } from '../io/checkpoint-path.js';
import {
  type Change,
  type Difference,
  differencesOf,
  restore,
  type SavedParts,
  throwDifferences,
} from '../io/restore.js';
import { isArray, isRecord } from '../realm.js';
import type { Callback } from './callback.js';
import { describeSettings, type FitState, readFitState, type SavedCallback, settingDifferences } from './fit-state.js';
import { ModelCheckpoint } from './model-checkpoint.js';
import type { Settings } from './options.js';

/** A checkpoint that fits a training. */
export class Resumed {
  readonly fit: FitState;
  /** States of generators by their names. */
  readonly generators: unknown;
  readonly #caller: string;
  readonly #settings: Settings;
  readonly #saved: SavedParts;
  readonly #callbacks: readonly SavedCallback[];

  private constructor(caller: string, settings: Settings, state: Readonly<Record<string, unknown>>) {
    this.#caller = caller;
    this.#settings = settings;
    this.#saved = { ...readContents(caller, state), generator: null };
    this.fit = readFitState(caller, state.fit);
    this.generators = state.generators;
    this.#callbacks = readCallbacks(caller, state.callbacks);
    throwDifferences(caller, this.#differences());
  }

  /**
   * Reads the file, and compares it with the training. Null when there is no file and none is needed.
   * @throws ArgumentError, ShapeError that names the file and what is at fault.
   */
  static async read(caller: string, settings: Settings): Promise<Resumed | null> {
    const { path, ifExists } = settings.resume!;
    const where = `${caller}: resume`;
    const absent = () =>
      new ArgumentError(
        `${where}: ${path}: not found; with resume: { path, ifExists: true } a training begins from the start then`,
      );
    const file = isPattern(path) ? await latestOf(where, path) : path;
    if (file === null) {
      if (ifExists) return null;
      throw absent();
    }
    try {
      return new Resumed(`${where}: ${file}`, settings, await readCheckpoint(where, file));
    } catch (error) {
      if (!(error instanceof ArgumentError) || codeOf(error.cause) !== 'ENOENT') throw error;
      if (ifExists) return null;
      throw absent();
    }
  }

  /**
   * Has model, optimizer, schedulers and callbacks go on from the checkpoint: all of them, or none.
   * @param more what else is to change with them.
   */
  apply(more: readonly Change[]): void {
    const { model, optimizer, schedulers, callbacks } = this.#settings;
    const changes = pair(callbacks, this.#callbacks).matched.map(([callback, { state }]): Change => {
      const before = callback.stateDict?.();
      return { make: () => callback.loadStateDict?.(state), undo: () => callback.loadStateDict?.(before) };
    });
    const targets = { model, optimizer, schedulers: schedulers.map(({ scheduler }) => scheduler), generator: null };
    restore(this.#caller, targets, this.#saved, [...more, ...changes]);
  }

  #differences(): Difference[] {
    const { model, optimizer, schedulers, callbacks } = this.#settings;
    const targets = { model, optimizer, schedulers: schedulers.map(({ scheduler }) => scheduler), generator: null };
    const missing = pair(callbacks, this.#callbacks).left.filter(({ name }) => name !== ModelCheckpoint.name);
    return [
      ...settingDifferences(this.fit.settings, describeSettings(this.#settings)),
      ...differencesOf(targets, this.#saved),
      ...missing.map(({ name }) => ({ text: `callbacks: ${name} in the checkpoint, none here`, isSize: false })),
    ];
  }
}

/** What checkpoints keep of callbacks. */
export function saveCallbacks(callbacks: readonly Callback[]): SavedCallback[] {
  return callbacks.flatMap((each) =>
    each.stateDict === undefined ? [] : [{ name: nameOf(each), state: each.stateDict() ?? null }],
  );
}

const nameOf = (callback: Callback): string => callback.constructor?.name ?? 'Object';

/** Callbacks and the states they had: the first of a name is the first of that name. */
function pair(callbacks: readonly Callback[], saved: readonly SavedCallback[]) {
  const left = [...saved];
  const matched = callbacks.flatMap((callback): [Callback, SavedCallback][] => {
    if (callback.loadStateDict === undefined) return [];
    const at = left.findIndex(({ name }) => name === nameOf(callback));
    return at < 0 ? [] : [[callback, left.splice(at, 1)[0]!]];
  });
  return { matched, left };
}

function readCallbacks(caller: string, given: unknown): SavedCallback[] {
  if (!isArray(given)) throw new ArgumentError(`${caller}: the state has no list of callbacks`);
  return given.map((each: unknown) => {
    if (isRecord(each) && typeof each.name === 'string') return { name: each.name, state: each.state };
    throw new ArgumentError(`${caller}: the state has a callback without a name`);
  });
}
