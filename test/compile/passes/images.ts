/** Pieces of graphs with convolutions and pools, as src/functional writes them: channels first. */
import { noPostOp } from '../../../src/compile/passes/post-op.js';
import { encodeGeometry } from '../../../src/ops/convolution.js';
import type { ValueId } from '../../../src/ops/graph.js';
import { encodeWindows } from '../../../src/ops/windows.js';
import type { List } from './graph.js';

export const batch = 2;
/** Rows and columns of an image. */
export const side = 4;
export const pixels = side * side;

/** A 3x3 convolution that keeps the size. */
export const geometryOf = (channels: number, outChannels: number) => {
  const dim = { size: side, outSize: side, kernel: 3, stride: 1, dilation: 1, padLow: 1, padHigh: 1 };
  return encodeGeometry({ batch, channels, outChannels, groups: 1, dims: [dim, dim] });
};

/** 2x2 windows that halve rows and columns. */
export const windowsOf = (channels: number) => {
  const dim = { size: side, outSize: 2, starts: [0, 2], ends: [2, 4], dilation: 1, divisors: [2, 2] };
  return encodeWindows({ batch, channels, dims: [dim, dim] });
};

export function conv(list: List, x: ValueId, channels: number, outChannels: number): { weight: ValueId; out: ValueId } {
  const weight = list.state(outChannels * channels * 9);
  const out = list.temporary(batch * outChannels * pixels);
  const flags = { xChannelsLast: false, outChannelsLast: false };
  list.add('conv', { x, weight, bias: null, out, geometry: geometryOf(channels, outChannels), ...flags, ...noPostOp });
  return { weight, out };
}

export function inputGradient(
  list: List,
  grad: ValueId,
  weight: ValueId,
  channels: number,
  outChannels: number,
): ValueId {
  const out = list.temporary(batch * channels * pixels);
  const flags = { gradChannelsLast: false, outChannelsLast: false };
  const geometry = geometryOf(channels, outChannels);
  list.add('convInputGradient', { grad, weight, bias: null, out, geometry, ...flags, ...noPostOp });
  return out;
}

export function weightGradient(list: List, grad: ValueId, x: ValueId, channels: number, outChannels: number): ValueId {
  const out = list.temporary(outChannels * channels * 9);
  const flags = { gradChannelsLast: false, xChannelsLast: false };
  list.add('convWeightGradient', {
    grad,
    x,
    out,
    biasGrad: null,
    geometry: geometryOf(channels, outChannels),
    ...flags,
  });
  return out;
}

export function maxPool(list: List, x: ValueId, channels: number): { out: ValueId; index: ValueId } {
  const [out, index] = [list.temporary(batch * channels * 4), list.temporary(batch * channels * 4, 'int32')];
  const flags = { xChannelsLast: false, outChannelsLast: false };
  list.add('maxPool', { x, out, index, windows: windowsOf(channels), ...flags });
  return { out, index };
}

export function maxPoolBackward(list: List, grad: ValueId, index: ValueId, channels: number): ValueId {
  const out = list.temporary(batch * channels * pixels);
  const flags = { gradChannelsLast: false, outChannelsLast: false };
  list.add('maxPoolBackward', { grad, index, out, windows: windowsOf(channels), ...flags });
  return out;
}
