/** The oracle of convolutions: the reference against numbers that PyTorch 2.13.0 gave in float64, and what a geometry tells. */
import { describe, expect, it } from 'vitest';
import { type ConvGeometry, countOf, decodeGeometry, encodeGeometry, pixelsOf } from '../../src/ops/convolution.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { expectClose, float64, fresh } from './plain.js';

/** Of conv1d, conv2d and conv3d over F.pad: outputs, and the gradients for x, weight and bias. */
const cases: readonly {
  readonly name: string;
  readonly geometry: ConvGeometry;
  readonly out: readonly number[];
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly bias: readonly number[];
}[] = [
  {
    name: '1 dimension, stride 2, dilation 2, asymmetric padding',
    geometry: {
      batch: 2,
      channels: 2,
      outChannels: 3,
      groups: 1,
      dims: [{ size: 7, outSize: 3, kernel: 3, stride: 2, dilation: 2, padLow: 1, padHigh: 2 }],
    },
    out: [
      -1.375, -1.25, -1.78125, 0.125, 0.3125, 0.03125, 1.625, 1.53125, 1.84375, -1.875, -0.21875, -1.8125, -0.5625,
      0.21875, -1.03125, 1.09375, 0.65625, 2.15625,
    ],
    x: [
      0, -0.125, 0, 0.3125, 0, -1.09375, 0, 0, 0.5625, 0, -1.09375, 0, 1.5, 0, 0, -0.8125, 0, 0.90625, 0, 0.5, 0, 0,
      -0.15625, 0, 0.3125, 0, -1.0625, 0,
    ],
    weight: [
      0.3125, -0.1875, -1.5625, -0.75, 3.75, -0.8125, -1.6875, -0.8125, 0.0625, 2.375, -2, -1.375, -0.25, 1.3125, 2.375,
      0, -2.9375, -1.25,
    ],
    bias: [-2, 0.5, 0.25],
  },
  {
    name: '2 dimensions in 2 groups',
    geometry: {
      batch: 1,
      channels: 2,
      outChannels: 2,
      groups: 2,
      dims: [
        { size: 3, outSize: 3, kernel: 2, stride: 1, dilation: 1, padLow: 1, padHigh: 0 },
        { size: 4, outSize: 2, kernel: 3, stride: 2, dilation: 1, padLow: 0, padHigh: 1 },
      ],
    },
    out: [
      -0.875, -1.09375, -0.65625, -0.125, -0.59375, -0.25, -0.34375, -0.28125, -0.21875, 0.09375, -0.59375, -0.09375,
    ],
    x: [
      0, -0.625, -0.09375, -0.25, 0.59375, 0.125, -0.65625, 0.5, 0.125, -0.5, 0.28125, -0.125, -0.53125, 0.34375,
      -1.125, 0.15625, 0.65625, -0.375, 0.1875, 0.46875, -0.375, 0.09375, 0.15625, -0.15625,
    ],
    weight: [-0.4375, -0.4375, 0.4375, 2.0625, -1, 1.625, -0.5625, 1.3125, 0.375, -0.875, -1.625, 0.5],
    bias: [-1.75, 0.5],
  },
  {
    name: '3 dimensions',
    geometry: {
      batch: 1,
      channels: 1,
      outChannels: 2,
      groups: 1,
      dims: [
        { size: 2, outSize: 2, kernel: 2, stride: 1, dilation: 1, padLow: 1, padHigh: 0 },
        { size: 2, outSize: 2, kernel: 1, stride: 1, dilation: 1, padLow: 0, padHigh: 0 },
        { size: 3, outSize: 3, kernel: 2, stride: 1, dilation: 1, padLow: 0, padHigh: 1 },
      ],
    },
    out: [
      -2.46875, -1.1875, -2.28125, -1.0625, -2.21875, -1.03125, -1.15625, -0.96875, -1.03125, -1, -1.21875, -1.03125,
      -0.65625, 0.5625, -0.46875, 0.5625, -0.65625, 0.28125, -1.46875, 1, -0.8125, 1.0625, -1.34375, 0.9375,
    ],
    x: [-0.65625, -1.34375, 1.15625, 0.625, -1.75, 1.09375, 0.78125, -0.03125, -0.34375, 0.28125, -0.28125, -0.59375],
    weight: [-1.1875, -0.875, 1.9375, -0.4375, -0.8125, -0.4375, -1.5, -0.0625],
    bias: [-1.25, -0.5],
  },
];

/** Numbers that floats hold exactly. */
const sequence = (n: number, step: number, modulus: number, divisor: number): number[] =>
  Array.from({ length: n }, (_, i) => (((i * step) % modulus) - Math.floor(modulus / 2)) / divisor);

/** [batch, channels, pixels] with the channels last. */
const channelsLast = (values: readonly number[], batch: number, channels: number): number[] => {
  const pixels = values.length / batch / channels;
  return values.map((_, i) => {
    const [n, p, c] = [Math.floor(i / channels / pixels), Math.floor(i / channels) % pixels, i % channels];
    return values[(n * channels + c) * pixels + p]!;
  });
};

const plainCall = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };

describe.each(cases)('reference convolution is PyTorch’s: $name', ({ geometry, ...expected }) => {
  const { batch, channels, outChannels, groups } = geometry;
  const layout = encodeGeometry(geometry);
  const { inputs, taps } = pixelsOf(geometry);
  const x = sequence(batch * channels * inputs, 7, 13, 4);
  const weight = sequence((outChannels * channels * taps) / groups, 5, 11, 8);
  const bias = sequence(outChannels, 3, 7, 2);
  const grad = sequence(expected.out.length, 3, 11, 4);

  it.each([false, true])('channels last: %s', (last) => {
    const laid = (values: readonly number[], count: number) => (last ? channelsLast(values, batch, count) : values);
    const memories = { weight: float64(weight), geometry: layout, outChannelsLast: last, ...plainCall };
    const out = fresh(expected.out.length);
    const source = float64(laid(x, channels));
    referenceOps.conv({ ...memories, x: source, bias: float64(bias), out, xChannelsLast: last });
    expectClose(out, laid(expected.out, outChannels));

    const above = float64(laid(grad, outChannels));
    const ofX = fresh(x.length);
    referenceOps.convInputGradient({ ...memories, grad: above, bias: null, out: ofX, gradChannelsLast: last });
    expectClose(ofX, laid(expected.x, channels));

    const [ofWeight, ofBias] = [fresh(weight.length), fresh(bias.length)];
    const flags = { gradChannelsLast: last, xChannelsLast: last };
    referenceOps.convWeightGradient({
      ...{ grad: above, x: source, out: ofWeight, biasGrad: ofBias, geometry: layout },
      ...flags,
    });
    expectClose(ofWeight, expected.weight);
    expectClose(ofBias, expected.bias);
  });

  it('has a geometry that comes back, and counts', () => {
    expect(decodeGeometry(layout)).toEqual(geometry);
    expect(countOf(layout, 'inputs')).toBe(x.length);
    expect(countOf(layout, 'outputs')).toBe(expected.out.length);
    expect(countOf(layout, 'products')).toBe((expected.out.length * weight.length) / outChannels);
  });
});
