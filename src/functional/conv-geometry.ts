/** Sizes and checks of convolutions, with PyTorch's sentences. Everything is checked here before any memory is asked for. */
import { checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { type ConvGeometry, encodeGeometry, type SpatialGeometry } from '../ops/convolution.js';
import type { Layout } from '../ops/ops.js';
import { checkShape, formatShape, type Shape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { readPerDimension } from './per-dimension.js';
import { checkFloat, checkSameDtype } from './support.js';

/** Settings of a convolution as they have been read: a number for each spatial dimension. */
export interface ConvSettings {
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
}

/** What a convolution is about to compute. */
export interface ConvPlan {
  readonly layout: Layout;
  /** Of the result, without the batch when the input has none. */
  readonly shape: Shape;
}

export const readStride = (caller: string, value: unknown, dims: number): number[] =>
  readPerDimension(caller, 'stride', value, dims, 1, 'non-positive stride is not supported');

export const readDilation = (caller: string, value: unknown, dims: number): number[] =>
  readPerDimension(caller, 'dilation', value, dims, 1, 'dilation should be greater than zero, but got %');

/** Numbers, or one of the words. `sentence` is PyTorch's for another word. */
export function readPadding(
  caller: string,
  value: unknown,
  dims: number,
  sentence = (word: string) => `Invalid padding string: '${word}'`,
): readonly number[] | 'same' | 'valid' {
  if (value === 'same' || value === 'valid') return value;
  if (typeof value === 'string') throw new ArgumentError(`${caller}: ${sentence(value)}`);
  return readPerDimension(caller, 'padding', value, dims, 0, 'negative padding is not supported');
}

export function readGroups(caller: string, value: unknown, sentence = 'non-positive groups is not supported'): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value < 1)
    throw new ArgumentError(`${caller}: ${sentence}`);
  return checkSize(caller, 'groups', value, 1);
}

export const readOutputPadding = (caller: string, value: unknown, dims: number): number[] =>
  readPerDimension(caller, 'output_padding', value, dims, 0, 'negative output_padding is not supported');

/** PyTorch pads `'same'` by halves; what is left over of an odd number goes to the end. */
export function samePadding(kernel: number, dilation: number): [low: number, high: number] {
  const total = dilation * (kernel - 1);
  const low = Math.floor(total / 2);
  return [low, total - low];
}

/** Says that 'same' would need more output positions than strides leave. */
export function checkSame(caller: string, { padding, stride }: Pick<ConvSettings, 'padding' | 'stride'>): void {
  if (padding === 'same' && stride.some((each) => each !== 1))
    throw new ArgumentError(`${caller}: padding='same' is not supported for strided convolutions`);
}

/** What a convolution of `input` with `weight` computes. */
export function planConv(
  caller: string,
  dims: number,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  settings: ConvSettings,
): ConvPlan {
  const { batch, channels, sizes, kernels } = checkOperands(caller, dims, input, weight, bias);
  checkSame(caller, settings);
  const { groups, stride, dilation, padding } = settings;
  const outChannels = checkGroups(caller, weight, groups);
  if (channels !== weight.shape[1]! * groups)
    throw new ShapeError(
      `${caller}: Given groups=${groups}, weight of size ${formatShape(weight.shape)}, expected ` +
        `input${formatShape([batch, channels, ...sizes])} to have ${weight.shape[1]! * groups} channels, but got ` +
        `${channels} channels instead`,
    );
  checkBias(caller, weight, bias, outChannels, '');
  const pads = kernels.map((kernel, d): [number, number] => {
    if (padding === 'same') return samePadding(kernel, dilation[d]!);
    return padding === 'valid' ? [0, 0] : [padding[d]!, padding[d]!];
  });
  const padded = sizes.map((size, d) => size + pads[d]![0] + pads[d]![1]);
  const reach = kernels.map((kernel, d) => dilation[d]! * (kernel - 1) + 1);
  if (padded.some((size, d) => size < reach[d]!))
    throw new ShapeError(
      `${caller}: Calculated padded input size per channel: (${padded.join(' x ')}). Kernel size: ` +
        `(${reach.join(' x ')}). Kernel size can't be greater than actual input size`,
    );
  if (batch > 0 && channels > 0 && sizes.includes(0))
    throw new ShapeError(
      `${caller}: Only zero batch or zero channel inputs are supported, but got input shape: ` +
        formatShape([batch, channels, ...sizes]),
    );
  const spatial = sizes.map((size, d): SpatialGeometry => {
    const outSize = Math.floor((padded[d]! - reach[d]!) / stride[d]!) + 1;
    const [padLow, padHigh] = pads[d]!;
    return { size, outSize, kernel: kernels[d]!, stride: stride[d]!, dilation: dilation[d]!, padLow, padHigh };
  });
  const outSizes = spatial.map(({ outSize }) => outSize);
  return plan(caller, input, { batch, channels, outChannels, groups, dims: spatial }, outChannels, outSizes);
}

