/** Convolution of one, two and three dimensions, and transposed convolution. */
import { checkOptions } from '../check.js';
import { currentOps } from '../ops/backend.js';
import type { Layout } from '../ops/ops.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type ConvSettings,
  checkOptionalBias,
  planConv,
  planConvTranspose,
  readDilation,
  readGroups,
  readOutputPadding,
  readPadding,
  readStride,
} from './conv-geometry.js';
import { type PerDimension, readPerDimension } from './per-dimension.js';
import { reduceTo } from './reduce-to.js';
import { empty, viewAs } from './support.js';

/** Options of {@link conv1d}, {@link conv2d} and {@link conv3d}: a number for all spatial dimensions, or one for each. */
export interface ConvOptions {
  /** Steps of the kernel over the input, at least 1. Default 1. */
  stride?: PerDimension;
  /**
   * Zeros on both sides. `'valid'` is none; `'same'` as many as keep the size at stride 1, one more at the end where they are odd.
   * Default 0.
   */
  padding?: PerDimension | 'same' | 'valid';
  /** Distance of the kernel's elements on the input, at least 1. Default 1. */
  dilation?: PerDimension;
  /** Into how many groups channels are divided: outputs of a group see its inputs only. Default 1. */
  groups?: number;
}

/** Options of {@link convTranspose1d} and its kin. */
export interface ConvTransposeOptions {
  /** Steps of the kernel over the output, at least 1. Default 1. */
  stride?: PerDimension;
  /** Cuts that many elements off both sides of the output. Default 0. */
  padding?: PerDimension;
  /** Adds that many elements to one side of the output: less than stride or dilation. Default 0. */
  outputPadding?: PerDimension;
  /** As for a convolution. Default 1. */
  groups?: number;
  /** Distance of the kernel's elements on the output, at least 1. Default 1. */
  dilation?: PerDimension;
}

/**
 * Cross-correlation of signals: input [N, C, L] or [C, L], weight [O, C/groups, k], bias [O] or null; see {@link conv2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html | torch.nn.functional.conv1d}.
 */
export function conv1d(input: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvOptions): Tensor {
  return conv('conv1d', 1, input, weight, bias, options);
}

/**
 * Cross-correlation of images: input [N, C, H, W] or [C, H, W], weight [O, C/groups, kh, kw], bias [O] or null.
 * out[n, o, p] = bias[o] + Σ input[n, c, p·stride - padding + t·dilation]·weight[o, c, t] over the channels c of o's group and the
 * positions t of the kernel; what lies outside the image counts as 0. Its size is floor((L + 2·padding - dilation·(k - 1) - 1)/stride) + 1.
 * Gradients: a transposed convolution of grad for the input, the correlation of grad and input for the weight, the sum of grad for the
 * bias; only those that are needed are computed.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html | torch.nn.functional.conv2d}.
 * @throws ShapeError when sizes do not fit together, or the kernel is larger than the padded input. @throws ArgumentError for
 * options out of range, and for padding 'same' with a stride.
 */
export function conv2d(input: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvOptions): Tensor {
  return conv('conv2d', 2, input, weight, bias, options);
}

/**
 * Cross-correlation of volumes: input [N, C, D, H, W] or [C, D, H, W], weight [O, C/groups, kd, kh, kw]; see {@link conv2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html | torch.nn.functional.conv3d}.
 */
export function conv3d(input: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvOptions): Tensor {
  return conv('conv3d', 3, input, weight, bias, options);
}

/**
 * Transposed convolution of signals: input [N, C, L] or [C, L], weight [C, O/groups, k]; see {@link convTranspose2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html | torch.nn.functional.conv_transpose1d}.
 */
export function convTranspose1d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options?: ConvTransposeOptions,
): Tensor {
  return convTranspose('convTranspose1d', 1, input, weight, bias, options);
}

/**
 * Transposed convolution of images, the gradient of {@link conv2d} for its input: input [N, C, H, W] or [C, H, W], weight
 * [C, O/groups, kh, kw], bias [O] or null. Its size is (L - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html | torch.nn.functional.conv_transpose2d}.
 * @throws ShapeError when sizes do not fit together, or nothing would be left of the output. @throws ArgumentError for options out of
 * range.
 */
export function convTranspose2d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options?: ConvTransposeOptions,
): Tensor {
  return convTranspose('convTranspose2d', 2, input, weight, bias, options);
}

/**
 * Transposed convolution of volumes: input [N, C, D, H, W] or [C, D, H, W], weight [C, O/groups, kd, kh, kw]; see
 * {@link convTranspose2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html | torch.nn.functional.conv_transpose3d}.
 */
export function convTranspose3d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options?: ConvTransposeOptions,
): Tensor {
  return convTranspose('convTranspose3d', 3, input, weight, bias, options);
}

const channelsFirst = { xChannelsLast: false, outChannelsLast: false, gradChannelsLast: false } as const;
const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 } as const;

