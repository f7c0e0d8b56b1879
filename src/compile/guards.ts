/** What a traced program depends on in addition to its arguments, and what calling its function sets. */
import { show } from '../check.js';
import { differenceOf } from './contents.js';
import { FieldGuards, type SelfChange } from './field-guards.js';

/** Values that are baked in, kept as two flat lists so that looking at all of them again costs little. */
export class Guards {
  readonly #reads: (() => unknown)[] = [];
  readonly #values: unknown[] = [];
  readonly #names: (() => string)[] = [];
  readonly #fields: FieldGuards[] = [];
  readonly #checks: (() => void)[] = [];

  /** Notes a value as it is now; the name is for messages. */
  add(name: () => string, read: () => unknown): void {
    this.#names.push(name);
    this.#reads.push(read);
    this.#values.push(read());
  }

  addFields(fields: FieldGuards): void {
    this.#fields.push(fields);
  }

  /** The first value that is not what it was, in words; null when there is none. */
  changed(): string | null {
    for (const [i, read] of this.#reads.entries()) {
      const [before, now] = [this.#values[i], read()];
      if (!Object.is(before, now)) return `${this.#names[i]!()} ${differenceOf(before, now)}`;
    }
    for (const fields of this.#fields) {
      const change = fields.changed();
      if (change !== null) return change;
    }
    return null;
  }

  /**
   * To be called when the function has returned: what it has only written is not compared from now on, since each trace would make the one
   * before it out of date. Says, once for each field of a class, what the function changes and its runs do not.
   * @param caller for messages.
   */
  settle(caller: string): void {
    for (const fields of this.#fields) for (const change of fields.settle()) warnOfChange(caller, fields.owner, change);
  }

  addCheck(run: () => void): void {
    this.#checks.push(run);
  }

  /** Whether every value is what it was. */
  hold(): boolean {
    const reads = this.#reads;
    const values = this.#values;
    for (let i = 0; i < reads.length; i++) if (!Object.is(reads[i]!(), values[i])) return false;
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) if (!fields[i]!.hold()) return false;
    return true;
  }

  /** Calls the checks; the first that throws ends it. */
  check(): void {
    for (const run of this.#checks) run();
  }
}

const warned = new WeakMap<object, Set<string>>();

function warnOfChange(caller: string, owner: object, { key, isInPlace }: SelfChange): void {
  if (!remember(warned, owner.constructor ?? Object, key)) return;
  const field = `'${key}' of ${show(owner)}`;
  process.emitWarning(
    isInPlace
      ? `${caller}: what is in ${field} is changed while the function is traced. Its runs do not change it, and do not see when others do. Tensors that ` +
          'are to change from run to run are buffers: write into them with copy_() and its kin.'
      : `${caller}: ${field} is changed while the function is traced. Its runs do not change it, and the next call traces the function again. A ` +
          'number that is to change from run to run is a buffer: a tensor that the function writes into with add_() and its kin.',
    { type: 'LanewiseWarning', code: 'LANEWISE_CHANGED_WHILE_RECORDED' },
  );
}

/** A value that the function has set. */
export interface SideEffect {
  readonly owner: object;
  readonly key: string;
  /** Whether the function had looked at the value before it set it. */
  readonly wasGuarded: boolean;
  /** What it was before. */
  readonly before: unknown;
  /** What it is now. */
  read(): unknown;
  write(value: unknown): void;
}

/** Keeps by owner and key what is guarded and what has been changed. */
export class SideEffectLog {
  readonly guards = new Guards();
  readonly entries: SideEffect[] = [];
  readonly #seen = new Map<object, Set<string>>();
  readonly #changed = new Map<object, Set<string>>();
  readonly #fields = new Map<object, FieldGuards>();

  guard(owner: object, key: string, read: () => unknown): boolean {
    if (this.#changed.get(owner)?.has(key) || !remember(this.#seen, owner, key)) return false;
    this.guards.add(() => `'${key}' of ${show(owner)}`, read);
    return true;
  }

  guardFields(owner: object): FieldGuards {
    let fields = this.#fields.get(owner);
    if (fields !== undefined) return fields;
    fields = new FieldGuards(owner);
    // First, since reading a field may come back to here.
    this.#fields.set(owner, fields);
    this.guards.addFields(fields);
    fields.take();
    return fields;
  }

  add<T>(owner: object, key: string, read: () => T, write: (value: T) => void): void {
    if (!remember(this.#changed, owner, key)) return;
    const wasGuarded = this.#seen.get(owner)?.has(key) ?? false;
    this.entries.push({ owner, key, wasGuarded, before: read(), read, write: (value) => write(value as T) });
  }

  /** Sets everything back to what it was. */
  undo(): void {
    for (const { write, before } of this.entries.toReversed()) write(before);
  }
}

interface Pairs {
  get(owner: object): Set<string> | undefined;
  set(owner: object, keys: Set<string>): unknown;
}

/** Whether the pair is new. */
function remember(pairs: Pairs, owner: object, key: string): boolean {
  let keys = pairs.get(owner);
  if (keys === undefined) pairs.set(owner, (keys = new Set()));
  if (keys.has(key)) return false;
  keys.add(key);
  return true;
}
