/** What a JavaScript caller may pass: values that fit, values that do not, and values that fight back. Each is made afresh for each use. */
import fc from 'fast-check';
import type { Fixture } from '../misuse/fixture.js';

/** Thrown by the caller's own code. It passes through the library as it is. */
export class CallersError extends Error {}

/** A value with a name for the report. */
export class Made {
  readonly name: string;
  readonly make: (fixture: Fixture) => unknown;

  constructor(name: string, make: (fixture: Fixture) => unknown) {
    this.name = name;
    this.make = make;
  }

  [fc.toStringMethod](): string {
    return this.name;
  }
}

const fail = (): never => {
  throw new CallersError("the caller's own");
};
const thrower = new Proxy(
  {},
  { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail },
);
const cycle = (): unknown[] => {
  const array: unknown[] = [1];
  array.push(array);
  return array;
};
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const detached = (): Float32Array => {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};
class Longer extends Float32Array {
  override get length(): number {
    return 1000;
  }
}

/** A class that is called as a function, or an iterator that breaks its protocol, throws by itself: that is the caller's error. */
const hostile = [
  new Made('null', () => null),
  new Made('symbol', () => Symbol('s')),
  new Made('1n', () => 1n),
  new Made("''", () => ''),
  new Made("'1'", () => '1'),
  new Made("'mean'", () => 'mean'),
  new Made("'float32'", () => 'float32'),
  new Made("'int32'", () => 'int32'),
  new Made("'__proto__'", () => '__proto__'),
  new Made('true', () => true),
  new Made('{}', () => ({})),
  new Made('empty array', () => []),
  new Made('sparse array', () => new Array(3)),
  new Made('array without a prototype', () => Object.setPrototypeOf([1, 2], null)),
  new Made('ragged array', () => [[1, 2], [3]]),
  new Made('array with itself', cycle),
  new Made('array of a string', () => [1, 'a']),
  new Made('object with length', () => ({ length: 3 })),
  new Made('object with a lying length', () => ({ length: 2 ** 40, 0: 1 })),
  new Made('Map', () => new Map([['lr', 1]])),
  new Made('Set', () => new Set([1])),
  new Made('Promise', () => Promise.resolve(1)),
  new Made('Date', () => new Date(0)),
  new Made('regular expression', () => /a/),
  new Made('function that gives its argument', () => (value: unknown) => value),
  new Made('function that gives nothing', () => () => {}),
  new Made('function that throws', () => fail),
  new Made('async function', () => async () => {}),
  new Made('generator', () => (function* () {})()),
  new Made('iterable that throws', () => ({ [Symbol.iterator]: fail })),
  new Made('getter that throws', () => Object.defineProperty({}, 'lr', { enumerable: true, get: fail })),
  new Made('valueOf that throws', () => ({ valueOf: fail, toString: fail })),
  new Made('proxy that throws', () => thrower),
  new Made('revoked proxy', () => revoked({})),
  new Made('revoked array', () => revoked([])),
  new Made('Float32Array(3)', () => Float32Array.of(1, NaN, -0)),
  new Made('Float64Array(2)', () => Float64Array.of(1e300, 1)),
  new Made('Int32Array(2)', () => Int32Array.of(0, 1)),
  new Made('Uint8Array(2)', () => Uint8Array.of(0, 255)),
  new Made('BigInt64Array(2)', () => BigInt64Array.of(1n, -(2n ** 62n))),
  new Made('detached array', detached),
  new Made('shared array', () => new Float32Array(new SharedArrayBuffer(8))),
  new Made('array that says it is longer', () => new Longer(2)),
  new Made('DataView', () => new DataView(new ArrayBuffer(8))),
  new Made('ArrayBuffer', () => new ArrayBuffer(8)),
];

/** Sizes are small or beyond anything: those between would only take memory. */
const numbers = [
  0,
  1,
  2,
  3,
  5,
  -1,
  -2,
  -7,
  0.5,
  1e-3,
  -0,
  1e-320,
  1e39,
  1e308,
  NaN,
  Infinity,
  -Infinity,
  2 ** 53,
  2 ** 60,
];
const number = fc.constantFrom(
  ...numbers.map((value) => new Made(Object.is(value, -0) ? '-0' : String(value), () => value)),
);

const fitting = fc
  .constantFrom<keyof Fixture>(
    ...([
      'model',
      'criterion',
      'optimizer',
      'x',
      'labels',
      'matrix',
      'cube',
      'vector',
      'scalar',
      'integers',
      'doubles',
    ] as const),
    ...(['empty', 'leaf', 'probabilities', 'dataset', 'generator', 'loader'] as const),
  )
  .map((key) => new Made(key, (fixture) => fixture[key]));

const list = (part: fc.Arbitrary<Made>): fc.Arbitrary<Made> =>
  fc
    .array(part, { maxLength: 3 })
    .map(
      (parts) => new Made(`[${parts.map(({ name }) => name)}]`, (fixture) => parts.map(({ make }) => make(fixture))),
    );

const single = fc.oneof(
  { arbitrary: number, weight: 3 },
  { arbitrary: fitting, weight: 4 },
  { arbitrary: fc.constantFrom(...hostile), weight: 3 },
);
const nested = fc.oneof(
  { arbitrary: single, weight: 4 },
  { arbitrary: list(single), weight: 1 },
  { arbitrary: list(list(number)), weight: 1 },
);

/** An object of options: some of those names with any values. */
export const options = (names: readonly string[]): fc.Arbitrary<Made> =>
  fc
    .dictionary(fc.constantFrom(...names), nested, { maxKeys: 3, noNullPrototype: true })
    .map(
      (fields) =>
        new Made(`{${Object.entries(fields).map(([name, value]) => `${name}: ${value.name}`)}}`, (fixture) =>
          Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.make(fixture)])),
        ),
    );

/** Any argument. */
export const argument = (optionNames: readonly string[]): fc.Arbitrary<Made> =>
  fc.oneof({ arbitrary: nested, weight: 3 }, { arbitrary: options(optionNames), weight: 1 });
