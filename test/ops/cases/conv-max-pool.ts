/**
 * A convolution with the max pool behind it, and their gradients, over whole numbers: all sums are exact, so that values and indices are equal to
 * the bit, with many ties among what is pooled.
 */
import { type ConvGeometry, countOf, encodeGeometry, pixelsOf } from '../../../src/ops/convolution.js';
import { referenceOps } from '../../../src/ops/reference/index.js';
import { encodeWindows, type WindowDimension } from '../../../src/ops/windows.js';
import { GuardedMemory } from '../../helpers/memory.js';
import { floats } from '../../helpers/values.js';
import { type Case, opCase, seedOf } from './case.js';
import { programOf } from './programs.js';

interface Shape {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly groups?: number;
  /** For each dimension: its size, the kernel (padded by half of it), its stride, the window and its stride. */
  readonly dims: readonly (readonly [size: number, kernel: number, stride: number, window: number, step: number])[];
}

// biome-ignore format: a table
const shapes: readonly Shape[] = [
  { batch: 3, channels: 1, outChannels: 32, dims: [[28, 3, 1, 2, 2], [28, 3, 1, 2, 2]] },
  { batch: 2, channels: 32, outChannels: 64, dims: [[14, 3, 1, 2, 2], [10, 3, 1, 2, 2]] },
  { batch: 2, channels: 5, outChannels: 7, dims: [[9, 3, 1, 3, 2], [11, 5, 1, 3, 2]] },
  { batch: 1, channels: 3, outChannels: 17, dims: [[13, 3, 2, 2, 1], [8, 1, 1, 2, 3]] },
  { batch: 4, channels: 6, outChannels: 4, groups: 2, dims: [[7, 3, 1, 2, 2], [5, 3, 1, 2, 2]] },
  { batch: 2, channels: 2, outChannels: 3, dims: [[17, 5, 1, 4, 4]] },
  { batch: 0, channels: 2, outChannels: 3, dims: [[4, 3, 1, 2, 2], [4, 3, 1, 2, 2]] },
  { batch: 1, channels: 1, outChannels: 1, dims: [[2, 1, 1, 2, 2], [2, 1, 1, 2, 2]] },
];

function encoded({ batch, channels, outChannels, groups = 1, dims }: Shape) {
  const convDims = dims.map(([size, kernel, stride]) => {
    const pad = (kernel - 1) / 2;
    const outSize = Math.floor((size - 1) / stride) + 1;
    return { size, outSize, kernel, stride, dilation: 1, padLow: pad, padHigh: pad };
  });
  const windowDims = dims.map(([, , , window, step], d): WindowDimension => {
    const { outSize: size } = convDims[d]!;
    const outSize = Math.floor((size - window) / step) + 1;
    const starts = Array.from({ length: outSize }, (_, i) => i * step);
    const ends = starts.map((start) => start + window);
    return { size, outSize, starts, ends, dilation: 1, divisors: starts.map(() => window) };
  });
  const geometry: ConvGeometry = { batch, channels, outChannels, groups, dims: convDims };
  const windows = windowDims.reduce((product, { outSize }) => product * outSize, 1);
  return {
    geometry: encodeGeometry(geometry),
    windows: encodeWindows({ batch, channels: outChannels, dims: windowDims }),
    weights: (outChannels * channels * pixelsOf(geometry).taps) / groups,
    pooled: batch * outChannels * windows,
    size: (what: 'inputs' | 'outputs') => countOf(encodeGeometry(geometry), what),
  };
}

/** From -most to most; adding 0 makes 0 of -0. */
const whole = (count: number, seed: number, most: number): Float32Array =>
  floats(count, seed, -most - 0.49, most + 0.49).map((value) => Math.round(value) + 0);

