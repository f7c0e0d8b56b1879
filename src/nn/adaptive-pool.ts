/** Adaptive pooling and the inverse of max pooling as layers. */
import { checkBoolean, checkOptions } from '../check.js';
import { readOutputSize } from '../functional/adaptive.js';
import { adaptiveAvgPool1d, adaptiveAvgPool2d } from '../functional/avg-pool.js';
import {
  type AdaptiveMaxPoolOptions,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  maxUnpool1d,
  maxUnpool2d,
  type OutputSize,
} from '../functional/max-pool.js';
import { type PoolOptions, type PoolSize, readPoolOptions, readPoolSettings } from '../functional/pool-windows.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameChannels } from './features.js';
import { Module } from './module.js';
import type { MaxPoolOutput } from './pool.js';
import { className } from './repr.js';

const kept = (size: OutputSize): OutputSize =>
  typeof size === 'number' || size === null ? size : Object.freeze([...size]);

abstract class AdaptiveAvgPool extends Module {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Sizes of the result; null keeps that of the input. */
  readonly outputSize: OutputSize;

  constructor(dims: number, outputSize: OutputSize) {
    super();
    readOutputSize(className(this), outputSize, dims);
    this.outputSize = kept(outputSize);
  }

  override extraRepr(): string {
    return `output_size=${pythonRepr(this.outputSize)}`;
  }
}

/**
 * The mean of each of `outputSize` windows of [N, C, L] or [C, L]. See {@link adaptiveAvgPool1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html | torch.nn.AdaptiveAvgPool1d}.
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  /** @throws ArgumentError unless outputSize is a size, or a list of one. */
  constructor(outputSize: OutputSize) {
    super(1, outputSize);
  }

  /** Puts the values at their positions; everything else is 0. */
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }
}

/**
 * The mean of each of `outputSize` windows of [N, C, H, W] or [C, H, W]; 1 is a global average. See {@link adaptiveAvgPool2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html | torch.nn.AdaptiveAvgPool2d}.
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  /** @throws ArgumentError unless outputSize is a size or null, or a pair of them. */
  constructor(outputSize: OutputSize) {
    super(2, outputSize);
  }

  /** Puts the values at their positions; everything else is 0. */
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

type MaxOptions<Indices extends boolean> = { returnIndices?: Indices };

abstract class AdaptiveMaxPool<Indices extends boolean> extends Module<
  readonly [input: Tensor],
  MaxPoolOutput<Indices>
> {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Sizes of the result; null keeps that of the input. */
  readonly outputSize: OutputSize;
  /** Whether the result is `[output, indices]`. */
  readonly returnIndices: boolean;

  constructor(dims: number, outputSize: OutputSize, options?: AdaptiveMaxPoolOptions) {
    super();
    const caller = className(this);
    const { returnIndices = false } = checkOptions(caller, options, ['returnIndices']);
    readOutputSize(caller, outputSize, dims);
    this.outputSize = kept(outputSize);
    this.returnIndices = checkBoolean(caller, 'returnIndices', returnIndices);
  }

  override extraRepr(): string {
    return `output_size=${pythonRepr(this.outputSize)}`;
  }
}

/**
 * The largest element of each of `outputSize` windows of [N, C, L] or [C, L]. See {@link adaptiveMaxPool1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html | torch.nn.AdaptiveMaxPool1d}.
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  /** @throws ArgumentError unless outputSize is a size, or a list of one. */
  constructor(outputSize: OutputSize, options?: MaxOptions<Indices>) {
    super(1, outputSize, options);
  }

  override forward(input: Tensor): MaxPoolOutput<Indices> {
    const { returnIndices } = this;
    return adaptiveMaxPool1d(input, this.outputSize, { returnIndices }) as MaxPoolOutput<Indices>;
  }
}

/**
 * The largest element of each of `outputSize` windows of [N, C, H, W] or [C, H, W]. See {@link adaptiveMaxPool2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html | torch.nn.AdaptiveMaxPool2d}.
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPool<Indices> {
  /** @throws ArgumentError unless outputSize is a size or null, or a pair of them. */
  constructor(outputSize: OutputSize, options?: MaxOptions<Indices>) {
    super(2, outputSize, options);
  }

  override forward(input: Tensor): MaxPoolOutput<Indices> {
    const { returnIndices } = this;
    return adaptiveMaxPool2d(input, this.outputSize, { returnIndices }) as MaxPoolOutput<Indices>;
  }
}

type UnpoolInputs = readonly [input: Tensor, indices: Tensor, outputSize?: readonly number[]];
type UnpoolOptions = Pick<PoolOptions, 'stride' | 'padding'>;

abstract class MaxUnpool extends Module<UnpoolInputs> {
  /** Sizes of the windows. */
  readonly kernelSize: readonly number[];
  /** Elements from one window to the next. */
  readonly stride: readonly number[];
  /** Elements of padding on both sides. */
  readonly padding: readonly number[];

  constructor(dims: number, kernelSize: PoolSize, options?: PoolSize | UnpoolOptions) {
    super();
    const caller = className(this);
    const given = readPoolOptions<UnpoolOptions>(caller, options, ['stride', 'padding']);
    const { kernel, stride, padding } = readPoolSettings(caller, dims, kernelSize, given);
    this.kernelSize = Object.freeze(kernel);
    this.stride = Object.freeze(stride);
    this.padding = Object.freeze(padding);
  }

  /** @internal */
  protected options(outputSize: readonly number[] | undefined) {
    const { stride, padding } = this;
    return outputSize === undefined ? { stride, padding } : { stride, padding, outputSize };
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernel_size=${pythonRepr(kernelSize)}, stride=${pythonRepr(stride)}, padding=${pythonRepr(padding)}`;
  }
}

/**
 * Puts what MaxPool1d has taken back where it stood, zeros elsewhere. See {@link maxUnpool1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html | torch.nn.MaxUnpool1d}.
 */
export class MaxUnpool1d extends MaxUnpool {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | UnpoolOptions) {
    super(1, kernelSize, options);
  }

  /** @param outputSize the sizes that MaxPool1d was given, where several give the same output. */
  /** Puts the values at their positions; everything else is 0. `outputSize`: sizes of the result where several are possible. */
  override forward(input: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, this.options(outputSize));
  }
}

/**
 * Puts what MaxPool2d has taken back where it stood, zeros elsewhere. See {@link maxUnpool2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html | torch.nn.MaxUnpool2d}.
 */
export class MaxUnpool2d extends MaxUnpool {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | UnpoolOptions) {
    super(2, kernelSize, options);
  }

  /** @param outputSize the sizes that MaxPool2d was given, where several give the same output. */
  /** Puts the values at their positions; everything else is 0. `outputSize`: sizes of the result where several are possible. */
  override forward(input: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, this.options(outputSize));
  }
}
