/** Attention and the layers of a transformer's encoder against PyTorch's, and against themselves in other forms. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  functional as F,
  Generator,
  manualSeed,
  nn,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import type { AttentionCase } from '../golden/attention-types.js';
import { golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { expectGradientsMatchDifferences } from '../helpers/gradcheck.js';
import { load } from './models.js';

const { dots, heads, layers, encoders } = golden('attention');

/** Numbers of tensors one behind the other. */
const flat = (tensors: readonly Tensor[]) =>
  Float32Array.from(tensors.flatMap((each) => Array.from(each.toTypedArray())));

type Called = { forward(...args: unknown[]): unknown } & nn.AnyModule;

const makers = {
  heads: ({ args: [embedDim, numHeads], options }: AttentionCase) =>
    new nn.MultiheadAttention(embedDim!, numHeads!, options),
  layers: ({ args: [dModel, nhead], options }: AttentionCase) =>
    new nn.TransformerEncoderLayer(dModel!, nhead!, options),
  encoders: ({ args: [dModel, nhead, numLayers], options: { norm, ...options } }: AttentionCase) =>
    new nn.TransformerEncoder(new nn.TransformerEncoderLayer(dModel!, nhead!, options), numLayers!, {
      norm: norm ? new nn.LayerNorm(dModel!) : null,
    }),
};
const rows = [
  ...heads.map((row) => ({ ...row, make: makers.heads })),
  ...layers.map((row) => ({ ...row, make: makers.layers })),
  ...encoders.map((row) => ({ ...row, make: makers.encoders })),
];

const made = (row: (typeof rows)[number]): Called => {
  manualSeed(12, { masks: 'mt19937' });
  return row.make(row) as Called;
};

describe('initial weights and printing', () => {
  it.each(rows)('$name', (row) => {
    const module = made(row);
    expect(rand([1]).toTypedArray()).toEqual(values(row.made));
    expect(flat(module.parameters())).toEqual(values(row.weights));
    expect(String(module)).toBe(row.printed);
    expect(Object.keys(module.stateDict())).toEqual(row.keys);
  });
});

