/** summary(): numbers against counts by hand, errors that name the layer, and nothing that changes. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  cat,
  compile,
  defaultGenerator,
  isGradEnabled,
  manualSeed,
  nn,
  ShapeError,
  StateError,
  type Summary,
  summary,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const flopsOf = ({ rows }: Summary) => Object.fromEntries(rows.map(({ name, flops }) => [name, flops]));

describeEachBackend('counts of summary', () => {
  it('of an MLP', () => {
    const mlp = summary(
      new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3, { bias: false })),
      [5, 4],
    );
    // n·out·(2·in + 1); without bias 2·n·out·in; one comparison an element.
    expect(flopsOf(mlp)).toEqual({ '': 640, '0': 5 * 8 * (2 * 4 + 1), '1': 5 * 8, '2': 2 * 5 * 8 * 3 });
    expect(mlp).toMatchObject({ parameters: 64, trainableParameters: 64, flops: 640, inputBytes: 80 });
    expect(mlp).toMatchObject({ outputBytes: 4 * (40 + 40 + 15), parameterBytes: 4 * 64 });
    expect(mlp.rows[1]).toEqual({
      ...{ name: '0', type: 'Linear', depth: 1, inputShape: [5, 4], outputShape: [5, 8] },
      ...{ parameters: 40, trainableParameters: 40, flops: 360, parameterBytes: 160, outputBytes: 160 },
      isRepeated: false,
    });
  });

  it('of a CNN', () => {
    const model = new nn.Sequential(
      ...[new nn.Conv2d(2, 4, 3, { padding: 1, groups: 2 }), new nn.BatchNorm2d(4), new nn.ReLU()],
      ...[new nn.MaxPool2d(3, { stride: 2, padding: 1 }), new nn.AvgPool2d(2), new nn.Flatten(), new nn.Linear(16, 10)],
    );
    model.at(0).getParameter('weight').requiresGrad = false;
    const cnn = summary(model as nn.Module, [2, 2, 8, 8]);
    // 2·4·64 outputs of 3·3 taps in one channel, and the bias.
    const [outputs, channels] = [2 * 4 * 64, 4];
    expect(flopsOf(cnn)).toEqual({
      ...{ '': cnn.flops, '0': outputs * (2 * 9 + 1), '2': outputs },
      // Scale and shift of an element; of a channel a root, a division and an addition.
      '1': 2 * outputs + 3 * channels,
      // Windows begin at -1, 1, 3, 5: 2 + 3 + 3 + 3 positions along each side.
      '3': 2 * 4 * 11 * 11,
      ...{ '4': 2 * 4 * 16, '5': 0, '6': 2 * 10 * (2 * 16 + 1) },
    });
    expect(cnn.flops).toBe(cnn.rows.slice(1).reduce((sum, { flops }) => sum + flops, 0));
    expect(cnn.rows.map(({ outputShape }) => outputShape).slice(1)).toEqual([
      ...[
        [2, 4, 8, 8],
        [2, 4, 8, 8],
        [2, 4, 8, 8],
        [2, 4, 4, 4],
        [2, 4, 2, 2],
      ],
      ...[
        [2, 16],
        [2, 10],
      ],
    ]);
    expect(cnn.rows[1]).toMatchObject({ parameters: 40, trainableParameters: 4 });
    // Statistics of norms are buffers: two of four floats, and the number of batches.
    expect(cnn.rows[2]!.parameterBytes).toBe(4 * (8 + 8 + 1));
  });

  it('of a GRU and an LSTM', () => {
    const gru = summary(new nn.GRU(6, 16, { batchFirst: true }), [3, 7, 6]);
    const ofStep = (gates: number, inputs: number) => 2 * gates * 16 * (inputs + 16) + 4 * gates * 16;
    expect(gru).toMatchObject({ flops: 3 * 7 * ofStep(3, 6), parameters: 3 * 16 * (6 + 16 + 2) });
    expect(gru.rows).toHaveLength(1);
    expect(gru.rows[0]!.outputShape).toEqual([
      [3, 7, 16],
      [1, 3, 16],
    ]);
    expect(gru.outputBytes).toBe(4 * (3 * 7 * 16 + 3 * 16));
    const lstm = summary(new nn.LSTM(6, 16, { numLayers: 2 }), [7, 3, 6]);
    expect(lstm.flops).toBe(3 * 7 * (ofStep(4, 6) + ofStep(4, 16)));
    expect(lstm.rows[0]!.outputShape).toEqual([
      [7, 3, 16],
      [
        [2, 3, 16],
        [2, 3, 16],
      ],
    ]);
  });

  it('of a transformer', () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
    const { rows, flops, parameters } = summary(new nn.TransformerEncoder(layer, 2), [3, 5, 8]);
    const tokens = 15;
    const linear = (inputs: number, outputs: number) => tokens * outputs * (2 * inputs + 1);
    const [scores, norm] = [3 * 2 * 5 * 5, 7 * tokens * 8];
    // Products of queries and keys and with values, of heads of 4; softmax of 5 an element.
    const attention = linear(8, 24) + 2 * (2 * scores * 4) + 5 * scores + linear(8, 8);
    const ofLayer = attention + linear(8, 16) + tokens * 16 + linear(16, 8) + 2 * norm + 2 * tokens * 8;
    expect(rows.find(({ name }) => name === 'layers.1.self_attn')).toMatchObject({ flops: attention, depth: 2 });
    expect(rows.find(({ name }) => name === 'layers.0')).toMatchObject({ flops: ofLayer, parameters: 600 });
    expect({ flops, parameters }).toEqual({ flops: 2 * ofLayer, parameters: 1200 });
  });
});

/** Adds what it is given; the second may be left out. */
class Two extends nn.Module<readonly [a: Tensor, b: Tensor]> {
  readonly shared = new nn.Linear(4, 4, { bias: false });
  override forward(a: Tensor, b: Tensor): Tensor {
    return cat([this.shared.forward(a), this.shared.forward(b)], 1);
  }
}

