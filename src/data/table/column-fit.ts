/** What is learnt about a column from its cells: which type it has, its statistics, its categories. */
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isDate } from '../../realm.js';
import { isMissing, NaValues, toBoolean, toCategory, toNumber, toTime } from './cells.js';
import { type FittedColumn, type MissingRule, millisecondsOfDay } from './fitted.js';
import { Moments } from './moments.js';
import type { ColumnSpec, ColumnType } from './options.js';

/** A cell for a message. */
interface Example {
  readonly row: number;
  readonly value: unknown;
}

/** What `type` wants, in words. */
export const wanted: Readonly<Record<ColumnType, string>> = {
  numeric: 'a finite number',
  boolean: 'true or false',
  categorical: 'a text, number or boolean',
  date: 'a date (a Date, milliseconds, or a text such as 2024-02-29 or 2024-02-29T12:30Z)',
};

/** What holds for all columns. */
export interface FitLimits {
  readonly naValues: readonly string[];
  readonly maxCategories: number;
}

export class ColumnFit {
  readonly #spec: ColumnSpec;
  readonly #at: string;
  readonly #naValues: NaValues;
  readonly #maxCategories: number;
  /** The cells of each type, and the first of them. */
  readonly #counts = new Map<ColumnType, { count: number; first: Example }>();
  #missing: { count: number; first: Example } | null = null;
  readonly #moments = new Moments();
  /** Null once there are too many of them. */
  #categories: Set<string> | null = new Set();

  readonly #isTarget: boolean;

  /** @param at names the place and the column in messages. */
  constructor(at: string, spec: ColumnSpec, isTarget: boolean, { naValues, maxCategories }: FitLimits) {
    this.#at = at;
    this.#spec = spec;
    this.#isTarget = isTarget;
    // A text that is listed as a category is one.
    this.#naValues = new NaValues(naValues.filter((text) => spec.categories?.includes(text) !== true));
    this.#maxCategories = Math.max(maxCategories, spec.categories?.length ?? 0);
  }