function conv(
  caller: string,
  dims: number,
  input: Tensor,
  weight: Tensor,
  given: Tensor | null | undefined,
  options: ConvOptions | undefined,
): Tensor {
  const read = checkOptions(caller, options, ['stride', 'padding', 'dilation', 'groups']);
  const settings: ConvSettings = {
    stride: readStride(caller, read.stride ?? 1, dims),
    padding: readPadding(caller, read.padding ?? 0, dims),
    dilation: readDilation(caller, read.dilation ?? 1, dims),
    outputPadding: new Array<number>(dims).fill(0),
    groups: readGroups(caller, read.groups ?? 1),
  };
  const bias = checkOptionalBias(caller, given);
  const { layout, shape } = planConv(caller, dims, input, weight, bias, settings);
  const output = forward(layout, input, weight, bias, shape);
  return setGradFn('ConvolutionBackward0', output, operands(input, weight, bias), needed(input, weight), (grad) => {
    const room = (like: Tensor | null) => (like?.requiresGrad ? empty(like.shape, like.dtype) : null);
    const gradInput = input.requiresGrad ? transposed(layout, grad, weight, null, input.shape) : null;
    const gradWeight = room(weight);
    const gradBias = gradWeight === null ? biasGradient(grad, bias, dims) : room(bias);
    if (gradWeight !== null) weightGradient(layout, grad, input, gradWeight, gradBias);
    return [gradInput, gradWeight, gradBias];
  });
}

function convTranspose(
  caller: string,
  dims: number,
  input: Tensor,
  weight: Tensor,
  given: Tensor | null | undefined,
  options: ConvTransposeOptions | undefined,
): Tensor {
  const read = checkOptions(caller, options, ['stride', 'padding', 'outputPadding', 'groups', 'dilation']);
  const negative = 'negative padding is not supported';
  const settings = {
    stride: readStride(caller, read.stride ?? 1, dims),
    padding: readPerDimension(caller, 'padding', read.padding ?? 0, dims, 0, negative),
    dilation: readDilation(caller, read.dilation ?? 1, dims),
    outputPadding: readOutputPadding(caller, read.outputPadding ?? 0, dims),
    groups: readGroups(caller, read.groups ?? 1),
  };
  const bias = checkOptionalBias(caller, given);
  const { layout, shape } = planConvTranspose(caller, dims, input, weight, bias, settings);
  const output = transposed(layout, input, weight, bias, shape);
  return setGradFn('ConvolutionBackward0', output, operands(input, weight, bias), needed(input, weight), (grad) => {
    const gradInput = input.requiresGrad ? forward(layout, grad, weight, null, input.shape) : null;
    const gradWeight = weight.requiresGrad ? empty(weight.shape, weight.dtype) : null;
    if (gradWeight !== null) weightGradient(layout, input, grad, gradWeight, null);
    return [gradInput, gradWeight, biasGradient(grad, bias, dims)];
  });
}

const operands = (input: Tensor, weight: Tensor, bias: Tensor | null): Tensor[] =>
  bias === null ? [input, weight] : [input, weight, bias];

/** What the gradients read. */
const needed = (input: Tensor, weight: Tensor): Tensor[] => [
  ...(weight.requiresGrad ? [input] : []),
  ...(input.requiresGrad ? [weight] : []),
];

function forward(geometry: Layout, x: Tensor, weight: Tensor, bias: Tensor | null, shape: readonly number[]): Tensor {
  const output = empty(shape, x.dtype);
  const { xChannelsLast, outChannelsLast } = channelsFirst;
  currentOps().conv({
    x: x.storage,
    weight: weight.storage,
    bias: bias === null ? null : bias.storage,
    out: output.storage,
    geometry,
    xChannelsLast,
    outChannelsLast,
    ...noPostOp,
  });
  return output;
}

function transposed(
  geometry: Layout,
  grad: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  shape: readonly number[],
): Tensor {
  const output = empty(shape, grad.dtype);
  const { gradChannelsLast, outChannelsLast } = channelsFirst;
  currentOps().convInputGradient({
    grad: grad.storage,
    weight: weight.storage,
    bias: bias === null ? null : bias.storage,
    out: output.storage,
    geometry,
    gradChannelsLast,
    outChannelsLast,
    ...noPostOp,
  });
  return output;
}

function weightGradient(geometry: Layout, grad: Tensor, x: Tensor, out: Tensor, biasGrad: Tensor | null): void {
  const { gradChannelsLast, xChannelsLast } = channelsFirst;
  currentOps().convWeightGradient({
    grad: grad.storage,
    x: x.storage,
    out: out.storage,
    biasGrad: biasGrad === null ? null : biasGrad.storage,
    geometry,
    gradChannelsLast,
    xChannelsLast,
  });
}

/** The sum over batch and space. */
function biasGradient(grad: Tensor, bias: Tensor | null, dims: number): Tensor | null {
  if (!bias?.requiresGrad) return null;
  const kept = grad.shape.map((size, dim) => (dim === grad.ndim - dims - 1 ? size : 1));
  return viewAs(reduceTo(grad, kept), bias.shape);
}
