/** Embedding, EmbeddingBag and Bilinear against PyTorch, eagerly and compiled. */
import { describe, expect, it } from 'vitest';
import { cat, compile, functional as F, manualSeed, nn, optim, rand, type Tensor, tensor } from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { load } from './models.js';

const { cases } = golden('tables');
type Layer = new (...args: readonly unknown[]) => nn.Module<readonly (Tensor | null)[]>;
const int = (...of: number[]) => tensor(of, { dtype: 'int32' });
const named = cases.map((one) => ({
  ...one,
  title: `${one.text} of ${one.inputs.map((input) => `[${input?.shape ?? 'none'}]`)}`,
}));

describeEachBackend('tables equal PyTorch', () => {
  it.each(named)('$title', (one) => {
    const made = () => {
      manualSeed(one.seed);
      return new (nn as object as Readonly<Record<string, Layer>>)[one.module]!(...one.sizes, one.options);
    };
    const layer = made();
    expect(rand(2).toTypedArray()).toEqual(values(one.after));
    expect(String(layer)).toBe(one.text);
    expect(Object.keys(layer.stateDict())).toEqual(Object.keys(one.initial));
    for (const [name, weight] of layer.namedParameters())
      expect(weight.toTypedArray()).toEqual(values(one.initial[name]!));

    const inputs = one.inputs.map((input) => (input === null ? null : load(input)));
    for (const input of inputs) if (input?.dtype === 'float32') input.requiresGrad_();
    const output = layer.forward(...inputs);
    expect(output.shape).toEqual(one.output.shape);
    expectClose(output.toTypedArray(), values(one.output));
    output.backward(load(one.gradient));
    for (const [name, weight] of layer.namedParameters()) {
      expectClose(weight.toTypedArray(), values(one.weights[name]!), { what: name });
      expectClose(weight.grad!.toTypedArray(), values(one.grads[name]!), { what: `gradient of ${name}` });
    }
    one.inputGrads.forEach((grad, i) => {
      if (grad !== null) expectClose(inputs[i]!.grad!.toTypedArray(), values(grad), { what: `gradient ${i}` });
    });

    if (one.text.includes("mode='max'") && one.inputs.length > 1) return;
    const again = made();
    const step = compile(
      (gradient: Tensor, ...tensors: Tensor[]) => {
        again.zeroGrad();
        const rest = [...tensors];
        const result = again.forward(...one.inputs.map((input) => (input === null ? null : rest.shift()!)));
        result.backward(gradient);
        return result.detach();
      },
      { keepGradients: true },
    );
    const plain = one.inputs.filter((input) => input !== null).map(load);
    expectClose(step(load(one.gradient), ...plain).toTypedArray(), values(one.output), { what: 'compiled result' });
    for (const [name, weight] of again.namedParameters())
      expectClose(weight.grad!.toTypedArray(), values(one.grads[name]!), { what: `compiled gradient of ${name}` });
    step.dispose();
  });

  it('a table learns, compiled: rows that are not used stay', () => {
    manualSeed(3);
    const table = new nn.Embedding(6, 2, { sparse: true });
    const before = table.weight.toArray() as number[][];
    const optimizer = new optim.SGD(table.parameters(), { lr: 0.5 });
    const step = compile((index: Tensor) => {
      optimizer.zeroGrad();
      const loss = table.forward(index).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    step(int(1, 4, 4));
    const after = table.weight.toArray() as number[][];
    for (const row of [0, 2, 3, 5]) expect(after[row]).toEqual(before[row]);
    expectClose(
      Float32Array.from(after[4]!),
      Float32Array.from(before[4]!, (value) => value - 1),
    );
    expectClose(
      Float32Array.from(after[1]!),
      Float32Array.from(before[1]!, (value) => value - 0.5),
    );
    step.dispose();
    manualSeed(0);
  });

  it('an index out of range is refused, compiled at each run', () => {
    const table = new nn.Embedding(3, 2);
    expect(() => table.forward(int(3))).toThrow('index out of range in self');
    const run = compile((index: Tensor) => table.forward(index));
    expect(run(int(2)).shape).toEqual([1, 2]);
    expect(() => run(int(-1))).toThrow('index out of range in self');
  });
});

describe('tables', () => {
  it('fromPretrained draws nothing, shares memory and is not learnt', () => {
    const weight = tensor([
      [1, 2],
      [3, 4],
    ]);
    manualSeed(1);
    const table = nn.Embedding.fromPretrained(weight, { paddingIdx: 0 });
    const first = rand(1).item();
    manualSeed(1);
    expect(rand(1).item()).toBe(first);
    expect([table.weight.requiresGrad, String(table)]).toEqual([false, 'Embedding(2, 2, padding_idx=0)']);
    expect(nn.Embedding.fromPretrained(weight, { freeze: false }).weight.requiresGrad).toBe(true);
    weight.fill_(7);
    expect(table.forward(int(1)).toArray()).toEqual([[7, 7]]);
    const bag = nn.EmbeddingBag.fromPretrained(weight, { mode: 'sum' });
    expect(bag.forward(tensor([[0, 1]], { dtype: 'int32' })).toArray()).toEqual([[14, 14]]);
    manualSeed(0);
  });

  it("embeddingBag of mode 'max' keeps -Infinity: 0 is of bags in which nothing counts", () => {
    const [low, infinite] = [Number.NEGATIVE_INFINITY, tensor([[Number.NEGATIVE_INFINITY, 1]])];
    const max = (index: Tensor, offsets: Tensor | null, paddingIdx: number | null) =>
      F.embeddingBag(index, cat([infinite, tensor([[2, 3]])]), offsets, { mode: 'max', paddingIdx }).toArray();
    const rows = tensor([[0], [1]], { dtype: 'int32' });
    expect(max(rows, null, null)).toEqual([
      [low, 1],
      [2, 3],
    ]);
    expect(max(rows, null, 1)).toEqual([
      [low, 1],
      [0, 0],
    ]);
    expect(max(int(1, 0, 1), int(0, 2, 3), 1)).toEqual([
      [low, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it("embeddingBag of mode 'max' with offsets is refused in compile", () => {
    const weight = tensor([
      [1, 2],
      [3, 4],
    ]);
    const run = compile((index: Tensor) => F.embeddingBag(index, weight, int(0, 1), { mode: 'max' }));
    expect(() => run(int(0, 1, 1))).toThrow("embeddingBag() of mode 'max' with offsets");
    expect(F.embeddingBag(int(0, 1), weight, int(0, 0), { mode: 'max' }).toArray()).toEqual([
      [0, 0],
      [3, 4],
    ]);
  });
});
