/** Layers of normalisation against PyTorch on every backend; what their statistics are in programs, in `fit`, in files and copies. */
import { describe, expect, it } from 'vitest';
import { compile, fit, nn, noGrad, ones, optim, randn, type Tensor, tensor, zeros } from '../../src/index.js';
import type { HostArray } from '../../src/ops/ops.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { poisonUnclearedMemory } from '../helpers/poison.js';
import { load } from './models.js';

poisonUnclearedMemory();

const { rows } = golden('norms');

function expectTensors(
  actual: Readonly<Record<string, Tensor | null>>,
  expected: Readonly<Record<string, GoldenTensor>>,
  what: string,
) {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, wanted] of Object.entries(expected)) {
    expect(actual[name]!.shape).toEqual(wanted.shape);
    expectClose(actual[name]!.toTypedArray(), values(wanted), { what: `${what} ${name}`, tolerance: 1e-5 });
  }
}

const gradsOf = (module: nn.AnyModule) =>
  Object.fromEntries(module.namedParameters().map(([name, parameter]) => [name, parameter.grad]));

describeEachBackend('norms', (backendName) => {
  it.each(rows.map((row) => [row.text, row] as const))('%s', (text, row) => {
    const layer = new nn[row.layer](...row.args);
    expect(String(layer)).toBe(text);
    const state = Object.fromEntries(Object.entries(row.parameters).map(([name, each]) => [name, load(each)]));
    layer.loadStateDict(state, { strict: false });
    for (const step of row.steps) {
      layer.zeroGrad();
      const x = load(step.input).requiresGrad_();
      const output = layer.forward(x);
      expectClose(output.toTypedArray(), values(step.output), { what: 'output', tolerance: 1e-5 });
      output.backward(load(step.gradient));
      expectClose(x.grad!.toTypedArray(), values(step.grad), { what: 'gradient', tolerance: 1e-5 });
      expectTensors(gradsOf(layer), step.grads, 'gradient of');
      expectTensors(Object.fromEntries(layer.namedBuffers()), step.buffers, 'buffer');
    }
    layer.eval();
    layer.zeroGrad();
    const x = load(row.evaluated.input).requiresGrad_();
    const output = layer.forward(x);
    expectClose(output.toTypedArray(), values(row.evaluated.output), { what: 'evaluated', tolerance: 1e-5 });
    output.backward(ones(output.shape));
    expectClose(x.grad!.toTypedArray(), values(row.evaluated.grad), { what: 'gradient', tolerance: 1e-4 });
    expectTensors(gradsOf(layer), row.evaluated.grads, 'gradient in evaluation of');
  });

  const model = () =>
    new nn.Sequential(
      new nn.Linear(6, 5),
      new nn.BatchNorm1d(5),
      new nn.ReLU(),
      new nn.Linear(5, 3),
      new nn.LayerNorm(3),
    );

  function trained(steps: number, isCompiled: boolean, momentum: number | null) {
    const net = model();
    Object.assign(net.at(1), { momentum });
    let at = 0;
    noGrad(() => {
      for (const parameter of net.parameters()) {
        const part = Float32Array.from({ length: parameter.numel }, () => Math.sin(1 + 3 * at++));
        parameter.copy_(tensor(part, { shape: parameter.shape }));
      }
    });
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    const plain = (x: Tensor) => {
      optimizer.zeroGrad();
      const loss = net.forward(x).mul(x.sum(1, true)).mean();
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = isCompiled ? compile(plain) : plain;
    const losses = Array.from({ length: steps }, (_, i) => {
      const numbers = Float32Array.from({ length: 48 }, (_, k) => Math.cos(k * (i + 1)));
      return step(tensor(numbers, { shape: [8, 6] })).item();
    });
    return { net, losses };
  }

  it.each([0.1, null])('a program keeps the statistics to the bit, momentum %s', (momentum) => {
    const [eager, compiled] = [trained(5, false, momentum), trained(5, true, momentum)];
    const state = compiled.net.stateDict();
    expect(state['1.num_batches_tracked']!.item()).toBe(5);
    expect(state['1.running_mean']!.toArray()).not.toEqual(zeros(5).toArray());
    for (const [name, tensor] of Object.entries(eager.net.stateDict()))
      expectSame(state[name]!.toTypedArray(), tensor.toTypedArray(), name);
    expectSame(Float64Array.from(compiled.losses), Float64Array.from(eager.losses), 'losses');
  });

  /** To the bit on native backends; the reference rounds only what a program leaves in memory. */
  function expectSame(actual: HostArray, expected: HostArray, what: string) {
    if (backendName === 'reference') expectClose(actual, expected, { what, tolerance: 1e-6 });
    else expect([...actual], what).toEqual([...expected]);
  }

  it('a program notices the mode', () => {
    const net = model();
    const run = compile((x: Tensor) => net.forward(x));
    const x = randn(4, 6);
    run(x);
    net.eval();
    const evaluated = run(x).toArray();
    expect(evaluated).toEqual(net.forward(x).toArray());
    expect((net.at(1) as nn.BatchNorm1d).num_batches_tracked?.item()).toBe(1);
    net.train();
    expect(run(x).toArray()).not.toEqual(evaluated);
    expect((net.at(1) as nn.BatchNorm1d).num_batches_tracked?.item()).toBe(2);
  });

  it('fit keeps statistics, files and copies have them', async () => {
    const net = model();
    const inputs = randn(20, 6);
    const targets = randn(20, 3);
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.01 });
    await fit(net, {
      train: [inputs, targets],
      epochs: 2,
      batchSize: 5,
      shuffle: false,
      optimizer,
      loss: new nn.MSELoss(),
    });
    const norm = net.at(1) as nn.BatchNorm1d;
    expect(norm.num_batches_tracked?.item()).toBe(8);
    expect(norm.running_mean?.toArray()).not.toEqual(zeros(5).toArray());
    const copy = net.clone();
    expect((copy.at(1) as nn.BatchNorm1d).running_var?.toArray()).toEqual(norm.running_var?.toArray());
    copy.forward(inputs);
    expect((copy.at(1) as nn.BatchNorm1d).num_batches_tracked?.item()).toBe(9);
    expect(norm.num_batches_tracked?.item()).toBe(8);
    const again = model();
    again.loadStateDict(JSON.parse(JSON.stringify(net.stateDict())));
    expect(again.eval().forward(inputs).toArray()).toEqual(net.eval().forward(inputs).toArray());
  });

  it('does not count a batch that is refused', () => {
    const layer = new nn.BatchNorm1d(3);
    expect(() => layer.forward(ones(1, 3))).toThrow('Expected more than 1 value per channel when training');
    expect(() => layer.forward(ones(2, 4))).toThrow('running_mean should contain 4 elements not 3');
    expect(layer.num_batches_tracked?.item()).toBe(0);
    expect(layer.running_mean?.toArray()).toEqual([0, 0, 0]);
    layer.forward(ones(0, 3));
    expect([layer.num_batches_tracked?.item(), layer.running_mean?.toArray()]).toEqual([1, [0, 0, 0]]);
    layer.resetRunningStats();
    expect(layer.num_batches_tracked?.item()).toBe(0);
  });
});

