import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { maskKey } from '../../src/ops/mask.js';
import { defaultGenerator, Generator, manualSeed } from '../../src/random/generator.js';

function uniform(generator: Generator, n: number): Float32Array {
  const array = new Float32Array(n);
  generator.uniformFill(array);
  return array;
}

function normal(generator: Generator, n: number): Float32Array {
  const array = new Float32Array(n);
  generator.normalFill(array);
  return array;
}

/** Things that move the state of a generator. */
const moves: Record<string, (generator: Generator) => void> = {
  uniform: (g) => uniform(g, 3),
  manyUniform: (g) => uniform(g, 700),
  oneNormal: (g) => normal(g, 1),
  manyNormal: (g) => normal(g, 17),
  bernoulli: (g) => g.bernoulliFill(new Float32Array(5), 0.5),
  integers: (g) => g.randintFill(new Int32Array(5), 0, 9),
  permutation: (g) => g.randperm(11),
  key: (g) => g.nextKey(),
  random63: (g) => g.random63(),
};

describe('fork', () => {
  it('draws what the generator would have drawn, which then draws something else', () => {
    const generator = new Generator(2 ** 40 + 3);
    for (let i = 0; i < 3; i++) {
      normal(generator, 1);
      generator.nextKey();
      const clone = generator.clone();
      const fork = generator.fork();
      expect(fork.getState()).toEqual(clone.getState());
      expect(generator.initialSeed()).toBe(fork.initialSeed());
      expect(generator.masks).toBe(fork.masks);
      const [drawn, others] = [uniform(fork, 2000), uniform(generator, 2000)];
      // Nor the same a few draws later: no float of one stands in the other more often than chance has it.
      const common = new Set(drawn);
      expect(others.filter((value) => common.has(value)).length).toBeLessThan(10);
      const keys = Array.from({ length: 100 }, () => `${fork.nextKey()}`);
      for (let j = 0; j < 100; j++) expect(keys).not.toContain(`${generator.nextKey()}`);
    }
  });

  it('depends on the state alone', () => {
    const [one, other] = [new Generator(5), new Generator(5)];
    one.fork();
    other.fork();
    expect(one.getState()).toEqual(other.getState());
    expect(one.fork().getState()).not.toEqual(new Generator(5).getState());
  });
});

describe('seeds', () => {
  it.each([
    [0, 0n],
    [-1, 2n ** 64n - 1n],
    [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-(2n ** 63n), 2n ** 63n],
  ])('%s is kept modulo 2^64', (seed, expected) => {
    expect(new Generator(seed).initialSeed()).toBe(expected);
    expect(new Generator().manualSeed(seed).initialSeed()).toBe(expected);
  });

  it('default to PyTorch’s for a new generator, and to another at every start for the default one', async () => {
    expect(new Generator().initialSeed()).toBe(67280421310721n);
    const seeds = new Set<bigint>();
    for (let start = 0; start < 3; start++) {
      vi.resetModules();
      const fresh = await import('../../src/random/generator.js');
      seeds.add(fresh.defaultGenerator.initialSeed());
    }
    expect(seeds.size).toBe(3);
  });

  it('give different numbers and different masks', () => {
    const [a, b] = [new Generator(1), new Generator(2)];
    expect(uniform(a, 4)).not.toEqual(uniform(b, 4));
    expect(a.nextKey()).not.toEqual(b.nextKey());
    // Seeds equal in their low 32 bits share the mt19937, as in PyTorch, but not the masks.
    const [low, high] = [new Generator(5), new Generator(2 ** 40 + 5)];
    expect(uniform(low, 4)).toEqual(uniform(high, 4));
    expect(low.nextKey()).not.toEqual(high.nextKey());
  });
});

describe('manualSeed', () => {
  it('starts everything again, the counter, the spare normal number and the mode of masks included', () => {
    const generator = new Generator(9, { masks: 'mt19937' });
    for (const move of Object.values(moves)) move(generator);
    expect(generator.getState().spareNormal).not.toBeNull();
    expect(generator.manualSeed(4).getState()).toEqual(new Generator(4).getState());
    expect(generator.masks).toBe('counter');
    expect(generator.manualSeed(4, { masks: 'mt19937' }).masks).toBe('mt19937');
  });

  it('of the module seeds the default generator and returns it', () => {
    expect(manualSeed(12)).toBe(defaultGenerator);
    expect(uniform(defaultGenerator, 3)).toEqual(uniform(new Generator(12), 3));
    expect(manualSeed(12, { masks: 'mt19937' }).masks).toBe('mt19937');
    expect(manualSeed(12).masks).toBe('counter');
  });
});

describe('nextKey', () => {
  it('is the function of seed and count that native/kernels/README.md defines', () => {
    const generator = new Generator(42);
    const state = { ...generator.getState(), counterLow: 7, counterHigh: 1 };
    expect(generator.setState(state).nextKey()).toEqual([2414563044, 1870483892]);
    expect(generator.nextKey()).toEqual(maskKey(42, 0, 8, 1));
  });

  it('carries from the low half of the count to the high one, and wraps at 2^64', () => {
    const generator = new Generator(-2);
    generator.setState({ ...generator.getState(), counterLow: 0xffffffff, counterHigh: 3 });
    expect(generator.nextKey()).toEqual(maskKey(0xfffffffe, 0xffffffff, 0xffffffff, 3));
    expect(generator.getState()).toMatchObject({ counterLow: 0, counterHigh: 4 });
    expect(generator.nextKey()).toEqual(maskKey(0xfffffffe, 0xffffffff, 0, 4));
    generator.setState({ ...generator.getState(), counterLow: 0xffffffff, counterHigh: 0xffffffff });
    generator.nextKey();
    expect(generator.getState()).toMatchObject({ counterLow: 0, counterHigh: 0 });
  });

  it('does not move the mt19937, and the mt19937 does not move it', () => {
    const generator = new Generator(1);
    const before = generator.getState();
    generator.nextKey();
    expect(generator.getState()).toEqual({ ...before, counterLow: 1 });
    uniform(generator, 9);
    expect(generator.getState().counterLow).toBe(1);
  });
});

describe('state', () => {
  const sequence = fc.array(fc.constantFrom(...Object.keys(moves)), { maxLength: 12 });
  it('saved at any point, as JSON too, resumes every stream exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), sequence, (seed, steps) => {
        const generator = new Generator(seed, { masks: 'mt19937' });
        for (const step of steps) moves[step]!(generator);
        const saved = generator.getState();
        const resumed = new Generator(77).setState(JSON.parse(JSON.stringify(saved)));
        const twin = generator.clone();
        for (const other of [resumed, twin]) {
          expect(other.getState()).toEqual(saved);
          expect(other.initialSeed()).toBe(generator.initialSeed());
        }
        const draw = (g: Generator) => [normal(g, 1), uniform(g, 2), g.nextKey(), g.randperm(5), normal(g, 18)];
        const expected = draw(generator);
        expect(draw(resumed)).toEqual(expected);
        expect(draw(twin)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('is a copy: later draws do not change it', () => {
    const generator = new Generator(3);
    const saved = generator.getState();
    const text = JSON.stringify(saved);
    uniform(generator, 1000);
    expect(JSON.stringify(saved)).toBe(text);
    generator.setState(saved);
    uniform(generator, 1000);
    expect(JSON.stringify(saved)).toBe(text);
  });

  it.each(Object.keys(moves))('%s moves it', (name) => {
    const generator = new Generator(3);
    const before = generator.getState();
    moves[name]!(generator);
    expect(generator.getState()).not.toEqual(before);
  });
});
