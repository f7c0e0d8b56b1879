/** A copy of every layer computes what its original does: what a class keeps apart from fields (`#private` members) a copy lacks. */
import { expect, it } from 'vitest';
import { Generator, manualSeed, nn, randn, Tensor, tensor } from '../../src/index.js';

const draw = (...shape: number[]) => randn(shape, { generator: new Generator(3) });
const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const row = () => draw(2, 4);
const signal = () => draw(2, 4, 6);
const image = () => draw(2, 4, 6, 6);
const volume = () => draw(1, 2, 4, 4, 4);
const rate = () => row().sigmoid();
const signs = () => row().sign();

type Case = readonly [layer: () => object, ...inputs: (() => unknown)[]];

const { ReflectionPad1d, ReplicationPad1d, CircularPad1d, ZeroPad1d } = nn;
const { ReflectionPad2d, ReplicationPad2d, CircularPad2d, ZeroPad2d } = nn;
const { ReflectionPad3d, ReplicationPad3d, CircularPad3d, ZeroPad3d } = nn;
const padding1d = { ReflectionPad1d, ReplicationPad1d, CircularPad1d, ZeroPad1d };
const padding2d = { ReflectionPad2d, ReplicationPad2d, CircularPad2d, ZeroPad2d };
const padding3d = { ReflectionPad3d, ReplicationPad3d, CircularPad3d, ZeroPad3d };

const { CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid, Mish, ReLU } = nn;
const { ReLU6, SELU, SiLU, Sigmoid, Softplus, Softshrink, Softsign, Tanh, Tanhshrink, PReLU, RReLU, Identity } = nn;
const activations = {
  ...{ CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid, Mish, ReLU },
  ...{ ReLU6, SELU, SiLU, Sigmoid, Softplus, Softshrink, Softsign, Tanh, Tanhshrink, PReLU, RReLU, Identity },
};
const { AlphaDropout, Dropout, Dropout1d, FeatureAlphaDropout, LockedDropout } = nn;
const dropouts = { AlphaDropout, Dropout, Dropout1d, FeatureAlphaDropout, LockedDropout };
const { L1Loss, MSELoss, HuberLoss, SmoothL1Loss, HingeEmbeddingLoss, SoftMarginLoss, MultiLabelSoftMarginLoss } = nn;
const { BCEWithLogitsLoss, PoissonNLLLoss } = nn;
const pairs = {
  ...{ L1Loss, MSELoss, HuberLoss, SmoothL1Loss, HingeEmbeddingLoss, SoftMarginLoss, MultiLabelSoftMarginLoss },
  ...{ BCEWithLogitsLoss, PoissonNLLLoss },
};

function each(layers: Record<string, new () => object>, ...inputs: (() => unknown)[]): Record<string, Case> {
  return Object.fromEntries(Object.entries(layers).map(([name, Layer]) => [name, [() => new Layer(), ...inputs]]));
}

const padded = (layers: Record<string, new (padding: number) => object>, input: () => Tensor): Record<string, Case> =>
  Object.fromEntries(Object.entries(layers).map(([name, Layer]) => [name, [() => new Layer(1), input]]));

const encoderLayer = () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 });
const kept = () => new nn.Parameter(row());

