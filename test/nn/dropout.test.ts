import { expect, it } from 'vitest';
import {
  functional as F,
  Generator,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
} from '../../src/index.js';
import { type DropoutCase, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { bits, load, mlp } from './models.js';

const layers: Readonly<Record<string, new (p: number) => nn.Module>> = {
  Dropout: nn.Dropout,
  Dropout1d: nn.Dropout1d,
  Dropout2d: nn.Dropout2d,
  Dropout3d: nn.Dropout3d,
  AlphaDropout: nn.AlphaDropout,
  FeatureAlphaDropout: nn.FeatureAlphaDropout,
};
const { cases } = golden('dropout');
const title = ({ module, p, shape, training, special }: DropoutCase) =>
  `${module}(${p}) on [${shape}]${training ? '' : ' in evaluation'}${special ? ', NaN and infinity' : ''}`;

describeEachBackend("dropout with PyTorch's masks", (backendName) => {
  it('has cases of every layer', () => {
    const counts = Object.keys(layers).map((name) => cases.filter(({ module }) => module === name).length);
    expect(counts).toEqual([19, 4, 9, 6, 5, 4]);
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
    // The reference rounds once, at the end of a formula.
    if (backendName === 'reference') expectClose(actual.toTypedArray(), values(expected), { tolerance: 3e-7 });
    else expect([...actual.toTypedArray()]).toEqual([...values(expected)]);
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

  it('gives the same with inplace, and leaves its input as it is', () => {
    const x = ones([4, 6]);
    const [plain, inplace] = [{}, { inplace: true }].map((options) => {
      const layer = new nn.Dropout(0.5, { ...options, generator: new Generator(1) });
      return layer.forward(x).toArray();
    });
    expect(inplace).toEqual(plain);
    expect(x.toArray()).toEqual(ones([4, 6]).toArray());
    expect(new nn.Dropout(0.5, true).clone().inplace).toBe(true);
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

describeEachBackend('dropout of features', () => {
  const shared = (layer: nn.Module, shape: number[], by: (index: number[]) => string): Set<number> => {
    const output = layer.forward(ones(shape)).toTypedArray();
    const groups = new Map<string, Set<number>>();
    output.forEach((value, at) => {
      const index: number[] = [];
      shape.toReversed().reduce((rest, size) => {
        index.unshift(rest % size);
        return Math.floor(rest / size);
      }, at);
      const group = groups.get(by(index)) ?? new Set();
      groups.set(by(index), group.add(value));
    });
    for (const [name, group] of groups) expect(group.size, name).toBe(1);
    const found = new Set(output);
    expect(found.size).toBe(2);
    return found;
  };
  const generator = () => new Generator(3);

  it.each([
    ['Dropout1d', new nn.Dropout1d(0.5, { generator: generator() }), [8, 9, 5], 2],
    ['Dropout1d, unbatched', new nn.Dropout1d(0.5, { generator: generator() }), [33, 5], 1],
    ['Dropout2d', new nn.Dropout2d(0.5, { generator: generator() }), [8, 9, 2, 3], 2],
    ['Dropout3d', new nn.Dropout3d(0.5, { generator: generator() }), [8, 9, 2, 1, 2], 2],
    ['Dropout3d, unbatched', new nn.Dropout3d(0.5, { generator: generator() }), [33, 2, 1, 2], 1],
  ] as const)('%s shares a draw of the counter within a channel', (_name, layer, shape, lead) => {
    expect(shared(layer, [...shape], (index) => `${index.slice(0, lead)}`)).toEqual(new Set([0, 2]));
  });

  it('FeatureAlphaDropout sets whole channels, and keeps mean and variance', () => {
    const layer = new nn.FeatureAlphaDropout(0.25, { generator: generator() });
    shared(layer, [40, 30, 3], (index) => `${index.slice(0, 2)}`);
    const x = randn([200, 100, 2], { generator: new Generator(5) });
    for (const drop of [layer, new nn.AlphaDropout(0.25, { generator: generator() })]) {
      const output = drop.forward(x);
      expect(Math.abs(output.mean().item())).toBeLessThan(0.03);
      expect(Math.abs(output.std().item() - 1)).toBeLessThan(0.03);
    }
  });

  it('LockedDropout shares a draw over all steps', () => {
    for (const masks of ['counter', 'mt19937'] as const) {
      const drop = (batchFirst: boolean) =>
        new nn.LockedDropout(0.5, { generator: new Generator(3, { masks }), batchFirst });
      shared(drop(false), [6, 7, 9], ([, n, c]) => `${n} ${c}`);
      shared(drop(true), [7, 6, 9], ([n, , c]) => `${n} ${c}`);
      shared(drop(true), [6, 40], ([, c]) => `${c}`);
      const [steps, batches] = [drop(false).forward(ones([6, 7, 9])), drop(true).forward(ones([7, 6, 9]))];
      expect(bits(steps.transpose(0, 1))).toBe(bits(batches));
    }
    const x = ones([2, 3, 4]);
    expect(new nn.LockedDropout(0.5).eval().forward(x)).toBe(x);
    expect(String(new nn.LockedDropout(0.2, { batchFirst: true }))).toBe('LockedDropout(p=0.2, batch_first=True)');
  });

  it('draws the channels of LockedDropout as PyTorch draws a mask [1, N, C]', () => {
    const generator = new Generator(11, { masks: 'mt19937' });
    const mask = F.dropout(ones([1, 7, 9]), 0.3, true, new Generator(11, { masks: 'mt19937' }));
    expect(bits(F.lockedDropout(ones([4, 7, 9]), 0.3, true, {}, generator))).toBe(bits(mask.repeat(4, 1, 1)));
  });

  it('has the defaults of PyTorch: alpha variants drop nothing unless told to', () => {
    const x = ones([20, 20, 2]);
    expect(F.alphaDropout(x)).toBe(x);
    expect(F.featureAlphaDropout(x)).toBe(x);
    for (const fn of [F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.lockedDropout]) expect(fn(x)).not.toBe(x);
  });

  it('drops everything where p is rounded to 1', () => {
    const x = ones([3, 4]);
    expect(
      F.alphaDropout(x, 1 - 1e-9, true)
        .sum()
        .item(),
    ).toBe(0);
    expect(
      F.featureAlphaDropout(x, 1 - 1e-9, true)
        .sum()
        .item(),
    ).toBe(0);
  });
});
