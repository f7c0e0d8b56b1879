/** Checks of what callers pass in. Each names the place, the law and the offence; none changes anything. */
import { describeForeign } from './copies.js';
import { ArgumentError, ShapeError } from './errors.js';
import { isArray, isCollection, isRevoked } from './realm.js';

/** More elements than a typed array can hold; no size may be larger. */
export const maxElements = 2 ** 32;

/** Not printed: lists with more elements or nested deeper than this, and text with more characters. */
const mostShown = { elements: 8, depth: 3, characters: 120 };

/** Prints a caller's value in a message: short, and safe for any type, also one whose properties throw or lie. */
export function show(value: unknown): string {
  try {
    return shown(value, mostShown.depth);
  } catch {
    return 'an object that cannot be read';
  }
}

function shown(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return value === BigInt.asIntN(128, value) ? `${value}n` : 'a large bigint';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (isArray(value)) return listed(value, depth);
  const foreign = describeForeign(value);
  if (foreign !== null) return foreign;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `a value of type ${shortened(name)}` : 'an object';
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);

function listed(values: readonly unknown[], depth: number): string {
  const { length } = values;
  // Negated: a proxy may say anything of its length.
  if (depth === 0 || !(length <= mostShown.elements)) return 'an array';
  let text = '';
  for (let i = 0; i < length; i++) {
    text += `${i > 0 ? ', ' : ''}${i in values ? shown(values[i], depth - 1) : ''}`;
    if (text.length > mostShown.characters) return 'an array';
  }
  return `[${text}]`;
}

/** A size given by a caller: a safe integer of at least `least`. */
export function checkSize(caller: string, what: string, value: unknown, least = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ArgumentError(`${caller}: ${what} must be an integer, got ${show(value)}`);
  if (value < least) {
    const law = least === 0 ? 'not be negative' : `be at least ${least}`;
    throw new ArgumentError(`${caller}: ${what} must ${law}, got ${value}`);
  }
  if (value > maxElements) throw new ArgumentError(`${caller}: ${what} is too large, got ${value}`);
  return value;
}

/** A number given by a caller, infinite perhaps, but not NaN. */
export function checkNumber(caller: string, what: string, value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new ArgumentError(`${caller}: ${what} must be a number, got ${show(value)}`);
  return value;
}

export function checkBoolean(caller: string, what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new ArgumentError(`${caller}: ${what} must be a boolean, got ${show(value)}`);
  return value;
}

/**
 * Reads a caller's array, with undefined for holes. Its length is read once, as it may say another each time, and `check` may end the
 * reading of one that says to be huge.
 */
export function readList<T>(
  caller: string,
  what: string,
  values: readonly unknown[],
  check: (value: unknown, index: number) => T,
  most: number = maxElements,
): T[] {
  const { length } = values;
  // Negated, since a proxy may say anything of its length.
  if (!(length <= most)) throw new ShapeError(`${caller}: at most ${most} ${what}, got ${show(length)}`);
  const list: T[] = [];
  for (let i = 0; i < length; i++) list.push(check(values[i], i));
  return list;
}

/** One of a list of names. */
export function checkOneOf<T extends string>(caller: string, what: string, value: unknown, names: readonly T[]): T {
  const found = names.find((name) => name === value);
  if (found === undefined)
    throw new ArgumentError(`${caller}: ${what} must be one of ${names.join(', ')}, got ${show(value)}`);
  return found;
}

/**
 * Reads an options object once: own properties only, so that nothing on `Object.prototype` counts, and unknown keys
 * are refused. Returns a copy without a prototype; an absent option and one given as undefined are the same.
 */
export function checkOptions<T extends object>(
  caller: string,
  options: T | undefined,
  known: readonly (keyof T & string)[],
): Partial<T> {
  const copy: Partial<T> = Object.create(null);
  if (options === undefined) return copy;
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`${caller}: options must be an object, got ${show(options)}`);
  // What a collection holds would be ignored. Where a program follows its async work, Node gives promises properties named by symbols.
  if (isRevoked(options) || (isCollection(options) && Object.getOwnPropertyNames(options).length === 0))
    throw new ArgumentError(`${caller}: options must be a plain object, got ${show(options)}`);
  for (const key of Reflect.ownKeys(options)) {
    const name = known.find((candidate) => candidate === key);
    if (name === undefined)
      throw new ArgumentError(
        `${caller}: unknown option ${show(key)}${known.length > 0 ? `; it takes ${known.join(', ')}` : ''}`,
      );
    const value = options[name];
    if (value !== undefined) copy[name] = value;
  }
  return copy;
}