/** The convolution whose gradient for its input is the transposed convolution of `input`: input and output change places. */
export function planConvTranspose(
  caller: string,
  dims: number,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  settings: ConvSettings & { readonly padding: readonly number[] },
): ConvPlan {
  const { batch, channels, sizes, kernels } = checkOperands(caller, dims, input, weight, bias);
  const { groups, stride, dilation, padding, outputPadding } = settings;
  const outChannels = weight.shape[1]! * groups;
  checkGroups(caller, weight, groups);
  if (channels !== weight.shape[0]!)
    throw new ShapeError(
      `${caller}: Given transposed=1, weight of size ${formatShape(weight.shape)}, expected ` +
        `input${formatShape([batch, channels, ...sizes])} to have ${weight.shape[0]} channels, but got ${channels} ` +
        'channels instead',
    );
  checkBias(caller, weight, bias, outChannels, 'transposed=1, ');
  checkOutputPadding(caller, settings);
  const outSizes = sizes.map(
    (size, d) => (size - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (kernels[d]! - 1) + outputPadding[d]! + 1,
  );
  if (outSizes.some((size) => size < 1)) {
    // PyTorch computes one dimension as two.
    const shown = (all: readonly number[]) => `(${(dims === 1 ? [1, ...all] : all).join(' x ')})`;
    throw new ShapeError(
      `${caller}: Given input size per channel: ${shown(sizes)}. Calculated output size per channel: ` +
        `${shown(outSizes)}. Output size is too small`,
    );
  }
  const spatial = sizes.map(
    (size, d): SpatialGeometry => ({
      size: outSizes[d]!,
      outSize: size,
      kernel: kernels[d]!,
      stride: stride[d]!,
      dilation: dilation[d]!,
      padLow: padding[d]!,
      padHigh: padding[d]!,
    }),
  );
  const geometry = { batch, channels: outChannels, outChannels: channels, groups, dims: spatial };
  return plan(caller, input, geometry, outChannels, outSizes);
}

function plan(caller: string, input: Tensor, geometry: ConvGeometry, channels: number, sizes: Shape): ConvPlan {
  const isBatched = input.ndim === sizes.length + 2;
  const shape = checkShape(caller, [...(isBatched ? [geometry.batch] : []), channels, ...sizes]);
  return { layout: encodeGeometry(geometry), shape };
}

function checkOperands(caller: string, dims: number, input: Tensor, weight: Tensor, bias: Tensor | null) {
  checkFloat(caller, input);
  checkFloat(caller, weight);
  checkSameDtype(caller, input, weight);
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${caller}: Expected ${dims + 1}D (unbatched) or ${dims + 2}D (batched) input to ${pytorchName(caller)}, but got ` +
        `input of size: ${formatShape(input.shape)}`,
    );
  if (weight.ndim !== dims + 2)
    throw new ShapeError(
      `${caller}: expected a weight of ${dims + 2} dimensions, got shape ${formatShape(weight.shape)}`,
    );
  if (bias !== null) {
    checkFloat(caller, bias);
    checkSameDtype(caller, input, bias);
  }
  const [batch, channels, ...sizes] = input.ndim === dims + 2 ? input.shape : [1, ...input.shape];
  const kernels = weight.shape.slice(2);
  if (kernels.includes(0))
    throw new ShapeError(`${caller}: kernel size should be greater than zero, but got ${named('kernel', kernels)}`);
  return { batch: batch!, channels: channels!, sizes, kernels };
}

/** `convTranspose2d` as PyTorch spells it. */
const pytorchName = (caller: string): string => caller.replace('Transpose', '_transpose');

function checkGroups(caller: string, weight: Tensor, groups: number): number {
  const outChannels = weight.shape[0]!;
  if (outChannels < groups)
    throw new ShapeError(
      `${caller}: Given groups=${groups}, expected weight to be at least ${groups} at dimension 0, but got weight of ` +
        `size ${formatShape(weight.shape)} instead`,
    );
  if (outChannels % groups !== 0)
    throw new ShapeError(
      `${caller}: Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of ` +
        `size [${formatShape(weight.shape)}] instead`,
    );
  return outChannels;
}

function checkBias(caller: string, weight: Tensor, bias: Tensor | null, channels: number, kind: string): void {
  if (bias === null || (bias.ndim === 1 && bias.numel === channels)) return;
  throw new ShapeError(
    `${caller}: Given ${kind}weight of size ${formatShape(weight.shape)}, expected bias to be 1-dimensional with ` +
      `${channels} elements, but got bias of size ${formatShape(bias.shape)} instead`,
  );
}

function checkOutputPadding(caller: string, settings: Omit<ConvSettings, 'padding'>): void {
  const { stride, dilation, outputPadding } = settings;
  if (outputPadding.every((each, d) => each < stride[d]! || each < dilation[d]!)) return;
  // PyTorch computes one dimension as two.
  const all = (numbers: readonly number[], other: number) => (numbers.length === 1 ? [other, ...numbers] : numbers);
  throw new ArgumentError(
    `${caller}: output padding must be smaller than either stride or dilation, but got ` +
      `${named('output_padding', all(outputPadding, 0))} ${named('stride', all(stride, 1))} ` +
      named('dilation', all(dilation, 1)),
  );
}

/** `kernel_height: 0 kernel_width: 3`. */
function named(what: string, numbers: readonly number[]): string {
  const names = ['depth', 'height', 'width'].slice(-numbers.length);
  return numbers.map((each, d) => `${what}_${names[d]}: ${each}`).join(' ');
}

/** A bias given by a caller: a tensor, null or nothing. */
export function checkOptionalBias(caller: string, bias: unknown): Tensor | null {
  if (bias === null || bias === undefined) return null;
  if (!(bias instanceof Tensor))
    throw new ArgumentError(`${caller}: expected a bias Tensor or null, got ${show(bias)}`);
  return bias;
}