const cases: Readonly<Record<string, Case>> = {
  ...each(activations, row),
  ...each(dropouts, signal),
  ...each({ Dropout2d: nn.Dropout2d }, image),
  ...each({ Dropout3d: nn.Dropout3d }, volume),
  ...each(pairs, row, signs),
  ...each({ BCELoss: nn.BCELoss, KLDivLoss: nn.KLDivLoss }, rate, rate),
  ...each({ CosineSimilarity: nn.CosineSimilarity, PairwiseDistance: nn.PairwiseDistance }, row, signs),
  ...each({ CosineEmbeddingLoss: nn.CosineEmbeddingLoss }, row, signs, () => tensor([1, -1])),
  ...each({ MarginRankingLoss: nn.MarginRankingLoss }, row, rate, signs),
  ...each({ TripletMarginLoss: nn.TripletMarginLoss, GaussianNLLLoss: nn.GaussianNLLLoss }, row, signs, rate),
  ...each(
    { CTCLoss: nn.CTCLoss },
    ...[() => tensor([-0.5, -1, -2, -1], { shape: [2, 1, 2] }), () => int(1), () => int(2), () => int(1)],
  ),
  ...each({ CrossEntropyLoss: nn.CrossEntropyLoss, NLLLoss: nn.NLLLoss }, row, () => int(1, 3)),
  ...each({ MultiMarginLoss: nn.MultiMarginLoss }, row, () => int(1, 3)),
  ...each(
    { MultiLabelMarginLoss: nn.MultiLabelMarginLoss },
    () => draw(4),
    () => int(1, 3, -1, 0),
  ),
  ...each({ Flatten: nn.Flatten, Softmax2d: nn.Softmax2d }, image),
  ...padded(padding1d, signal),
  ...padded(padding2d, image),
  ...padded(padding3d, volume),
  ConstantPad1d: [() => new nn.ConstantPad1d(1, 2), signal],
  ConstantPad2d: [() => new nn.ConstantPad2d(1, 2), image],
  ConstantPad3d: [() => new nn.ConstantPad3d(1, 2), volume],
  Threshold: [() => new nn.Threshold(0.1, 2), row],
  Softmax: [() => new nn.Softmax(1), row],
  Softmin: [() => new nn.Softmin(1), row],
  LogSoftmax: [() => new nn.LogSoftmax(1), row],
  Linear: [() => new nn.Linear(4, 3), row],
  Bilinear: [() => new nn.Bilinear(4, 4, 3), row, signs],
  Embedding: [() => new nn.Embedding(5, 3), () => int(4, 0)],
  EmbeddingBag: [() => new nn.EmbeddingBag(5, 3), () => int(4, 0), () => int(0, 1)],
  Unflatten: [() => new nn.Unflatten(1, [2, 2]), row],
  Fold: [() => new nn.Fold(3, 2), () => draw(1, 8, 4)],
  Unfold: [() => new nn.Unfold(2), image],
  Upsample: [() => new nn.Upsample({ scaleFactor: 2 }), image],
  PixelShuffle: [() => new nn.PixelShuffle(2), image],
  PixelUnshuffle: [() => new nn.PixelUnshuffle(2), image],
  BatchNorm1d: [() => new nn.BatchNorm1d(4), signal],
  BatchNorm2d: [() => new nn.BatchNorm2d(4), image],
  SyncBatchNorm: [() => new nn.SyncBatchNorm(4), image],
  InstanceNorm1d: [() => new nn.InstanceNorm1d(4, { trackRunningStats: true }), signal],
  InstanceNorm2d: [() => new nn.InstanceNorm2d(4), image],
  GroupNorm: [() => new nn.GroupNorm(2, 4), image],
  LayerNorm: [() => new nn.LayerNorm(4), row],
  RMSNorm: [() => new nn.RMSNorm(4), row],
  Conv1d: [() => new nn.Conv1d(4, 2, 3, { padding: 1, paddingMode: 'circular' }), signal],
  Conv2d: [() => new nn.Conv2d(4, 2, 3), image],
  Conv3d: [() => new nn.Conv3d(2, 2, 3), volume],
  ConvTranspose1d: [() => new nn.ConvTranspose1d(4, 2, 3), signal],
  ConvTranspose2d: [() => new nn.ConvTranspose2d(4, 2, 3, { stride: 2 }), image, () => [14, 14]],
  ConvTranspose3d: [() => new nn.ConvTranspose3d(2, 2, 3), volume],
  AvgPool1d: [() => new nn.AvgPool1d(2), signal],
  AvgPool2d: [() => new nn.AvgPool2d(2), image],
  AvgPool3d: [() => new nn.AvgPool3d(2), volume],
  MaxPool1d: [() => new nn.MaxPool1d(2), signal],
  MaxPool2d: [() => new nn.MaxPool2d(2, { returnIndices: true }), image],
  MaxPool3d: [() => new nn.MaxPool3d(2), volume],
  AdaptiveAvgPool1d: [() => new nn.AdaptiveAvgPool1d(2), signal],
  AdaptiveAvgPool2d: [() => new nn.AdaptiveAvgPool2d([2, null]), image],
  AdaptiveMaxPool1d: [() => new nn.AdaptiveMaxPool1d(2), signal],
  AdaptiveMaxPool2d: [() => new nn.AdaptiveMaxPool2d(2, { returnIndices: true }), image],
  MaxUnpool1d: [() => new nn.MaxUnpool1d(2), () => draw(1, 2), () => tensor([[1, 2]], { dtype: 'int32' })],
  MaxUnpool2d: [() => new nn.MaxUnpool2d(2), () => draw(1, 1, 2), () => tensor([[[1, 2]]], { dtype: 'int32' })],
  RNN: [() => new nn.RNN(6, 3, { numLayers: 2 }), signal],
  GRU: [() => new nn.GRU(6, 3, { bidirectional: true }), signal],
  LSTM: [() => new nn.LSTM(6, 3, { batchFirst: true }), signal],
  RNNCell: [() => new nn.RNNCell(4, 3), row],
  GRUCell: [() => new nn.GRUCell(4, 3), row],
  LSTMCell: [() => new nn.LSTMCell(4, 3), row],
  MultiheadAttention: [() => new nn.MultiheadAttention(4, 2, { addBiasKv: true }), row, row, row],
  TransformerEncoderLayer: [encoderLayer, row],
  TransformerEncoder: [() => new nn.TransformerEncoder(encoderLayer(), 2, { norm: new nn.LayerNorm(4) }), row],
  Sequential: [() => new nn.Sequential(new nn.Linear(4, 2), new nn.ReLU()), row],
  ModuleList: [() => new nn.ModuleList([new nn.ReLU()])],
  ModuleDict: [() => new nn.ModuleDict({ a: new nn.ReLU() })],
  ParameterList: [() => new nn.ParameterList([kept()])],
  ParameterDict: [() => new nn.ParameterDict({ a: kept() })],
};

