/** Misuse: the right error, and a generator that stands where it stood. */
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { Generator, type GeneratorState } from '../../src/random/generator.js';
import { sentence } from '../golden/load.js';

/** What a JavaScript caller may pass, whatever the types say. */
type Loose = Record<string, (...args: unknown[]) => unknown>;
const f32 = new Float32Array(3);
const i32 = new Int32Array(3);

const rows: readonly (readonly [method: string, args: readonly unknown[], message: string])[] = [
  ['manualSeed', [2n ** 64n], sentence('manual_seed: 2^64')],
  ['manualSeed', [-(2n ** 63n) - 1n], sentence('manual_seed: -2^63 - 1')],
  ['manualSeed', [1.5], 'the seed must be an integer, got 1.5'],
  ['manualSeed', [2 ** 53], 'beyond 2^53 - 1 use a bigint'],
  ['manualSeed', [Number.NaN], 'the seed must be an integer, got NaN'],
  ['manualSeed', [Number.POSITIVE_INFINITY], 'the seed must be an integer, got Infinity'],
  ['manualSeed', ['7'], 'the seed must be an integer, got "7"'],
  ['manualSeed', [null], 'the seed must be an integer, got null'],
  ['manualSeed', [undefined], 'the seed must be an integer, got undefined'],
  ['manualSeed', [1, { mask: 'counter' }], 'unknown option "mask"'],
  ['manualSeed', [1, { masks: 'philox' }], 'masks must be one of counter, mt19937, got "philox"'],
  ['manualSeed', [1, null], 'options must be an object, got null'],
  ['uniformFill', [f32, 2, 1], sentence('uniform_: from > to')],
  ['uniformFill', [f32, Number.NaN, 1], sentence('uniform_: from NaN')],
  ['uniformFill', [f32, 0, Number.POSITIVE_INFINITY], 'to is out of bounds for float, got Infinity'],
  ['uniformFill', [f32, 0, 1e39], 'to is out of bounds for float, got 1e+39'],
  ['uniformFill', [f32, '0', 1], 'from is out of bounds for float, got "0"'],
  ['uniformFill', [f32, -3e38, 3e38], 'uniform_ expects to-from <= std::numeric_limits<float>::max()'],
  [
    'uniformFill',
    [new Float64Array(1), -1e308, 1e308],
    'uniform_ expects to-from <= std::numeric_limits<double>::max()',
  ],
  ['uniformFill', [[1, 2]], 'expected a Float32Array or a Float64Array, got [1, 2]'],
  ['uniformFill', [i32], 'expected a Float32Array or a Float64Array, got a value of type Int32Array'],
  ['normalFill', [f32, 0, -1], sentence('normal_: std -1')],
  ['normalFill', [f32, 0, Number.NaN], 'normal expects std >= 0.0, but found std NaN'],
  ['normalFill', [f32, '0'], 'mean must be a number, got "0"'],
  ['normalFill', [i32], 'expected a Float32Array or a Float64Array'],
  ['bernoulliFill', [f32, 1.5], sentence('bernoulli_: p 1.5')],
  ['bernoulliFill', [f32, -0.1], 'bernoulli_ expects p to be in [0, 1], but got p=-0.1'],
  ['bernoulliFill', [f32, Number.NaN], 'bernoulli_ expects p to be in [0, 1], but got p=NaN'],
  ['bernoulliFill', [f32], 'bernoulli_ expects p to be in [0, 1], but got p=undefined'],
  ['randintFill', [i32, 5, 5], sentence('randint: empty range')],
  ['randintFill', [i32, 6, 5], 'got from=6 >= to=5'],
  ['randintFill', [i32, 0.5, 5], 'from must be an integer, got 0.5'],
  ['randintFill', [i32, 0, Number.NaN], 'to must be an integer, got NaN'],
  ['randintFill', [i32, 0, 2 ** 31 + 1], 'to - 1 is out of bounds for int'],
  ['randintFill', [i32, -(2 ** 31) - 1, 0], 'from is out of bounds for int'],
  ['randintFill', [f32, 0, 2 ** 25], 'to - 1 is out of bounds for float'],
  ['randintFill', [new Uint8Array(2), 0, 2], 'expected an Int32Array, Float32Array or Float64Array'],
  ['randperm', [-1], 'n must be an integer from 0 to 2147483647, got -1'],
  ['randperm', [1.5], 'got 1.5'],
  ['randperm', [2 ** 31], 'got 2147483648'],
  ['randperm', ['3'], 'n must be an integer'],
];

