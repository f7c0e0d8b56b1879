/** Steps that fit an input of a shape: one list for each rank. */
import { activation } from './activations.js';
import { adaptivePool, conv, convTranspose, padding, pool, upsample } from './conv-layers.js';
import type { Draw } from './draw.js';
import type { ModuleSpec, Options, Step, TensorRef, TensorSpec } from './spec.js';

/** Where modules and tensors of a case are gathered. */
export interface Parts {
  readonly draw: Draw;
  module(spec: ModuleSpec): number;
  tensor(spec: TensorSpec): TensorRef;
  /** A few steps that keep the shape, for a residual sum. */
  keepingShape(shape: readonly number[]): readonly Step[];
}

/** null: no such layer for this shape. */
type Maker = (parts: Parts, shape: readonly number[]) => ModuleSpec | Step | null;

const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17];

const made = (name: string, args: readonly unknown[], options: Options = {}, typed = false): ModuleSpec => ({
  name,
  args,
  options,
  typed,
});
const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

const linear: Maker = ({ draw }, shape) =>
  made('Linear', [shape.at(-1), draw.of(sizes)], draw.some({ bias: draw.chance() }), true);

const layerNorm: Maker = ({ draw }, shape) => {
  const normed = shape.slice(-draw.int(1, shape.length - 1));
  const options = draw.some({ eps: 1e-3, elementwiseAffine: false, bias: false });
  const isRms = draw.chance(0.3);
  // RMSNorm has no bias.
  const { bias: _, ...rms } = options;
  return made(isRms ? 'RMSNorm' : 'LayerNorm', [normed], isRms ? rms : options, true);
};

const groupNorm: Maker = ({ draw }, shape) => {
  const groups = draw.divisor(shape[1]!);
  if (product(shape) / (shape[0]! * groups) < 2) return null;
  return made('GroupNorm', [groups, shape[1]], draw.some({ eps: 1e-3, affine: false }), true);
};

const batchNorm: Maker = ({ draw }, shape) => {
  const dims = Math.max(1, shape.length - 2);
  // With two values a channel results are ±1 whatever goes in, and gradients are rounding errors.
  if (dims > 2 || product(shape) / shape[1]! < 3) return null;
  const options = { eps: 1e-3, momentum: draw.of([0.3, null]), affine: false, trackRunningStats: false };
  return made(`BatchNorm${dims}d`, [shape[1]], draw.some(options, 0.3), true);
};

const instanceNorm: Maker = ({ draw }, shape) => {
  const dims = shape.length - 2;
  if (dims > 2 || product(shape.slice(2)) < 3) return null;
  return made(
    `InstanceNorm${dims}d`,
    [shape[1]],
    draw.some({ eps: 1e-3, affine: true, trackRunningStats: true }),
    true,
  );
};

const dropout: Maker = ({ draw }, shape) => {
  const dims = shape.length - 2;
  const featured = dims >= 1 ? [`Dropout${dims}d`, 'FeatureAlphaDropout'] : [];
  return made(draw.of(['Dropout', 'Dropout', 'AlphaDropout', ...featured]), [draw.of([0, 0.2, 0.5])]);
};

const softmax: Maker = ({ draw }, shape) =>
  made(draw.of(['Softmax', 'LogSoftmax', 'Softmin']), [draw.int(-shape.length, shape.length - 1)]);

const glu: Maker = ({ draw }, shape) => {
  const even = shape.flatMap((size, d) => (d > 0 && size % 2 === 0 ? [d] : []));
  return even.length === 0 ? null : made('GLU', [draw.of(even)]);
};

const prelu: Maker = ({ draw }, shape) =>
  draw.chance() ? made('PReLU', [], {}, true) : made('PReLU', [shape[1]], draw.some({ init: 0.1 }), true);

const flatten: Maker = ({ draw }, shape) => {
  const start = draw.int(1, shape.length - 1);
  return made('Flatten', draw.chance() ? [] : [start, draw.int(start, shape.length - 1)]);
};

const unflatten: Maker = ({ draw }, shape) => {
  const dim = draw.int(1, shape.length - 1);
  const outer = draw.divisor(shape[dim]!);
  return made('Unflatten', [draw.chance() ? dim : dim - shape.length, [outer, shape[dim]! / outer]]);
};

const permute: Maker = ({ draw }, shape) => {
  const rest = shape.slice(1).map((_, i) => i + 1);
  for (let i = rest.length - 1; i > 0; i--) {
    const j = draw.int(0, i);
    [rest[i], rest[j]] = [rest[j]!, rest[i]!];
  }
  return { kind: 'permute', numbers: [0, ...rest] };
};

const residual: Maker = (parts, shape) => ({ kind: 'residual', body: parts.keepingShape(shape) });

const joined: Maker = (parts, shape) => ({
  kind: 'cat',
  bodies: [parts.keepingShape(shape), parts.keepingShape(shape)],
  dim: parts.draw.int(1, shape.length - 1),
});

const cell: Maker = ({ draw }, shape) => {
  const name = draw.of(['RNNCell', 'GRUCell', 'LSTMCell']);
  const options = { bias: draw.chance(0.8), ...(name === 'RNNCell' && { nonlinearity: draw.of(['tanh', 'relu']) }) };
  return made(name, [shape[1], draw.of(sizes)], options, true);
};

const bilinear: Maker = (parts, shape) => {
  const spec = made('Bilinear', [shape.at(-1), shape.at(-1), parts.draw.of([1, 3, 5])], {}, true);
  return { kind: 'module', module: parts.module(spec), inputs: 2 };
};

