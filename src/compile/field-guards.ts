/** The fields of an object that a traced function has used. */
import { show } from '../check.js';
import { differenceOf, isAsNoted, isChangedInPlace, isWithoutNumbers, note } from './contents.js';

/** Stands for a value that is not compared. */
const notCompared = Symbol('not compared');

/** The key of what no module changes: it is the same symbol in all of them. */
const constantKey = '~clone';

/** A field that the function itself has changed while it was traced. */
export interface SelfChange {
  readonly key: string;
  /** Whether it is what is in an array or object that has changed. */
  readonly isInPlace: boolean;
}

/** What a function counts or goes by, not what it sets once: null, undefined and booleans. */
const isPrimitive = (value: unknown): boolean => ['number', 'bigint', 'string'].includes(typeof value);

/** The enumerable fields of an object as they were: their names in order, and what they held. */
export class FieldGuards {
  readonly owner: Record<string, unknown>;
  readonly #keys: string[] = [];
  readonly #values: unknown[] = [];
  /** Fields that hold a result of another trace; those of them that `forward` has looked at; and whether that was watched. */
  readonly #kept: string[] = [];
  readonly #read = new Set<string>();
  #watching: 'never' | 'now' | 'before' = 'never';

  constructor(owner: object) {
    this.owner = owner as Record<string, unknown>;
  }

  /** Notes the fields as they are. */
  take(): void {
    for (const key of Object.keys(this.owner)) {
      const value = this.owner[key];
      this.#keys.push(key);
      this.#values.push(key === constantKey ? notCompared : note(value));
      if (isWithoutNumbers(value)) this.#kept.push(key);
    }
  }

  /** Whether all is as it was. */
  hold(): boolean {
    const owner = this.owner;
    const keys = this.#keys;
    const values = this.#values;
    // A field that has gone while another one has come would hold undefined.
    if (Object.keys(owner).length !== keys.length) return false;
    for (let i = 0; i < keys.length; i++) {
      const noted = values[i];
      if (noted === notCompared) continue;
      const value = owner[keys[i]!];
      if (!Object.is(noted, value) && !isAsNoted(noted, value)) return false;
      if (value === undefined && !Object.hasOwn(owner, keys[i]!)) return false;
    }
    return true;
  }

  /** Looks, until the function is called that is returned, which results of other traces are looked at. */
  watch(): () => void {
    if (this.#kept.length === 0 || this.#watching === 'now') return () => {};
    this.#watching = 'now';
    const ends = this.#kept.map((key) => this.#watchField(key));
    return () => {
      for (const end of ends) end();
      this.#watching = 'before';
    };
  }

  /**
   * To be called when the function has returned. Stops comparing what it has written and not read: a result instead of another one, which it
   * has not looked at; and what is in an array or object that it has changed, which then is no more than a place to keep something.
   * @returns what the function changes in a way that its runs do not.
   */
  settle(): SelfChange[] {
    const changes: SelfChange[] = [];
    for (const [i, key] of this.#keys.entries()) {
      const noted = this.#values[i];
      const value = this.owner[key];
      if (this.#watching === 'before' && this.#kept.includes(key) && !this.#read.has(key))
        this.#values[i] = notCompared;
      else if (isChangedInPlace(noted, value)) {
        this.#values[i] = value;
        changes.push({ key, isInPlace: true });
      } else if (isPrimitive(noted) && isPrimitive(value) && !Object.is(noted, value))
        changes.push({ key, isInPlace: false });
    }
    return changes;
  }

  /** What is not as it was, in words; null when all is. */
  changed(): string | null {
    const owner = this.owner;
    const now = Object.keys(owner);
    const of = `of ${show(owner)}`;
    const added = now.find((key) => !this.#keys.includes(key));
    if (added !== undefined) return `'${added}' ${of} is there, and was not`;
    for (const [i, key] of this.#keys.entries()) {
      if (!now.includes(key)) return `'${key}' ${of} is not there any more`;
      const noted = this.#values[i];
      if (noted !== notCompared && !isAsNoted(noted, owner[key]))
        return `'${key}' ${of} ${differenceOf(noted, owner[key])}`;
    }
    return null;
  }

  /** Replaces a field by an accessor for a time. */
  #watchField(key: string): () => void {
    const own = Object.getOwnPropertyDescriptor(this.owner, key);
    let value: unknown = own?.value;
    const isWatched =
      own?.writable === true &&
      Reflect.defineProperty(this.owner, key, {
        get: () => {
          // What `forward` has put there itself is no matter.
          if (value === own.value) this.#read.add(key);
          return value;
        },
        set: (to: unknown) => {
          value = to;
        },
        enumerable: own.enumerable === true,
        configurable: true,
      });
    if (!isWatched) this.#read.add(key);
    return () => {
      if (isWatched && Object.hasOwn(this.owner, key)) Object.defineProperty(this.owner, key, { ...own, value });
    };
  }
}