class Named extends nn.Module<readonly [row: { readonly ids: Tensor; readonly dense: Tensor }], { out: Tensor }> {
  readonly table = new nn.Embedding(10, 3);
  override forward({ ids, dense }: { readonly ids: Tensor; readonly dense: Tensor }): { out: Tensor } {
    return { out: cat([this.table.forward(ids), dense], 1) };
  }
}

describe('inputs and outputs of summary', () => {
  it('are several arguments, and a module that is called twice has two rows', () => {
    const two = summary(new Two(), [
      [2, 4],
      [2, 4],
    ]);
    expect(two.rows.map(({ name, depth, isRepeated, flops }) => ({ name, depth, isRepeated, flops }))).toEqual([
      { name: '', depth: 0, isRepeated: false, flops: 128 },
      { name: 'shared', depth: 1, isRepeated: false, flops: 64 },
      { name: 'shared', depth: 1, isRepeated: true, flops: 64 },
    ]);
    expect(two).toMatchObject({ parameters: 16, inputBytes: 64, outputBytes: 64 });
    expect(two.rows[0]).toMatchObject({ outputShape: [2, 8] });
    expect(String(two)).toMatch(/^ {2}Linear \(shared\) +\[2, 4\] +\(above\) +64 +32$/m);
  });

  it('are objects, tensors and dtypes', () => {
    const of = (...args: Parameters<typeof summary> extends [unknown, ...infer Rest] ? Rest : never) =>
      summary(new Named(), ...args);
    const expected = { flops: 0, inputBytes: 2 * 4 + 2 * 5 * 4 };
    const shapes = { ids: [2], dense: [2, 5] };
    expect(of(shapes, { dtype: ['int32', 'float32'] })).toMatchObject(expected);
    const given = of({ ids: tensor([1, 99], { dtype: 'int32' }), dense: [2, 5] });
    expect(given).toMatchObject(expected);
    expect(given.rows[0]).toMatchObject({
      inputShape: { ids: [2], dense: [2, 5] },
      outputShape: { out: [2, 8] },
    });
    expect(String(given)).toContain('{ out: [2, 8] }');
    expect(summary(new nn.Linear(2, 3, { dtype: 'float64' }), [1, 2], { dtype: 'float64' })).toMatchObject({
      ...{ inputBytes: 16, outputBytes: 24, parameterBytes: 72 },
    });
    expect(summary(new nn.ReLU(), []).rows[0]!.outputShape).toEqual([]);
    expect(summary(new nn.Linear(2, 3), [0, 2])).toMatchObject({ flops: 0, outputBytes: 0, parameters: 9 });
  });

  it('of less depth count what is below', () => {
    const inner = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    const model = new nn.Sequential(inner, new nn.ReLU());
    const [all, one, none] = [{}, { depth: 1 }, { depth: 0 }].map((options) => summary(model, [3, 2], options));
    expect(all!.rows.map(({ name }) => name)).toEqual(['', '0', '0.0', '0.1', '1']);
    expect(one!.rows.map(({ name }) => name)).toEqual(['', '0', '1']);
    expect(none!.rows).toHaveLength(1);
    expect([one!.flops, none!.flops, one!.outputBytes]).toEqual([all!.flops, all!.flops, all!.outputBytes]);
    expect(one!.rows[1]).toMatchObject({ parameters: 12, flops: 2 * 3 * 2 * 5 });
  });

  it('of training count dropout', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Dropout(0.5));
    const [evaluated, trained] = [summary(model, [3, 2]), summary(model, [3, 2], { mode: 'train' })];
    expect(evaluated.rows[2]!.flops).toBe(0);
    expect(trained.rows[2]!.flops).toBeGreaterThan(0);
  });
});

