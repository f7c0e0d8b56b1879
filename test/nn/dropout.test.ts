import { expect, it } from 'vitest';
import { Generator, manualSeed, nn, ones, optim, rand, randint, type Tensor } from '../../src/index.js';
import { type DropoutCase, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { bits, load, mlp } from './models.js';

const layers: Readonly<Record<string, new (p: number) => nn.Dropout | nn.Dropout2d>> = {
  Dropout: nn.Dropout,
  Dropout2d: nn.Dropout2d,
};
const cases = golden('dropout').cases.filter(({ module }) => module in layers);
const title = ({ module, p, shape, training, special }: DropoutCase) =>
  `${module}(${p}) on [${shape}]${training ? '' : ' in evaluation'}${special ? ', NaN and infinity' : ''}`;

describeEachBackend("dropout with PyTorch's masks", () => {
  it('has cases of both layers', () => {
    expect(cases.filter(({ module }) => module === 'Dropout').length).toBeGreaterThan(15);
    expect(cases.filter(({ module }) => module === 'Dropout2d').length).toBeGreaterThan(7);
  });

  it.each(cases.map((each) => [title(each), each] as const))('%s', (_title, golden) => {
    manualSeed(golden.seed, { masks: 'mt19937' });
    const layer = new layers[golden.module]!(golden.p).train(golden.training);
    const x = golden.input === null ? ones(golden.shape) : load(golden.input);
    x.requiresGrad_();
    const outputs = [layer.forward(x), layer.forward(x)];
    outputs.forEach((output, i) => {
      expectSame(output, golden.outputs[i]!);
    });
    expect(outputs[0] === x).toBe(golden.sameTensor);
    outputs[0]!.sum().backward();
    expectSame(x.grad!, golden.grad);
    expect(bits(rand([2]))).toBe(bits(load(golden.after)));
  });

  function expectSame(actual: Tensor, expected: DropoutCase['grad']): void {
    expect(actual.shape).toEqual(expected.shape);
    expect([...actual.toTypedArray()]).toEqual([...values(expected)]);
  }
});

describeEachBackend('training with dropout', () => {
  const { modelSeed, dataSeed, steps, batch, cases: runs } = golden('dropout-training');

  it.each(runs.map((run) => [`${run.optimizer} ${JSON.stringify(run.options)}`, run] as const))(
    "%s has PyTorch's losses",
    (_title, run) => {
      const generator = new Generator(dataSeed);
      const inputs = rand([steps, batch, 784], { generator });
      const targets = randint(0, 10, [steps, batch], { generator });
      manualSeed(modelSeed, { masks: 'mt19937' });
      const model = mlp();
      const optimizer = new optim[run.optimizer](model.parameters(), run.options);
      const criterion = new nn.CrossEntropyLoss();
      const losses = Float64Array.from({ length: steps }, (_, step) => {
        optimizer.zeroGrad();
        const loss = criterion.forward(model.forward(inputs.select(0, step)), targets.select(0, step));
        loss.backward();
        optimizer.step();
        return loss.item();
      });
      values(run.losses).forEach((expected, step) => {
        expect(Math.abs(losses[step]! - expected), `step ${step}`).toBeLessThan(1e-6);
      });
      expectClose((model.at(6) as nn.Linear).bias!.toTypedArray(), values(run.lastBias), {
        what: 'the last bias',
        tolerance: 1e-6,
      });
      expect(bits(rand([2]))).toBe(bits(load(run.after)));
    },
  );
});

describeEachBackend('dropout', () => {
  it('keeps about 1 - p and scales by 1/(1-p) in training, and returns its input otherwise', () => {
    const layer = new nn.Dropout(0.25, { generator: new Generator(1) });
    const x = ones([100, 100]);
    const output = layer.forward(x).toTypedArray();
    const kept = output.filter((value) => value !== 0);
    expect(Math.abs(kept.length / 10_000 - 0.75)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 10_000));
    expect(new Set(kept)).toEqual(new Set([Math.fround(4 / 3)]));
    expect(layer.eval().forward(x)).toBe(x);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
  });

  it('drops whole channels', () => {
    const layer = new nn.Dropout2d(0.5, { generator: new Generator(3) });
    const output = layer.forward(ones([8, 8, 2, 3])).toTypedArray();
    const channels = Array.from({ length: 64 }, (_, i) => [...new Set(output.slice(i * 6, i * 6 + 6))]);
    expect(channels.every((each) => each.length === 1)).toBe(true);
    expect(new Set(channels.flat())).toEqual(new Set([0, 2]));
  });

  it('draws from its generator only, and nothing in evaluation', () => {
    const generator = new Generator(1);
    const layer = new nn.Dropout(0.5, { generator });
    const before = generator.getState();
    layer.eval().forward(ones([3]));
    expect(generator.getState()).toEqual(before);
    const again = new nn.Dropout(0.5, { generator: new Generator(1) });
    expect(bits(layer.train().forward(ones([50])))).toBe(bits(again.forward(ones([50]))));
    expect(generator.getState()).not.toEqual(before);
  });

  it('reads p at each call', () => {
    const layer = new nn.Dropout(0.5);
    layer.p = 1;
    expect(layer.forward(ones([3])).toArray()).toEqual([0, 0, 0]);
    layer.p = 2;
    expect(() => layer.forward(ones([3]))).toThrow('dropout probability has to be between 0 and 1, but got 2');
  });
});