describeEachBackend('attention', () => {
  it.each(dots)('function: $name', ({ options, mask, ...row }) => {
    const inputs = row.inputs.map((each) => load(each).requiresGrad_());
    const [query, key, value, added = null] = inputs as [Tensor, Tensor, Tensor, Tensor?];
    manualSeed(4, { masks: 'mt19937' });
    const attnMask = mask === null ? added : load(mask);
    const output = F.scaledDotProductAttention(query, key, value, { ...options, attnMask });
    expect(rand([1]).toTypedArray()).toEqual(values(row.after));
    expect(output.shape).toEqual(row.output.shape);
    expectClose(output.toTypedArray(), values(row.output), { what: 'output' });
    output.backward(load(row.grad));
    inputs.forEach((input, i) => {
      expectClose(input.grad!.toTypedArray(), values(row.grads[i]!), { what: `gradient ${i}`, tolerance: 5e-6 });
    });
  });

  it.each(rows)('$name', (row) => {
    const module = made(row);
    module.train(row.training);
    const inputs = row.inputs.map((each) => load(each).requiresGrad_());
    const masks = Object.fromEntries(Object.entries(row.masks).map(([name, mask]) => [name, load(mask)]));
    manualSeed(6, { masks: 'mt19937' });
    const returned = module.forward(...inputs, { ...masks, ...row.call });
    expect(rand([1]).toTypedArray()).toEqual(values(row.after));
    const results = ([returned].flat() as (Tensor | null)[]).filter((each) => each !== null);
    expect(results).toHaveLength(row.results.length);
    results.forEach((result, i) => {
      expect(result.shape).toEqual(row.results[i]!.shape);
      expectClose(result.toTypedArray(), values(row.results[i]!), { what: `result ${i}` });
    });
    const total = results.map((result, i) => result.mul(load(row.grads[i]!)).sum()).reduce((a, b) => a.add(b));
    total.backward();
    inputs.forEach((input, i) => {
      expectClose(input.grad!.toTypedArray(), values(row.inputGrads[i]!), { what: `gradient ${i}`, tolerance: 1e-5 });
    });
    const grads = flat(module.parameters().map(({ grad }) => grad!));
    expectClose(grads, values(row.weightGrads), { what: 'gradient of the weights', tolerance: 1e-5 });
  });

  it('gives NaN for a query without keys where weights are asked for, else 0, as PyTorch does', () => {
    const attention = new nn.MultiheadAttention(4, 2, { generator: new Generator(1) });
    const x = randn([3, 1, 4], { generator: new Generator(2) });
    const keyPaddingMask = tensor([[1, 1, 1]], { dtype: 'int32' });
    const [output, weights] = attention.forward(x, x, x, { keyPaddingMask });
    expect([...output.toTypedArray(), ...weights!.toTypedArray()].every(Number.isNaN)).toBe(true);
    const [plain] = attention.forward(x, x, x, { keyPaddingMask, needWeights: false });
    expect(plain.toTypedArray()).toEqual(new Float32Array(12));
  });

  it('takes no keys', () => {
    const none = randn([2, 0, 4], { generator: new Generator(2) });
    const query = randn([2, 3, 4], { generator: new Generator(2) });
    expect(F.scaledDotProductAttention(query, none, none).toTypedArray()).toEqual(new Float32Array(24));
    expect(F.scaledDotProductAttention(none, query, query).shape).toEqual([2, 0, 4]);
  });

  it('computes the same compiled', () => {
    const training = () => {
      const generator = new Generator(5);
      const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true, generator });
      const model = new nn.TransformerEncoder(layer, 2);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
      const x = randn([3, 5, 8], { generator });
      const padding = tensor([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1], { shape: [3, 5], dtype: 'int32' });
      const step = (input: Tensor, srcKeyPaddingMask: Tensor) => {
        optimizer.zeroGrad();
        const loss = model.forward(input, { srcKeyPaddingMask }).sub(1).pow(2).mean();
        loss.backward();
        optimizer.step();
        return loss;
      };
      return { step, x, padding };
    };
    const eager = training();
    const losses = Array.from({ length: 4 }, () => eager.step(eager.x, eager.padding).item());
    const other = training();
    using step = compile(other.step);
    const compiled = Array.from({ length: 4 }, () => step(other.x, other.padding).item());
    expectClose(Float32Array.from(compiled), Float32Array.from(losses), { tolerance: 1e-5 });
    expect(losses[3]).toBeLessThan(losses[0]!);
  });
});

describe('TransformerEncoder', () => {
  it('copies its layer, and shares the generator of its masks', () => {
    const generator = new Generator(3);
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4, generator });
    const model = new nn.TransformerEncoder(layer, 2);
    const [first, second] = [...model.layers];
    expect(first!.linear1.weight).not.toBe(layer.linear1.weight);
    expect(second!.linear1.weight.toTypedArray()).toEqual(first!.linear1.weight.toTypedArray());
    expect(second!.dropout1.generator).toBe(generator);
    expect(second!.self_attn.generator).toBe(generator);
  });
});

describe('gradients against differences', () => {
  const generator = new Generator(8);
  const numbers = (...shape: number[]) => randn(shape, { generator, dtype: 'float64' });
  const holes = tensor([1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1], { shape: [3, 4], dtype: 'int32' });
  const inputs = () => [numbers(2, 3, 2), numbers(2, 4, 2), numbers(2, 4, 3)];
  const cases: [string, () => Tensor[], F.AttentionOptions][] = [
    ['plain', inputs, {}],
    ['causal', inputs, { isCausal: true, scale: 2 }],
    ['mask with a row of nothing', inputs, { attnMask: holes }],
    ['added mask', () => [...inputs(), numbers(3, 4)], {}],
    ['added mask of each batch', () => [...inputs(), numbers(2, 3, 4)], {}],
  ];
  it.each(cases)('%s', (name, make, options) => {
    expectGradientsMatchDifferences({
      name,
      inputs: make,
      fn: (query, key, value, attnMask) =>
        F.scaledDotProductAttention(query!, key!, value!, { ...(attnMask && { attnMask }), ...options }),
    });
  });
});