it('changes nothing', () => {
  manualSeed(3);
  const model = new nn.Sequential(
    ...[new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5), new nn.RReLU(), new nn.Linear(4, 2)],
  );
  model.at(1).eval();
  const seen: string[] = [];
  model.at(0).registerForwardHook(() => void seen.push('hook'));
  const text = String(model);
  const stateOf = () =>
    JSON.stringify([
      model.stateDict(),
      model.modules().map(({ training }) => training),
      defaultGenerator.getState(),
      isGradEnabled(),
      model.parameters().map(({ grad, requiresGrad }) => [grad, requiresGrad]),
    ]);
  const before = stateOf();
  for (const mode of ['eval', 'train'] as const) {
    summary(model as nn.Module, [8, 4], { mode });
    expect(() => summary(model as nn.Module, [8, 5], { mode })).toThrow(ShapeError);
    expect(stateOf()).toBe(before);
  }
  expect(String(model)).toBe(text);
  expect(seen).toHaveLength(2);
  // The mt19937 masks are drawn from the stream itself.
  manualSeed(3, { masks: 'mt19937' });
  const mt = stateOf();
  summary(model.slice(0, 3), [8, 4], { mode: 'train' });
  expect(stateOf()).toBe(mt);
  manualSeed(0);
});

describe('errors of summary', () => {
  it('name the layer at which shapes do not fit, and its input', () => {
    const model = new nn.Sequential(
      new nn.Sequential(new nn.Linear(4, 8), new nn.Linear(9, 3) as nn.Module),
      new nn.ReLU(),
    );
    const fail = () => summary(model, [5, 4]);
    expect(fail).toThrow(ShapeError);
    expect(fail).toThrow(
      "summary: layer '0.1' (Linear) cannot take [5, 8]: Linear: expected 9 features in the last dimension, got shape [5, 8]",
    );
    expect(() => summary(new nn.Linear(4, 8), [5, 3])).toThrow(
      'summary: the model (Linear) cannot take [5, 3]: Linear: ',
    );
    expect(() => summary(new Two(), [5, 4])).toThrow(
      "summary: layer 'shared' (Linear) cannot take -: linear: expected a Tensor, got undefined",
    );
  });

  it('are those of `forward`, as they are', () => {
    class Failing extends nn.Module {
      override forward(): Tensor {
        throw new RangeError('mine');
      }
    }
    expect(() => summary(new nn.Sequential(new Failing()), [1])).toThrow(new RangeError('mine'));
    class Reading extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sum().item() > 0 ? x : x.neg();
      }
    }
    expect(() => summary(new Reading(), [3])).toThrow(StateError);
    expect(() => summary(new Reading(), [3])).toThrow('item() is not possible');
  });

  it('say what is no argument', () => {
    const linear = new nn.Linear(2, 2);
    const bad = (...args: readonly unknown[]) => expect(() => Reflect.apply(summary, null, [linear, ...args]));
    bad().toThrow('summary: inputShape must be a shape such as [32, 784]');
    bad('2').toThrow(ArgumentError);
    bad([1.5, 2]).toThrow(ArgumentError);
    bad([-1, 2]).toThrow('must not be negative');
    bad([1, 2], { depth: -1 }).toThrow('depth');
    bad([1, 2], { mode: 'test' }).toThrow('mode must be one of eval, train');
    bad([1, 2], { dtype: 'int8' }).toThrow('dtype');
    bad([1, 2], { dtype: [] }).toThrow('dtype has 0 entries');
    bad([1, 2], { dtype: ['float32', 'float32'] }).toThrow('dtype has 2 entries for 1 shapes');
    bad([1, 2], { batch: 3 }).toThrow('batch');
    expect(() => summary({} as nn.Module, [1])).toThrow('summary: expected a model');
    const step = compile((x: Tensor) => {
      summary(linear, [1, 2]);
      return x;
    });
    expect(() => step(zeros([1]))).toThrow('call it outside of the function');
  });
});