describe('the state of batch norm', () => {
  it('has the names of PyTorch, and may lack the number of batches', () => {
    const net = new nn.Sequential(new nn.BatchNorm2d(2));
    const { '0.num_batches_tracked': _, ...state } = net.stateDict();
    expect(Object.keys(state)).toEqual(['0.weight', '0.bias', '0.running_mean', '0.running_var']);
    expect(String(net.loadStateDict(state))).toBe('<All keys matched successfully>');
    const { '0.running_mean': __, ...less } = state;
    expect(() => net.loadStateDict(less)).toThrow('Missing key(s) in state_dict: "0.running_mean"');
  });
});

describeEachBackend('gradients that cancel', () => {
  const gradientOf = (layer: nn.Module, x: Tensor, weights: Tensor) => {
    const leaf = x.detach().requiresGrad_();
    layer.forward(leaf).mul(weights).sum().backward();
    return Array.from(leaf.grad!.toTypedArray());
  };

  it('are 0 where a row has one element, however large the factor behind it', () => {
    const [x, weights] = [tensor([[1.2], [-3.7], [0.1]]), tensor([[0.3], [7.1], [-2.3]])];
    const bare = new nn.LayerNorm(1, { elementwiseAffine: false });
    const weighted = new nn.LayerNorm(1);
    weighted.loadStateDict({ weight: tensor([1.7]), bias: tensor([0.3]) });
    for (const layer of [bare, weighted]) expect(gradientOf(layer, x, weights).map(Math.abs)).toEqual([0, 0, 0]);
    const grouped = new nn.GroupNorm(2, 2);
    const pairs = tensor([1.25, -0.7, 0.3, 2.1], { shape: [2, 2] });
    expect(gradientOf(grouped, pairs, pairs.mul(3)).map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it('are 0 where all outputs of a channel weigh the same', () => {
    const x = tensor([0.1, 0.7, -0.3, 0.9], { shape: [4, 1] });
    const weights = tensor([0.7, 0.7, 0.7, 0.7], { shape: [4, 1] });
    for (const layer of [new nn.BatchNorm1d(1), new nn.BatchNorm1d(1, { affine: false })])
      for (const value of gradientOf(layer, x, weights)) expect(Math.abs(value)).toBeLessThan(2e-7);
    for (const value of gradientOf(new nn.LayerNorm(4), x.reshape([1, 4]), weights.reshape([1, 4])))
      expect(Math.abs(value)).toBeLessThan(2e-7);
  });
});
