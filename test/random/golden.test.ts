/** The generator against PyTorch's CPU generator: the same draws in the same order, to the bit. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../src/ops/ops.js';
import { Generator } from '../../src/random/generator.js';
import { type GoldenTensor, golden, type RandomCall, values } from '../golden/load.js';

type Draw = (generator: Generator, n: number, a: number, b: number) => FloatArray | Int32Array;

const float32 = (fill: (g: Generator, array: Float32Array, a: number, b: number) => void): Draw => {
  return (generator, n, a, b) => {
    const array = new Float32Array(n);
    fill(generator, array, a, b);
    return array;
  };
};
const float64 = (fill: (g: Generator, array: Float64Array, a: number, b: number) => void): Draw => {
  return (generator, n, a, b) => {
    const array = new Float64Array(n);
    fill(generator, array, a, b);
    return array;
  };
};

const draws: Record<string, Draw> = {
  rand: float32((g, array) => g.uniformFill(array)),
  rand64: float64((g, array) => g.uniformFill(array)),
  uniform: float32((g, array, from, to) => g.uniformFill(array, from, to)),
  uniform64: float64((g, array, from, to) => g.uniformFill(array, from, to)),
  randn: float32((g, array) => g.normalFill(array)),
  randn64: float64((g, array) => g.normalFill(array)),
  normal: float32((g, array, mean, std) => g.normalFill(array, mean, std)),
  randperm: (g, n) => g.randperm(n),
  randint: (g, n, low, high) => {
    const array = new Int32Array(n);
    g.randintFill(array, low, high);
    return array;
  },
  randintFloat: float32((g, array, low, high) => g.randintFill(array, low, high)),
  bernoulli: float32((g, array, q) => g.bernoulliFill(array, q)),
};

/** How far a call may be from PyTorch: 0 means equal to the bit. */
function tolerance({ call }: RandomCall): number {
  return call === 'randn64' ? 1e-14 : 0; // sin, cos and log of another library
}

function expectDraw(drawn: ArrayLike<number>, call: RandomCall): void {
  const expected = values(call.result);
  const allowed = tolerance(call);
  if (allowed === 0) {
    expect(drawn).toEqual(expected);
    return;
  }
  expect(drawn.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(drawn[i]! - expected[i]!)).toBeLessThanOrEqual(allowed);
}

describe('Generator draws as PyTorch', () => {
  const { cases } = golden('random');
  it.each(cases)('seed $seed', ({ seed, initialSeed, calls, large }) => {
    const generator = new Generator(BigInt(seed));
    expect(generator.initialSeed()).toBe(BigInt(initialSeed));
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) {
      const [n, a, b] = call.args as [number, number, number];
      expectDraw(draws[call.call]!(generator, n, a, b), call);
    }
    for (const [i, { sha256 }] of large.entries()) {
      const array = new Float32Array(100_003);
      generator.normalFill(array, ...[[0, 1] as const, [-1000, 0.3] as const][i]!);
      expect(createHash('sha256').update(array).digest('hex')).toBe(sha256);
    }
  });
});

/** nn.Linear's initial weight and bias, as PyTorch computes its bounds. */
function drawLinear(generator: Generator, inFeatures: number, outFeatures: number, bias: boolean): Float32Array[] {
  const weight = new Float32Array(inFeatures * outFeatures);
  const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + Math.sqrt(5) ** 2)) / Math.sqrt(inFeatures));
  generator.uniformFill(weight, -bound, bound);
  if (!bias) return [weight];
  const row = new Float32Array(outFeatures);
  generator.uniformFill(row, -1 / Math.sqrt(inFeatures), 1 / Math.sqrt(inFeatures));
  return [weight, row];
}

function expectAfter(generator: Generator, after: GoldenTensor): void {
  const next = new Float32Array(2);
  generator.uniformFill(next);
  expect(next).toEqual(values(after));
}

describe('initial weights are those of PyTorch', () => {
  const { cases, full } = golden('weights');
  it.each(cases)('$name', ({ seed, summaries, after }) => {
    const generator = new Generator(seed);
    const drawn = [
      ...drawLinear(generator, 784, 256, true),
      ...drawLinear(generator, 256, 128, true),
      ...drawLinear(generator, 128, 10, true),
    ];
    const expected = Object.values(summaries);
    expect(expected).toHaveLength(drawn.length);
    drawn.forEach((array, i) => {
      expect(array.slice(0, 4)).toEqual(values(expected[i]!.first));
      const bytes = Buffer.from(array.buffer);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected[i]!.sha256);
    });
    expectAfter(generator, after);
  });

  it('a small network in full', () => {
    const generator = new Generator(full.seed);
    const drawn = full.sizes.flatMap(([inFeatures, outFeatures, bias]) =>
      drawLinear(generator, inFeatures, outFeatures, bias),
    );
    expect(drawn).toEqual(Object.values(full.parameters).map(values));
    expectAfter(generator, full.after);
  });
});