describe('Generator refuses, and stays as it was:', () => {
  it.each(rows)('%s(%o): %s', (method, args, message) => {
    const generator = new Generator(5, { masks: 'mt19937' });
    generator.normalFill(new Float32Array(1));
    generator.nextKey();
    const before = generator.getState();
    const array = args[0] instanceof Float32Array ? args[0].slice() : null;
    let error: unknown;
    try {
      (generator as unknown as Loose)[method]!(...args);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as ArgumentError).code).toBe('ERR_LANEWISE_ARGUMENT');
    expect((error as ArgumentError).message).toContain(message);
    expect((error as ArgumentError).message).toContain(`${method}: `);
    expect(generator.getState()).toEqual(before);
    if (array !== null) expect(args[0]).toEqual(array);
  });

  it('options that only stand on the prototype', () => {
    expect(new Generator(1, Object.create({ masks: 'mt19937' })).masks).toBe('counter');
  });
});

describe('setState refuses', () => {
  const good = new Generator(5).getState();
  const engine = good.mt19937;
  const words = (change: (words: number[]) => unknown) => {
    const copy = [...engine.words];
    change(copy);
    return { ...good, mt19937: { ...engine, words: copy } };
  };
  const { masks: _, ...incomplete } = good;
  const bad: readonly (readonly [what: string, state: unknown, message: string])[] = [
    ['null', null, 'the state must be an object'],
    ['a number', 5, 'the state must be an object'],
    ['nothing in it', {}, 'the state lacks seedLow, seedHigh'],
    ['no masks', incomplete, 'the state lacks masks'],
    ['an unknown key', { ...good, extra: 1 }, 'unknown option "extra"'],
    ['a seed of 2^32', { ...good, seedLow: 2 ** 32 }, 'seedLow must be an unsigned 32-bit integer'],
    ['a negative seed', { ...good, seedHigh: -1 }, 'seedHigh must be an unsigned 32-bit integer'],
    ['a count as text', { ...good, counterLow: '1' }, 'counterLow must be an unsigned 32-bit integer'],
    ['half a count', { ...good, counterHigh: 0.5 }, 'counterHigh must be an unsigned 32-bit integer'],
    ['another mode', { ...good, masks: 'x' }, 'masks must be one of'],
    ['NaN as spare', { ...good, spareNormal: Number.NaN }, 'spareNormal must be a finite number or null'],
    ['no engine', { ...good, mt19937: null }, 'mt19937 must be an object'],
    ['too few words', words((copy) => copy.pop()), 'words must be an array of 624 integers'],
    ['a hole among the words', words((copy) => delete copy[3]), 'words[3] must be an unsigned 32-bit integer'],
    ['a word of 2^32', words((copy) => (copy[9] = 2 ** 32)), 'words[9] must be an unsigned 32-bit integer'],
    ['position 625', { ...good, mt19937: { ...engine, position: 625 } }, 'position must be an integer from 0 to 624'],
    ['position -1', { ...good, mt19937: { ...engine, position: -1 } }, 'position must be an integer from 0 to 624'],
  ];

  it.each(bad)('%s', (_what, state, message) => {
    const generator = new Generator(6);
    generator.randperm(9);
    const before = generator.getState();
    expect(() => generator.setState(state as GeneratorState)).toThrow(ArgumentError);
    expect(() => generator.setState(state as GeneratorState)).toThrow(message);
    expect(generator.getState()).toEqual(before);
  });
});
