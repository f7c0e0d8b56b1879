/** lanewise's code for layers of norms and pools: calls of the op contract on memory allocated beforehand. */
import type { Layer } from '../protocol.js';
import type { Library } from './library.js';

/** 2x2 windows over planes of h x w. */
function windowsOf(batch: number, channels: number, h: number, w: number): Float64Array {
  const dimension = (size: number) => {
    const starts = Array.from({ length: Math.floor(size / 2) }, (_, i) => 2 * i);
    return [size, starts.length, ...starts, ...starts.map((start) => start + 2), 1, ...starts.map(() => 2)];
  };
  return Float64Array.of(batch, channels, 2, ...dimension(h), ...dimension(w));
}

export function layerProgram({ lanewise, ops }: Library, { kind, pass, sizes, channelsLast }: Layer): () => void {
  const { randn, zeros, ones } = lanewise;
  const [batch, channels, h = 1, w = 1] = sizes as [number, number, number?, number?];
  const numel = sizes.reduce((product, size) => product * size, 1);
  const [x, out, grad] = [randn([numel]).storage, zeros([numel]).storage, randn([numel]).storage];
  if (kind === 'maxPool') {
    const windows = windowsOf(batch, channels, h, w);
    const [small, index] = [zeros([numel / 4]).storage, zeros([numel / 4], { dtype: 'int32' }).storage];
    const flags = { windows, outChannelsLast: channelsLast };
    const forward = { x, out: small, index, ...flags, xChannelsLast: channelsLast };
    ops.maxPool(forward);
    if (pass === 'forward') return () => ops.maxPool(forward);
    return () => ops.maxPoolBackward({ grad: small, index, out, ...flags, gradChannelsLast: channelsLast });
  }
  const weight = ones([channels]).storage;
  const [weightGrad, biasGrad] = [zeros([channels]).storage, zeros([channels]).storage];
  const count = kind === 'batchNorm' ? channels : batch;
  const [mean, variance] = [zeros([count]).storage, ones([count]).storage];
  const forward = { x, weight, bias: weight, out, mean, variance, eps: 1e-5 };
  const backward = { grad, x, weight, mean, variance, out, weightGrad, biasGrad, eps: 1e-5 };
  if (kind === 'batchNorm') {
    const images = { batch, channels, pixels: h * w, channelsLast };
    return pass === 'forward'
      ? () => ops.batchNorm({ ...forward, ...images })
      : () => ops.batchNormBackward({ ...backward, ...images });
  }
  const rows = { outer: batch, groups: 1, channels, inner: 1, centered: true };
  return pass === 'forward'
    ? () => ops.layerNorm({ ...forward, ...rows })
    : () => ops.layerNormBackward({ ...backward, ...rows });
}
