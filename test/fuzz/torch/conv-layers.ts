/** Convolutions and pools that fit an input [N, C, ...sizes]. */
import type { Draw } from './draw.js';
import type { ModuleSpec } from './spec.js';

const channels = [1, 2, 3, 4, 6, 8, 16, 17];

/** One number for all dimensions, or one each. */
function perDimension(draw: Draw, dims: number, one: () => number): number[] {
  if (draw.chance()) return draw.many(dims, one);
  return Array<number>(dims).fill(one());
}

/** As users write it: a number where all are equal, at times. */
const written = (draw: Draw, sizes: readonly number[]): number | readonly number[] =>
  sizes.every((size) => size === sizes[0]) && draw.chance() ? sizes[0]! : sizes;

interface Window {
  readonly kernel: number[];
  readonly stride: number[];
  readonly padding: number[];
  readonly dilation: number[];
}

/** Windows of which at least one fits into each dimension. */
function windows(draw: Draw, sizes: readonly number[], isPool: boolean): Window {
  const dims = sizes.length;
  const largest = dims === 3 ? 2 : 3;
  const kernel = perDimension(draw, dims, () => draw.int(1, largest));
  const stride = perDimension(draw, dims, () => draw.of([1, 1, 2, 3]));
  const dilation = perDimension(draw, dims, () => draw.of([1, 1, 1, 2]));
  const padding = kernel.map((k) => (isPool ? draw.int(0, Math.floor(k / 2)) : draw.int(0, k)));
  sizes.forEach((size, d) => {
    const reach = () => dilation[d]! * (kernel[d]! - 1) + 1;
    if (reach() > size + 2 * padding[d]!) dilation[d] = 1;
    if (reach() > size + 2 * padding[d]!) kernel[d] = 1;
    if (isPool) padding[d] = Math.min(padding[d]!, Math.floor(kernel[d]! / 2));
    // A window of padding only: PyTorch's gradient goes to a place outside of the plane.
    if (isPool && padding[d]! > 0 && size < dilation[d]!) dilation[d] = 1;
  });
  return { kernel, stride, padding, dilation };
}

export function conv(draw: Draw, shape: readonly number[]): ModuleSpec {
  const [, given = 1, ...sizes] = shape;
  const dims = sizes.length;
  const made = draw.of(channels);
  const { kernel, stride, padding, dilation } = windows(draw, sizes, false);
  const modes = ['zeros', 'zeros', 'zeros', 'replicate'];
  if (padding.every((p, d) => p < sizes[d]!)) modes.push('reflect', 'circular');
  const isSame = draw.chance(0.2);
  const options = {
    stride: isSame ? 1 : written(draw, stride),
    padding: isSame ? 'same' : written(draw, padding),
    dilation: written(draw, dilation),
    groups: draw.chance(0.3) ? draw.divisor(given, made) : 1,
    bias: draw.chance(0.8),
    paddingMode: isSame ? 'zeros' : draw.of(modes),
  };
  return { name: `Conv${dims}d`, args: [given, made, written(draw, kernel)], options, typed: true };
}

export function convTranspose(draw: Draw, shape: readonly number[]): ModuleSpec {
  const [, given = 1, ...sizes] = shape;
  const dims = sizes.length;
  const made = draw.of(channels);
  const kernel = perDimension(draw, dims, () => draw.int(1, 3));
  const stride = perDimension(draw, dims, () => draw.int(1, 2));
  const dilation = perDimension(draw, dims, () => draw.int(1, 2));
  const outputPadding = kernel.map((_, d) => draw.int(0, Math.max(stride[d]!, dilation[d]!) - 1));
  // At least one output in each dimension.
  const padding = kernel.map((k, d) => {
    const all = (sizes[d]! - 1) * stride[d]! + dilation[d]! * (k - 1) + outputPadding[d]! + 1;
    return draw.int(0, Math.min(k, Math.floor((all - 1) / 2)));
  });
  const options = {
    stride: written(draw, stride),
    padding: written(draw, padding),
    outputPadding: written(draw, outputPadding),
    dilation: written(draw, dilation),
    groups: draw.chance(0.3) ? draw.divisor(given, made) : 1,
    bias: draw.chance(0.8),
  };
  return { name: `ConvTranspose${dims}d`, args: [given, made, written(draw, kernel)], options, typed: true };
}

export function pool(draw: Draw, shape: readonly number[]): ModuleSpec {
  const sizes = shape.slice(2);
  const dims = sizes.length;
  const { kernel, stride, padding, dilation } = windows(draw, sizes, true);
  // PyTorch refuses to average over three dimensions where a kernel fits into the padding only.
  const isMax = draw.chance() || (dims === 3 && kernel.some((k, d) => k > sizes[d]!));
  const common = { stride: written(draw, stride), padding: written(draw, padding), ceilMode: draw.chance(0.3) };
  const options = isMax
    ? { ...common, dilation: written(draw, dilation) }
    : {
        ...common,
        countIncludePad: draw.chance(),
        ...(dims > 1 && draw.chance(0.3) && { divisorOverride: draw.int(1, 5) }),
      };
  return { name: `${isMax ? 'Max' : 'Avg'}Pool${dims}d`, args: [written(draw, kernel)], options, typed: false };
}

export function adaptivePool(draw: Draw, shape: readonly number[]): ModuleSpec {
  const dims = shape.length - 2;
  const size = perDimension(draw, dims, () => draw.int(1, 5));
  const name = `Adaptive${draw.of(['Avg', 'Max'])}Pool${dims}d`;
  return { name, args: [written(draw, size)], options: {}, typed: false };
}

export function padding(draw: Draw, shape: readonly number[]): ModuleSpec {
  const sizes = shape.slice(2);
  const dims = sizes.length;
  const kind = draw.of(['Zero', 'Constant', 'Reflection', 'Replication', 'Circular']);
  const least = Math.min(...sizes);
  const most = kind === 'Reflection' ? Math.min(2, least - 1) : kind === 'Circular' ? Math.min(2, least) : 2;
  const sides = draw.chance() ? draw.int(0, most) : draw.many(2 * dims, () => draw.int(0, most));
  const args = kind === 'Constant' ? [sides, 0.5] : [sides];
  return { name: `${kind}Pad${dims}d`, args, options: {}, typed: false };
}

const upsampleModes = [[], ['linear'], ['bilinear', 'bicubic'], ['trilinear']];

export function upsample(draw: Draw, shape: readonly number[]): ModuleSpec {
  const dims = shape.length - 2;
  const mode = draw.of(['nearest', 'nearest-exact', ...upsampleModes[dims]!]);
  const size = draw.chance() ? { scaleFactor: draw.of([2, 1.5, 3]) } : { size: draw.many(dims, () => draw.int(1, 6)) };
  const aligned = mode.startsWith('nearest') || draw.chance() ? {} : { alignCorners: draw.chance() };
  return { name: 'Upsample', args: [], options: { ...size, mode, ...aligned }, typed: false };
}
