import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultGenerator, Generator, manualSeed, nn, rand, type Tensor, zeros } from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { bits, load, mlp } from './models.js';

const sha256 = (tensor: Tensor) => {
  const { buffer, byteOffset, byteLength } = tensor.toTypedArray();
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
};

describe("initial weights are PyTorch's to the bit", () => {
  const { cases, full } = golden('weights');

  it.each(cases)('$name', ({ seed, summaries, after }) => {
    manualSeed(seed);
    const state = mlp().stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(summaries));
    for (const [name, { shape, sha256: expected, first, last }] of Object.entries(summaries)) {
      const array = state[name]!.toTypedArray();
      expect(state[name]!.shape).toEqual(shape);
      expect([...array.slice(0, 4)]).toEqual([...values(first)]);
      expect([...array.slice(-4)]).toEqual([...values(last)]);
      expect(sha256(state[name]!)).toBe(expected);
    }
    expect(bits(rand(after.shape))).toBe(bits(load(after)));
  });

  it('for odd sizes, with and without bias', () => {
    manualSeed(full.seed);
    const layers = full.sizes.map(([from, to, bias]) => new nn.Linear(from, to, { bias }));
    const state = new nn.Sequential(...layers).stateDict();
    expect(Object.keys(state)).toEqual(Object.keys(full.parameters));
    for (const [name, expected] of Object.entries(full.parameters))
      expect(bits(state[name]!)).toBe(bits(load(expected)));
    expect(bits(rand(full.after.shape))).toBe(bits(load(full.after)));
  });

  it('and come from a separate generator when one is given', () => {
    manualSeed(7);
    const expected = new nn.Linear(5, 3).stateDict();
    manualSeed(1);
    const before = defaultGenerator.getState();
    const layer = new nn.Linear(5, 3, { generator: new Generator(7) });
    expect(defaultGenerator.getState()).toEqual(before);
    expect(bits(layer.weight)).toBe(bits(expected.weight!));
    expect(bits(layer.bias!)).toBe(bits(expected.bias!));
  });

  it('draw nothing for a weight without elements', () => {
    manualSeed(0);
    const expected = rand([4]).toTypedArray();
    manualSeed(0);
    expect(new nn.Linear(3, 0).weight.shape).toEqual([0, 3]);
    expect(rand([1]).item()).toBe(expected[0]);
    manualSeed(0);
    // The bias has elements: it draws, and all are 0. As PyTorch.
    expect(new nn.Linear(0, 3).bias?.toArray()).toEqual([0, 0, 0]);
    expect(rand([1]).item()).toBe(expected[3]);
  });
});

describeEachBackend('Linear', () => {
  it.each([
    [[4, 5], 3],
    [[5], 1],
    [[2, 3, 7], 17],
    [[0, 5], 3],
    [[3, 0], 2],
    [[3, 5], 0],
    [[13, 31], 9],
  ])('x of shape %j to %i features', (shape, out) => {
    const generator = new Generator(2);
    const layer = new nn.Linear(shape.at(-1)!, out, { generator });
    const x = rand(shape, { generator });
    const y = layer.forward(x);
    expect(y.shape).toEqual([...shape.slice(0, -1), out]);
    const [flat, weight, bias] = [x, layer.weight, layer.bias!].map((each) => each.toTypedArray());
    const inside = shape.at(-1)!;
    const expected = Float32Array.from({ length: y.numel }, (_, i) => {
      const [row, column] = [Math.floor(i / out), i % out];
      let sum = bias![column]!;
      for (let k = 0; k < inside; k++) sum += flat![row * inside + k]! * weight![column * inside + k]!;
      return sum;
    });
    expectClose(y.toTypedArray(), expected);
  });

  it('works without a bias', () => {
    const layer = new nn.Linear(2, 2, { bias: false });
    expect(layer.bias).toBe(null);
    expect(layer.forward(zeros([1, 2])).toArray()).toEqual([[0, 0]]);
  });
});

it('has float64 parameters for gradient checks', () => {
  const layer = new nn.Linear(3, 2, { dtype: 'float64' });
  expect([layer.weight.dtype, layer.bias?.dtype]).toEqual(['float64', 'float64']);
});
