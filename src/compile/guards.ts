/** What a recorded program depends on besides its arguments, and what calling its function sets. */
import { show } from '../check.js';

/** Values that are baked in, kept as two flat lists so that looking at all of them again costs little. */
export class Guards {
  readonly #reads: (() => unknown)[] = [];
  readonly #values: unknown[] = [];
  readonly #names: (() => string)[] = [];
  readonly #checks: (() => void)[] = [];

  /** Notes a value as it is now; the name is for messages. */
  add(name: () => string, read: () => unknown): void {
    this.#names.push(name);
    this.#reads.push(read);
    this.#values.push(read());
  }

  /** The first value that is not what it was, in words; null when there is none. */
  changed(): string | null {
    for (const [i, read] of this.#reads.entries()) {
      const [before, now] = [this.#values[i], read()];
      if (Object.is(before, now)) continue;
      const [was, is] = [show(before), show(now)];
      return was === is
        ? `${this.#names[i]!()} is another than before`
        : `${this.#names[i]!()} is ${is}, and was ${was}`;
    }
    return null;
  }

  addCheck(run: () => void): void {
    this.#checks.push(run);
  }

  /** Whether every value is what it was. */
  hold(): boolean {
    const reads = this.#reads;
    const values = this.#values;
    for (let i = 0; i < reads.length; i++) if (!Object.is(reads[i]!(), values[i])) return false;
    return true;
  }

  /** Calls the checks; the first that throws ends it. */
  check(): void {
    for (const run of this.#checks) run();
  }
}

/** A value that the function has set. */
export interface Change {
  readonly owner: object;
  readonly key: string;
  /** Whether the function had looked at the value before it set it. */
  readonly wasObserved: boolean;
  /** What it was before. */
  readonly before: unknown;
  /** What it is now. */
  read(): unknown;
  write(value: unknown): void;
}

/** Keeps by owner and key what has been observed and what has been changed. */
export class Journal {
  readonly guards = new Guards();
  readonly changes: Change[] = [];
  readonly #seen = new Map<object, Set<string>>();
  readonly #changed = new Map<object, Set<string>>();

  observe(owner: object, key: string, read: () => unknown): void {
    if (this.#changed.get(owner)?.has(key)) return;
    if (note(this.#seen, owner, key)) this.guards.add(() => `'${key}' of ${show(owner)}`, read);
  }

  change<T>(owner: object, key: string, read: () => T, write: (value: T) => void): void {
    if (!note(this.#changed, owner, key)) return;
    const wasObserved = this.#seen.get(owner)?.has(key) ?? false;
    this.changes.push({ owner, key, wasObserved, before: read(), read, write: (value) => write(value as T) });
  }

  /** Sets everything back to what it was. */
  undo(): void {
    for (const { write, before } of this.changes.toReversed()) write(before);
  }
}

/** Whether the pair is new. */
function note(pairs: Map<object, Set<string>>, owner: object, key: string): boolean {
  let keys = pairs.get(owner);
  if (keys === undefined) pairs.set(owner, (keys = new Set()));
  if (keys.has(key)) return false;
  keys.add(key);
  return true;
}