const noPostOp = { program: null, inputs: [], keys: [], scalars: [], rowOffset: 0 };
const postOps = {
  nothing: () => ({ ...noPostOp, outputs: [] }),
  relu: () => ({ ...noPostOp, program: programOf(1, 0, ([x]) => x.relu()), outputs: [] }),
  /** A scale for each image and channel, and what came before as a second output. */
  'maps and what came before': (rows: number, columns: number, batch: number, seed: number) => ({
    ...noPostOp,
    program: programOf(2, 0, ([x, m]) => [x.relu().mul(m), x]),
    inputs: [whole(Math.max(1, batch) * columns, seed, 2)],
    outputs: [rows * columns],
  }),
  'a residual': (rows: number, columns: number, _batch: number, seed: number) => ({
    ...noPostOp,
    program: programOf(2, 0, ([x, r]) => x.add(r).relu()),
    inputs: [whole(rows * columns, seed, 4)],
    outputs: [],
  }),
} as const;

type Layouts = readonly [boolean, boolean];

function forward(shape: Shape, [xLast, outLast]: Layouts, postOp: keyof typeof postOps, withIndex: boolean): Case {
  const { geometry, windows, weights, pooled, size } = encoded(shape);
  const seed = seedOf(`convMaxPool ${JSON.stringify(shape)}`);
  const { batch, outChannels } = shape;
  const args = () => ({
    x: whole(size('inputs'), seed, 3),
    weight: whole(weights, seed + 1, 2),
    bias: withIndex ? whole(outChannels, seed + 2, 5) : null,
    out: pooled,
    index: withIndex ? pooled : null,
    ...{ geometry, windows, xChannelsLast: xLast, outChannelsLast: outLast },
    ...postOps[postOp](size('outputs') / outChannels, outChannels, batch, seed + 3),
  });
  const name = `${JSON.stringify(shape)}, ${[xLast, outLast]}, ${postOp}${withIndex ? '' : ', no index'}`;
  return opCase('convMaxPool', name, 'exact', args, { provesLittle: 'small whole numbers' });
}

/** Where a pool over other numbers has its maxima. */
function indexOf(windows: Float64Array, pooled: number, inputs: number, seed: number, last: boolean): Int32Array {
  const memory = (array: Float32Array | Int32Array) => GuardedMemory.from(array);
  const [x, out, index] = [floats(inputs, seed), new Float32Array(pooled), new Int32Array(pooled)].map(memory);
  referenceOps.maxPool({ x: x!, out: out!, index: index!, windows, xChannelsLast: last, outChannelsLast: last });
  return Int32Array.from(index!.read());
}

function backward(
  shape: Shape,
  [gradLast, xLast, outLast]: readonly [boolean, boolean, boolean],
  postOp: keyof typeof postOps | null,
): Case {
  const { geometry, windows, weights, pooled, size } = encoded(shape);
  const seed = seedOf(`convMaxPoolBackward ${JSON.stringify(shape)}`);
  const { batch, channels, outChannels } = shape;
  const args = () => ({
    grad: whole(pooled, seed, 3),
    index: indexOf(windows, pooled, size('outputs'), seed + 1, gradLast),
    x: whole(size('inputs'), seed + 2, 3),
    weight: postOp === null ? null : whole(weights, seed + 3, 2),
    out: postOp === null ? null : size('inputs'),
    weightGrad: weights,
    biasGrad: postOp === null ? null : outChannels,
    ...{ geometry, windows, gradChannelsLast: gradLast, xChannelsLast: xLast, outChannelsLast: outLast },
    ...postOps[postOp ?? 'nothing'](size('inputs') / channels, channels, batch, seed + 4),
  });
  const name = `${JSON.stringify(shape)}, ${[gradLast, xLast, outLast]}, ${postOp ?? 'weights only'}`;
  return opCase('convMaxPoolBackward', name, 'exact', args, { provesLittle: 'small whole numbers' });
}

export const convMaxPoolCases: readonly Case[] = shapes.flatMap((shape, i) => [
  forward(shape, [true, true], 'relu', true),
  forward(shape, [i % 2 === 0, false], 'nothing', true),
  forward(shape, [true, i % 2 === 0], i % 2 === 0 ? 'a residual' : 'maps and what came before', i % 3 > 0),
  backward(shape, [true, true, true], i % 2 === 0 ? 'relu' : 'a residual'),
  backward(shape, [false, i % 2 === 0, false], 'nothing'),
  backward(shape, [i % 2 === 0, true, true], i % 3 === 0 ? 'maps and what came before' : null),
]);