  /** @param firstRow number of the first row, for messages. @throws ArgumentError for a cell that is not of the given type. */
  scan(read: (row: number) => unknown, rows: number, firstRow: number, isDates: boolean): void {
    const type = this.#spec.type ?? (isDates ? 'date' : null);
    for (let i = 0; i < rows; i++) {
      const value = read(i);
      if (typeof value === 'string' && this.#isPlain(type, value)) continue;
      if (isMissing(value, this.#naValues)) this.#countMissing(firstRow + i, value);
      else this.#take(type ?? typeOf(value), value, firstRow + i);
    }
  }

  /** Takes what most cells of files are by the shortest way: a number in a column of numbers, a category that is known. */
  #isPlain(type: ColumnType | null, text: string): boolean {
    if (this.#categories?.has(text) === true) {
      const seen = this.#counts.get('categorical');
      if (seen === undefined || this.#counts.size > 1) return false;
      seen.count++;
      return true;
    }
    if ((type !== null && type !== 'numeric') || this.#naValues.haveNumbers) return false;
    const seen = this.#counts.get('numeric');
    const number = seen === undefined ? Number.NaN : toNumber(text);
    if (seen === undefined || Number.isNaN(number)) return false;
    seen.count++;
    this.#moments.add(number);
    return true;
  }

  #countMissing(row: number, value: unknown): void {
    if (this.#spec.missing === 'error')
      throw new ArgumentError(
        `${this.#at}: row ${row} has no value (${show(value)}); ` +
          (this.#isTarget ? 'leave out rows without a target' : "missing: 'mean' or 'indicator' allows that"),
      );
    if (this.#missing === null) this.#missing = { count: 1, first: { row, value } };
    else this.#missing.count++;
  }

  #take(type: ColumnType, value: unknown, row: number): void {
    const seen = this.#counts.get(type);
    if (seen === undefined) this.#counts.set(type, { count: 1, first: { row, value } });
    else seen.count++;
    if (type === 'numeric') this.#moments.add(this.#checked(type, toNumber(value), value, row));
    else if (type === 'date') this.#moments.add(this.#checked(type, toTime(value), value, row) / millisecondsOfDay);
    else if (type === 'boolean') this.#moments.add(Number(this.#checked(type, toBoolean(value), value, row)));
    if (type === 'categorical' || (type === 'boolean' && this.#spec.type === null))
      this.#addCategory(this.#checked(type, toCategory(value), value, row));
  }

  #checked<T>(type: ColumnType, read: T | null, value: unknown, row: number): T {
    if (read === null || Number.isNaN(read)) throw new ArgumentError(badCell(this.#at, row, type, value));
    return read;
  }

  #addCategory(name: string): void {
    const categories = this.#categories;
    if (categories === null || categories.has(name)) return;
    categories.add(name);
    if (categories.size > this.#maxCategories) this.#categories = null;
  }

  /** Takes over what was learnt from other rows. */
  merge(other: ColumnFit): void {
    for (const [type, { count, first }] of other.#counts) {
      const seen = this.#counts.get(type);
      if (seen === undefined) this.#counts.set(type, { count, first });
      else seen.count += count;
    }
    if (other.#missing !== null) {
      if (this.#missing === null) this.#missing = { ...other.#missing };
      else this.#missing.count += other.#missing.count;
    }
    this.#moments.merge(other.#moments);
    if (other.#categories === null) this.#categories = null;
    else for (const name of other.#categories) this.#addCategory(name);
  }

  /** @throws ArgumentError for a column without values, of mixed types, with too many categories. */
  finish(): FittedColumn {
    const { column, scaler, parts } = this.#spec;
    const type = this.#resolve();
    if (type === 'date' && this.#isTarget)
      throw new ArgumentError(`${this.#at}: dates cannot be a target; make numbers of them before`);
    switch (type) {
      case 'numeric':
        return { type, column, ...this.#scaling(scaler), missing: this.#missingRule() };
      case 'boolean':
        return { type, column, missing: this.#missingRule() };
      case 'date':
        return { type, column, parts, ...this.#scaling(scaler), missing: this.#missingRule() };
      case 'categorical':
        return this.#categorical();
    }
  }

  #resolve(): ColumnType {
    const [first, second] = [...this.#counts].sort(([, a], [, b]) => b.count - a.count);
    if (first === undefined) {
      if (this.#spec.categories !== null) return 'categorical';
      throw new ArgumentError(`${this.#at}: the column has no values`);
    }
    if (second === undefined) return first[0];
    const isMixed = this.#counts.has('numeric') || this.#counts.has('date');
    if (!isMixed) return 'categorical';
    const { row, value } = second[1].first;
    throw new ArgumentError(
      `${this.#at}: ${said(first[1].count, first[0])}, but row ${row} is ${show(value)}; ` +
        `say what it is (type: '${first[0]}' or 'categorical'), or add the text to naValues`,
    );
  }

  /** As scikit-learn: what does not vary is not divided. */
  #scaling(scaler: ColumnSpec['scaler']): { center: number; scale: number } {
    const { mean, std, min, max } = this.#moments;
    const [center, scale] = { standard: [mean, std], minMax: [min, max - min], none: [0, 1] }[scaler] as [
      number,
      number,
    ];
    if (!Number.isFinite(scale)) throw new ArgumentError(`${this.#at}: the numbers are too large to be scaled`);
    // + 0 makes 0 of -0, which JSON does not keep.
    return { center: center + 0, scale: scale < smallest(center) ? 1 : scale };
  }

  #missingRule(): MissingRule {
    if (this.#spec.missing === 'error') return { fill: null, indicator: false };
    return { fill: this.#moments.mean + 0, indicator: this.#spec.missing === 'indicator' && this.#missing !== null };
  }

  #categorical(): FittedColumn {
    const { column, encoder, handleUnknown, missing, categories: given } = this.#spec;
    if (missing === 'mean' && this.#missing !== null)
      throw new ArgumentError(
        `${this.#at}: row ${this.#missing.first.row} has no value, and categories have no mean; missing may be 'indicator'`,
      );
    if (this.#categories === null)
      throw new ArgumentError(
        `${this.#at}: more than ${this.#maxCategories} categories; leave the column out, or raise maxCategories`,
      );
    const seen = [...this.#categories];
    const unknown =
      given === null || handleUnknown === 'ignore' ? undefined : seen.find((name) => !given.includes(name));
    if (unknown !== undefined)
      throw new ArgumentError(`${this.#at}: ${show(unknown)} is not one of the categories that the options list`);
    const categories = given ?? sorted(seen);
    return {
      type: 'categorical',
      column,
      encoder,
      categories,
      handleUnknown,
      hasMissing: this.#missing !== null,
    };
  }
}

/** A cell that is not what it should be. */
export function badCell(at: string, row: number, type: ColumnType, value: unknown): string {
  return `${at}: row ${row} must be ${wanted[type]}, got ${isDate(value) ? 'a Date' : show(value)}`;
}

/** A spread below what float64 can tell from the values is none. */
function smallest(center: number): number {
  return Math.max(Math.abs(center) * 10 * Number.EPSILON, Number.MIN_VALUE);
}

function said(count: number, type: ColumnType): string {
  const [one, many] = (
    { numeric: ['number', 'numbers'], date: ['date', 'dates'], boolean: ['boolean', 'booleans'] } as const
  )[type as 'numeric' | 'date' | 'boolean'] ?? ['text', 'texts'];
  return `${count} ${count === 1 ? `cell is a ${one}` : `cells are ${many}`}`;
}

/** What a cell is by itself. */
function typeOf(value: unknown): ColumnType {
  if (typeof value === 'boolean') return 'boolean';
  if (isDate(value)) return 'date';
  if (typeof value === 'number' || !Number.isNaN(toNumber(value))) return 'numeric';
  if (typeof value !== 'string') return 'categorical';
  if (toBoolean(value) !== null) return 'boolean';
  return Number.isNaN(toTime(value)) ? 'categorical' : 'date';
}

/** Numbers by size, texts by their characters. */
function sorted(names: readonly string[]): string[] {
  const areNumbers = names.every((name) => !Number.isNaN(toNumber(name)));
  return [...names].sort((a, b) => (areNumbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
}
