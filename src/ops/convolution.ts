/** The geometry of a convolution as it crosses the contract: one list of numbers, and what can be counted from it. */
import type { Layout } from './roles.js';

/** One spatial dimension. Position o of the output sees positions o·stride - padLow + t·dilation of the input, for t < kernel. */
export interface SpatialGeometry {
  readonly size: number;
  /** At most as many as fit: floor((size + padLow + padHigh - dilation·(kernel - 1) - 1) / stride) + 1. */
  readonly outSize: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padLow: number;
  readonly padHigh: number;
}

/** Sizes of a convolution of [batch, channels, sizes...] to [batch, outChannels, outSizes...] with one, two or three dimensions. */
export interface ConvGeometry {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly dims: readonly SpatialGeometry[];
}

/** What a geometry can be asked for: multiply-adds (padding counted), elements of the input, elements of the output. */
export type GeometryCount = 'products' | 'inputs' | 'outputs';

const headNumbers = 5;
const dimNumbers = 7;

/** [batch, channels, outChannels, groups, D, then for each dimension size, outSize, kernel, stride, dilation, padLow, padHigh]. */
export function encodeGeometry({ batch, channels, outChannels, groups, dims }: ConvGeometry): Layout {
  const spatial = dims.flatMap(({ size, outSize, kernel, stride, dilation, padLow, padHigh }) => [
    ...[size, outSize, kernel, stride, dilation, padLow, padHigh],
  ]);
  return Float64Array.of(batch, channels, outChannels, groups, dims.length, ...spatial);
}

/** The opposite of {@link encodeGeometry}. */
export function decodeGeometry(layout: Layout): ConvGeometry {
  const [batch, channels, outChannels, groups, count] = layout;
  const dims = Array.from({ length: count! }, (_, d): SpatialGeometry => {
    const at = headNumbers + d * dimNumbers;
    const [size, outSize, kernel, stride, dilation, padLow, padHigh] = layout.subarray(at, at + dimNumbers);
    return {
      ...{ size: size!, outSize: outSize!, kernel: kernel!, stride: stride! },
      ...{ dilation: dilation!, padLow: padLow!, padHigh: padHigh! },
    };
  });
  return { batch: batch!, channels: channels!, outChannels: outChannels!, groups: groups!, dims };
}

const product = (numbers: readonly number[]): number => numbers.reduce((total, each) => total * each, 1);

/** Pixels of an image before and behind the convolution, and positions of its kernel. */
export function pixelsOf({ dims }: ConvGeometry): { inputs: number; outputs: number; taps: number } {
  return {
    inputs: product(dims.map(({ size }) => size)),
    outputs: product(dims.map(({ outSize }) => outSize)),
    taps: product(dims.map(({ kernel }) => kernel)),
  };
}

/** Counts over the whole batch. */
export function countOf(layout: Layout, what: GeometryCount): number {
  const geometry = decodeGeometry(layout);
  const { inputs, outputs, taps } = pixelsOf(geometry);
  const { batch, channels, outChannels, groups } = geometry;
  if (what === 'inputs') return batch * channels * inputs;
  const out = batch * outChannels * outputs;
  return what === 'outputs' ? out : out * taps * (channels / groups);
}