/** What a layer has given, as numbers. */
function numbers(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  return Array.isArray(value) ? value.map(numbers) : value;
}

const isLayer = (value: unknown): boolean => typeof value === 'function' && value.prototype instanceof nn.Module;

it('has a case of every layer', () => {
  const layers = Object.entries(nn).filter(([, value]) => isLayer(value));
  expect(Object.keys(cases).sort()).toEqual(layers.map(([name]) => name).sort());
});

it.each(Object.entries(cases))('%s: its copy', (_name, [make, ...inputs]) => {
  const layer = make() as nn.Module<readonly unknown[], unknown>;
  const copy = layer.clone();
  expect(copy.constructor).toBe(layer.constructor);
  expect(String(copy)).toBe(String(layer));
  const state = (of: typeof layer) => Object.entries(of.stateDict()).map(([name, each]) => [name, each.toArray()]);
  expect(state(copy)).toEqual(state(layer));
  if (inputs.length === 0) return;
  for (const isTraining of [true, false]) {
    const run = (of: typeof layer) => {
      manualSeed(1);
      return numbers(of.train(isTraining).forward(...inputs.map((input) => input())));
    };
    const expected = run(layer);
    expect(expected).not.toBeUndefined();
    expect(run(copy)).toEqual(expected);
  }
  expect(state(copy)).toEqual(state(layer));
});

/** Values, with the tensors of fractions in them in float64. */
function doubled(value: unknown): unknown {
  if (value instanceof Tensor) return value.dtype === 'int32' ? value : value.to('float64');
  return Array.isArray(value) ? value.map(doubled) : value;
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsIn) : [];
}

it.each(Object.entries(cases).filter(([, [, ...inputs]]) => inputs.length > 0))(
  '%s: in float64, and back',
  (_name, [make, ...inputs]) => {
    const layer = (make() as nn.Module<readonly unknown[], unknown>).eval();
    const given = inputs.map((input) => input());
    const run = (values: readonly unknown[]) => tensorsIn(layer.forward(...values));
    const before = run(given);
    expect(layer.double()).toBe(layer);
    const exact = run(given.map(doubled));
    expect(exact).toHaveLength(before.length);
    for (const [i, each] of exact.entries()) {
      const expected = before[i]!;
      expect(each.dtype).toBe(expected.dtype === 'int32' ? 'int32' : 'float64');
      for (const [at, value] of [...each.toTypedArray()].entries())
        expect(value).toBeCloseTo(expected.toTypedArray()[at]!, 4);
    }
    // What was float32 is float32 again, to the bit.
    layer.float();
    for (const [i, each] of run(given).entries()) expect(each.toArray()).toEqual(before[i]!.toArray());
  },
);
