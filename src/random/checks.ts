/** Checks of what callers hand to a generator, each before anything is drawn. PyTorch's sentences where it has them. */
import { checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { FloatArray } from '../ops/ops.js';
import { isArray, isFloat32Array, isFloat64Array, isInt32Array } from '../realm.js';
import { type Mt19937State, mtWords } from './mt19937.js';
import type { GeneratorOptions, GeneratorState, MaskMode } from './state.js';

const maskModes: readonly MaskMode[] = ['counter', 'mt19937'];
const largestFloat32 = 3.4028234663852886e38;

/** A seed as its low and high 32 bits. */
export function checkSeed(caller: string, seed: unknown): readonly [low: number, high: number] {
  if (typeof seed !== 'bigint' && !(typeof seed === 'number' && Number.isSafeInteger(seed))) {
    const hint = typeof seed === 'number' && Number.isInteger(seed) ? ' (beyond 2^53 - 1 use a bigint)' : '';
    throw new ArgumentError(`${caller}: the seed must be an integer, got ${show(seed)}${hint}`);
  }
  const value = BigInt(seed);
  if (value < -(2n ** 63n) || value >= 2n ** 64n)
    throw new ArgumentError(
      `${caller}: Overflow when unpacking long long: the seed must be at least -2^63 and less than 2^64, got ${value}`,
    );
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(64, value) >> 32n)];
}

export function checkMasks(caller: string, options: GeneratorOptions): MaskMode {
  const { masks = 'counter' } = checkOptions(caller, options, ['masks']);
  return checkOneOf(caller, 'masks', masks, maskModes);
}

export function checkFloatArray(caller: string, array: FloatArray): void {
  if (!isFloat32Array(array) && !isFloat64Array(array))
    throw new ArgumentError(`${caller}: expected a Float32Array or a Float64Array, got ${show(array)}`);
}

export function checkUniform(caller: string, array: FloatArray, from: number, to: number): void {
  const largest = isFloat32Array(array) ? largestFloat32 : Number.MAX_VALUE;
  const type = isFloat32Array(array) ? 'float' : 'double';
  // Negated, so that NaN and other types are refused too.
  if (!(typeof from === 'number' && Math.abs(from) <= largest))
    throw new ArgumentError(`${caller}: from is out of bounds for ${type}, got ${show(from)}`);
  if (!(typeof to === 'number' && Math.abs(to) <= largest))
    throw new ArgumentError(`${caller}: to is out of bounds for ${type}, got ${show(to)}`);
  if (from > to)
    throw new ArgumentError(
      `${caller}: uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`,
    );
  if (to - from > largest)
    throw new ArgumentError(
      `${caller}: uniform_ expects to-from <= std::numeric_limits<${type}>::max(), but found to=${to} and from=${from} ` +
        'which result in to-from to exceed the limit',
    );
}

export function checkNormal(caller: string, mean: number, std: number): void {
  if (typeof mean !== 'number') throw new ArgumentError(`${caller}: mean must be a number, got ${show(mean)}`);
  if (!(typeof std === 'number' && std >= 0))
    throw new ArgumentError(`${caller}: normal expects std >= 0.0, but found std ${show(std)}`);
}

export function checkBernoulli(caller: string, q: number): void {
  if (!(typeof q === 'number' && q >= 0 && q <= 1))
    throw new ArgumentError(`${caller}: bernoulli_ expects p to be in [0, 1], but got p=${show(q)}`);
}

/** What each array holds exactly, and its name in PyTorch's sentences. */
function integersOf(caller: string, array: unknown): { least: number; most: number; type: string } {
  if (isInt32Array(array)) return { least: -(2 ** 31), most: 2 ** 31 - 1, type: 'int' };
  if (isFloat32Array(array)) return { least: -(2 ** 24), most: 2 ** 24, type: 'float' };
  if (isFloat64Array(array)) return { least: -(2 ** 52), most: 2 ** 52, type: 'double' };
  throw new ArgumentError(`${caller}: expected an Int32Array, Float32Array or Float64Array, got ${show(array)}`);
}

export function checkIntegers(caller: string, array: unknown, low: number, high: number): void {
  const { least, most, type } = integersOf(caller, array);
  for (const [name, value] of [
    ['from', low],
    ['to', high],
  ] as const)
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw new ArgumentError(`${caller}: ${name} must be an integer, got ${show(value)}`);
  if (low >= high)
    throw new ArgumentError(
      `${caller}: random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`,
    );
  if (low < least) throw new ArgumentError(`${caller}: from is out of bounds for ${type}, got ${low}`);
  if (high - 1 > most) throw new ArgumentError(`${caller}: to - 1 is out of bounds for ${type}, got to=${high}`);
}

/** The length of an order of int32 numbers. */
export function checkOrderLength(caller: string, n: unknown): number {
  if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < 0 || n >= 2 ** 31)
    throw new ArgumentError(`${caller}: n must be an integer from 0 to 2147483647, got ${show(n)}`);
  return n;
}

const stateKeys = ['seedLow', 'seedHigh', 'counterLow', 'counterHigh', 'masks', 'mt19937', 'spareNormal'] as const;

/** A copy of a state, each part of which has been looked at once. */
export function checkState(caller: string, state: GeneratorState): GeneratorState {
  const given = checkComplete<GeneratorState>(caller, 'the state', state, stateKeys);
  const { spareNormal } = given;
  if (spareNormal !== null && !Number.isFinite(spareNormal))
    throw new ArgumentError(`${caller}: spareNormal must be a finite number or null, got ${show(spareNormal)}`);
  return {
    seedLow: checkWord(caller, 'seedLow', given.seedLow),
    seedHigh: checkWord(caller, 'seedHigh', given.seedHigh),
    counterLow: checkWord(caller, 'counterLow', given.counterLow),
    counterHigh: checkWord(caller, 'counterHigh', given.counterHigh),
    masks: checkOneOf(caller, 'masks', given.masks, maskModes),
    mt19937: checkEngine(caller, given.mt19937),
    spareNormal,
  };
}

function checkEngine(caller: string, state: Mt19937State): Mt19937State {
  const { words, position } = checkComplete<Mt19937State>(caller, 'mt19937', state, ['words', 'position']);
  if (!isArray(words) || words.length !== mtWords)
    throw new ArgumentError(`${caller}: mt19937.words must be an array of ${mtWords} integers, got ${show(words)}`);
  if (!Number.isInteger(position) || position < 0 || position > mtWords)
    throw new ArgumentError(
      `${caller}: mt19937.position must be an integer from 0 to ${mtWords}, got ${show(position)}`,
    );
  // Array.from, since map() would leave the holes of a sparse array unchecked.
  return { words: Array.from(words, (word, i) => checkWord(caller, `mt19937.words[${i}]`, word)), position };
}

/** An object with exactly these keys, read once. */
function checkComplete<T extends object>(
  caller: string,
  what: string,
  value: T,
  keys: readonly (keyof T & string)[],
): T {
  if (typeof value !== 'object' || value === null)
    throw new ArgumentError(`${caller}: ${what} must be an object, got ${show(value)}`);
  const given = checkOptions(caller, value, keys);
  const missing = keys.filter((key) => !(key in given));
  if (missing.length > 0) throw new ArgumentError(`${caller}: ${what} lacks ${missing.join(', ')}`);
  return given as T;
}

function checkWord(caller: string, what: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= 2 ** 32)
    throw new ArgumentError(`${caller}: ${what} must be an unsigned 32-bit integer, got ${show(value)}`);
  return value;
}
