/** What a cell of a table says, read as a number, a boolean, a date or a category. Texts are those of CSV files. */
import { isDate } from '../../realm.js';

/** Texts that stand for a missing value, as pandas reads them. */
export const defaultNaValues: readonly string[] = ['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL'];

/** Texts that stand for a missing value. */
export class NaValues {
  readonly texts: readonly string[];
  /** Whether some of them are numbers too: -999, say. */
  readonly haveNumbers: boolean;
  readonly #set: ReadonlySet<string>;
  readonly #longest: number;

  constructor(texts: readonly string[]) {
    this.texts = texts;
    this.haveNumbers = texts.some((text) => !Number.isNaN(toNumber(text)) || toBoolean(text) !== null);
    this.#set = new Set(texts);
    this.#longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  }

  /** White space is missing where the empty text is. */
  has(text: string): boolean {
    // Most texts are longer, and need not be hashed.
    if (text.length <= this.#longest && this.#set.has(text)) return true;
    const first = text.charCodeAt(0);
    return (first <= 32 || first > 127) && this.#set.has('') && text.trim() === '';
  }
}

/** Whether a cell has no value: null, undefined, NaN, a date that is none, white space, one of the texts. */
export function isMissing(value: unknown, naValues: NaValues): boolean {
  if (typeof value === 'string') return naValues.has(value);
  return value === null || value === undefined || Number.isNaN(value) || (isDate(value) && Number.isNaN(+value));
}

/** A finite number, or NaN for everything else: infinities, booleans and dates too. */
export function toNumber(value: unknown): number {
  if (typeof value === 'string') return parseNumber(value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}

function parseNumber(text: string): number {
  const number = +text;
  // JavaScript takes white space for 0 and reads 0x10; both are mistakes in a table.
  if (!Number.isFinite(number) || (number === 0 && !text.includes('0'))) return Number.NaN;
  return text.length > 2 && hasRadix(text) ? Number.NaN : number;
}

function hasRadix(text: string): boolean {
  // Read without a regular expression: this is done for each cell of files of gigabytes.
  const first = text.charCodeAt(0);
  if (first < 33) return /^\s*0[xob]/i.test(text);
  return first === 48 && text.charCodeAt(1) > 57 && !/^0e/i.test(text);
}

/** true, false, or null for everything else. Texts are `true` and `false` in any case; numbers only 0 and 1. */
export function toBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    const text = value.toLowerCase();
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : null;
  }
  return value === 1 || value === 1n ? true : value === 0 || value === 0n ? false : null;
}

const iso =
  /^\s*(?<year>\d{4})-(?<month>\d\d)(?:-(?<day>\d\d)(?:[T ](?<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?)?)?\s*$/i;

/** Milliseconds since 1970, or NaN: of a Date, a number of milliseconds, or an ISO 8601 text, which without a zone is in UTC. */
export function toTime(value: unknown): number {
  if (isDate(value)) return value.getTime();
  if (typeof value === 'number' || typeof value === 'bigint') {
    const time = Number(value);
    return Math.abs(time) <= 8.64e15 ? time : Number.NaN;
  }
  return typeof value === 'string' ? parseTime(value) : Number.NaN;
}

/** The text is read here, since the engine reads some texts in the zone of the machine, and 31 February as 2 March. */
function parseTime(text: string): number {
  const found = iso.exec(text)?.groups;
  if (found === undefined) return Number.NaN;
  const { year, month, day = '01', time = '00:00', zone = 'Z' } = found;
  const date = new Date(`${year}-${month}-${day}T00:00Z`);
  if (date.getUTCDate() !== Number(day)) return Number.NaN;
  const digits = zone.replace(':', '');
  const offset = /^z$/i.test(zone) ? 'Z' : `${digits.slice(0, 3)}:${digits.slice(3) || '00'}`;
  return Date.parse(`${year}-${month}-${day}T${time}${offset}`);
}

/** The name of a category, or null: a text as it is; numbers, booleans and bigints as they print, so that CSV and JSON agree. */
export function toCategory(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : null;
}
