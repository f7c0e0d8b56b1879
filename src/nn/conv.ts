/** Convolutions and transposed convolutions as layers. */
import {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from '../functional/conv.js';
import { samePadding } from '../functional/conv-geometry.js';
import { pad } from '../functional/pad.js';
import type { PerDimension } from '../functional/per-dimension.js';
import { Tensor } from '../tensor/tensor.js';
import { ConvNd, checkRank, type LayerOptions, outputPaddingFor, type PaddingMode } from './conv-base.js';
import { className } from './repr.js';

/** Options of {@link Conv2d} and its kin: those of the function, and those of the layer. */
export interface ConvLayerOptions extends ConvOptions, LayerOptions {
  /** What is put around the input: zeros, or as `pad` does it. Default `'zeros'`. */
  paddingMode?: PaddingMode;
}

/** Options of {@link ConvTranspose2d} and its kin. */
export interface ConvTransposeLayerOptions extends ConvTransposeOptions, LayerOptions {
  /** Only `'zeros'`, as in PyTorch. */
  paddingMode?: 'zeros';
}

/** Pads in another way than by zeros, and convolves without padding; or both at once. */
function convolve(layer: ConvNd<number, number>, fn: typeof conv2d, input: Tensor): Tensor {
  const { weight, bias, kernelSize, stride, padding, dilation, groups, paddingMode } = layer;
  if (paddingMode === 'zeros' || padding === 'valid')
    return fn(input, weight, bias, { stride, padding, dilation, groups });
  checkRank(className(layer), input, kernelSize.length);
  const sides = kernelSize.map((kernel, d): readonly [number, number] =>
    padding === 'same' ? samePadding(kernel, dilation[d]!) : [padding[d]!, padding[d]!],
  );
  const padded = pad(input, sides.toReversed().flat(), paddingMode);
  return fn(padded, weight, bias, { stride, dilation, groups });
}

function convolveTransposed(
  layer: ConvNd<number, number>,
  fn: typeof convTranspose2d,
  input: Tensor,
  outputSize: readonly number[] | null,
): Tensor {
  const { weight, bias, stride, dilation, groups } = layer;
  // Constructors of these layers take no words.
  const padding = layer.padding as readonly number[];
  const isSized = outputSize !== null && input instanceof Tensor;
  const outputPadding = isSized ? outputPaddingFor(layer, input, outputSize) : layer.outputPadding;
  return fn(input, weight, bias, { stride, padding, outputPadding, groups, dilation });
}

/**
 * Convolution of signals [N, C, L] or [C, L] with weights that are learnt; see {@link conv1d} for what it computes. See {@link Conv2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html | torch.nn.Conv1d}.
 */
export class Conv1d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number.
   * @throws ArgumentError for settings out of range, channels that groups do not divide, and padding 'same' with a stride. ShapeError for
   * more weights than memory can hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvLayerOptions) {
    super(1, false, inChannels, outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless input has inChannels channels and is, padded, at least as large as the kernel. */
  override forward(input: Tensor): Tensor {
    return convolve(this, conv1d, input);
  }
}

/**
 * Convolution of images [N, C, H, W] or [C, H, W] with weights that are learnt; see {@link conv2d} for what it computes. weight [outChannels, inChannels/groups, ...kernelSize]
 * and then bias [outChannels] are drawn from U(-1/√f, 1/√f), f = inChannels/groups · elements of the kernel, to the bit as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html | torch.nn.Conv2d}.
 */
export class Conv2d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number for both, or [height, width].
   * @throws ArgumentError for settings out of range, channels that groups do not divide, and padding 'same' with a stride. ShapeError for
   * more weights than memory can hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvLayerOptions) {
    super(2, false, inChannels, outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless input has inChannels channels and is, padded, at least as large as the kernel. */
  override forward(input: Tensor): Tensor {
    return convolve(this, conv2d, input);
  }
}

/**
 * Convolution of volumes [N, C, D, H, W] or [C, D, H, W] with weights that are learnt; see {@link conv3d} for what it computes. See {@link Conv2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html | torch.nn.Conv3d}.
 */
export class Conv3d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number for all, or [depth, height, width].
   * @throws ArgumentError for settings out of range, channels that groups do not divide, and padding 'same' with a stride. ShapeError for
   * more weights than memory can hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvLayerOptions) {
    super(3, false, inChannels, outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless input has inChannels channels and is, padded, at least as large as the kernel. */
  override forward(input: Tensor): Tensor {
    return convolve(this, conv3d, input);
  }
}

/**
 * Transposed convolution of signals [N, C, L] or [C, L] with weights that are learnt; see {@link convTranspose1d} for what it computes. See {@link ConvTranspose2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html | torch.nn.ConvTranspose1d}.
 */
export class ConvTranspose1d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number.
   * @throws ArgumentError for settings out of range, and channels that groups do not divide. ShapeError for more weights than memory can
   * hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvTransposeLayerOptions) {
    super(1, true, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize spatial sizes of the result, with or without batch and channels, instead of outputPadding: of several sizes the stride
   * leads back to the same input.
   * @throws ShapeError unless input has inChannels channels and outputSize can be had.
   */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convolveTransposed(this, convTranspose1d, input, outputSize);
  }
}

/**
 * Transposed convolution of images [N, C, H, W] or [C, H, W] with weights that are learnt; see {@link convTranspose2d} for what it computes. weight [inChannels, outChannels/groups,
 * ...kernelSize] and then bias [outChannels] are drawn from U(-1/√f, 1/√f), f = outChannels/groups · elements of the kernel, to the bit as
 * in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html | torch.nn.ConvTranspose2d}.
 */
export class ConvTranspose2d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number, or one for each dimension.
   * @throws ArgumentError for settings out of range, and channels that groups do not divide. ShapeError for more weights than memory can
   * hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvTransposeLayerOptions) {
    super(2, true, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize spatial sizes of the result, with or without batch and channels, instead of outputPadding: of several sizes the stride
   * leads back to the same input.
   * @throws ShapeError unless input has inChannels channels and outputSize can be had.
   */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convolveTransposed(this, convTranspose2d, input, outputSize);
  }
}

/**
 * Transposed convolution of volumes [N, C, D, H, W] or [C, D, H, W] with weights that are learnt; see {@link convTranspose3d} for what it computes. See {@link ConvTranspose2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html | torch.nn.ConvTranspose3d}.
 */
export class ConvTranspose3d<In extends number = number, Out extends number = number> extends ConvNd<In, Out> {
  /**
   * @param kernelSize a number, or one for each dimension.
   * @throws ArgumentError for settings out of range, and channels that groups do not divide. ShapeError for more weights than memory can
   * hold.
   */
  constructor(inChannels: In, outChannels: Out, kernelSize: PerDimension, options?: ConvTransposeLayerOptions) {
    super(3, true, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize spatial sizes of the result, with or without batch and channels, instead of outputPadding: of several sizes the stride
   * leads back to the same input.
   * @throws ShapeError unless input has inChannels channels and outputSize can be had.
   */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convolveTransposed(this, convTranspose3d, input, outputSize);
  }
}