const recurrent: Maker = ({ draw }, shape) => {
  const name = draw.of(['RNN', 'GRU', 'LSTM']);
  const units = draw.of([1, 2, 5, 8, 9, 17]);
  const numLayers = draw.int(1, 2);
  const options = {
    ...draw.some({ bias: false, bidirectional: true, batchFirst: true }),
    numLayers,
    ...(numLayers > 1 && { dropout: draw.of([0, 0.3]) }),
    ...(name === 'RNN' && { nonlinearity: draw.of(['tanh', 'relu']) }),
    ...(name === 'LSTM' && units > 1 && draw.chance(0.3) && { projSize: draw.int(1, units - 1) }),
  };
  return made(name, [shape[2], units], options, true);
};

/** A mask [queries, keys] or of paddings: floats, or booleans that leave at least the first key. */
function mask(parts: Parts, rows: number, keys: number, isFloat: boolean, blocks = 1): TensorRef {
  const { draw } = parts;
  const values = Array.from({ length: rows * keys }, (_, i) => {
    if (isFloat) return draw.normal();
    return i % keys === 0 ? 1 - blocks : draw.int(0, 1);
  });
  return parts.tensor({ shape: [rows, keys], dtype: isFloat ? 'float' : 'bool', values });
}

const multihead: Maker = (parts, shape) => {
  const { draw } = parts;
  const features = shape[2]!;
  const batchFirst = draw.chance();
  const [batch, steps] = batchFirst ? [shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
  const options = {
    batchFirst,
    dropout: draw.of([0, 0, 0.2]),
    ...draw.some({ bias: false, addBiasKv: true, addZeroAttn: true }, 0.2),
  };
  const isFloat = draw.chance();
  const call = {
    ...(draw.chance(0.4) && { attnMask: mask(parts, steps, steps, isFloat) }),
    ...(draw.chance(0.4) && { keyPaddingMask: mask(parts, batch, steps, isFloat) }),
    needWeights: draw.chance(),
  };
  const spec = made('MultiheadAttention', [features, draw.divisor(features)], options, true);
  return { kind: 'module', module: parts.module(spec), inputs: 3, call };
};

const encoder: Maker = (parts, shape) => {
  const { draw } = parts;
  const features = shape[2]!;
  // Layer norm of one or two numbers leaves rounding errors.
  if (features < 3) return null;
  const batchFirst = draw.chance();
  const [batch, steps] = batchFirst ? [shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
  const options = {
    batchFirst,
    dropout: draw.of([0, 0.1]),
    dimFeedforward: draw.of([1, 8, 17]),
    ...draw.some({ bias: false, normFirst: true, activation: 'gelu', layerNormEps: 1e-3 }, 0.3),
  };
  const layer = made('TransformerEncoderLayer', [features, draw.divisor(features)], options, true);
  const isStack = draw.chance(0.3);
  const isFloat = draw.chance();
  const call = {
    ...(draw.chance(0.3) && { [isStack ? 'mask' : 'srcMask']: mask(parts, steps, steps, isFloat) }),
    ...(draw.chance(0.3) && { srcKeyPaddingMask: mask(parts, batch, steps, isFloat) }),
  };
  const spec = isStack ? made('TransformerEncoder', [layer, 2], {}, false) : layer;
  return { kind: 'module', module: parts.module(spec), inputs: 1, call };
};

const attention: Maker = (parts, shape) => {
  const { draw } = parts;
  const steps = shape.at(-2)!;
  const isCausal = draw.chance(0.3);
  const masked = !isCausal && draw.chance(0.5) && { attnMask: mask(parts, steps, steps, draw.chance(), 0) };
  return {
    kind: 'attention',
    options: { ...masked, isCausal, dropoutP: draw.of([0, 0, 0.3]), ...draw.some({ scale: 0.7 }, 0.3) },
  };
};

const pixels: Maker = ({ draw }, shape) => {
  const [, channels = 1, height = 1, width = 1] = shape;
  const up = [2, 3].filter((r) => channels % (r * r) === 0);
  const down = [2, 3].filter((r) => height % r === 0 && width % r === 0);
  if (up.length > 0 && draw.chance()) return made('PixelShuffle', [draw.of(up)]);
  return down.length === 0 ? null : made('PixelUnshuffle', [draw.of(down)]);
};

const unfold: Maker = ({ draw }, shape) => {
  const kernel = draw.int(1, Math.min(2, shape[2]!, shape[3]!));
  return made('Unfold', [kernel], draw.some({ padding: 1, stride: 2 }));
};

const act: Maker = ({ draw }) => activation(draw);
const spatial = (maker: (draw: Draw, shape: readonly number[]) => ModuleSpec): Maker => {
  return ({ draw }, shape) => maker(draw, shape);
};

const anywhere = [
  act,
  act,
  act,
  dropout,
  softmax,
  glu,
  prelu,
  layerNorm,
  groupNorm,
  residual,
  joined,
  permute,
  unflatten,
];
const images = [conv, conv, conv, convTranspose, pool, pool, adaptivePool, padding, upsample].map(spatial);

/** By rank. */
export const layers: Readonly<Record<number, readonly Maker[]>> = {
  2: [linear, linear, linear, batchNorm, cell, bilinear, ...anywhere],
  3: [
    ...[linear, recurrent, recurrent, multihead, encoder, attention, batchNorm, instanceNorm, flatten],
    ...[...images, ...anywhere],
  ],
  4: [...images, batchNorm, instanceNorm, pixels, unfold, flatten, attention, linear, ...anywhere],
  5: [
    ...[conv, conv, convTranspose, pool, pool, padding, upsample].map(spatial),
    ...[flatten, flatten, linear, act, dropout, layerNorm, groupNorm, residual, permute],
  ],
};

/** Layers of which outputs have the shape of inputs. */
export const keeping: readonly Maker[] = [act, act, dropout, softmax, layerNorm, groupNorm, prelu];
