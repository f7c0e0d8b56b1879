/** Pooling as layers: each keeps its settings and calls its function. */
import { checkBoolean } from '../check.js';
import { avgPoolKeys, poolAverage } from '../functional/avg-pool.js';
import { maxPoolKeys, poolMax } from '../functional/max-pool.js';
import {
  type AvgPoolOptions,
  type MaxPoolOptions,
  type PoolSize,
  readPoolOptions,
  readPoolSettings,
} from '../functional/pool-windows.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameChannels } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

/** What a layer of max pooling returns. */
export type MaxPoolOutput<Indices extends boolean> = Indices extends true ? [output: Tensor, indices: Tensor] : Tensor;

/** A number or numbers as a caller has given them, in an array that is the layer's. @internal */
export const keptSize = (size: PoolSize): PoolSize => (typeof size === 'number' ? size : Object.freeze([...size]));

type MaxOptions<Indices extends boolean> = MaxPoolOptions & { returnIndices?: Indices };

abstract class MaxPool<Indices extends boolean> extends Module<readonly [input: Tensor], MaxPoolOutput<Indices>> {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Sizes of the windows. */
  readonly kernelSize: PoolSize;
  /** Elements from one window to the next. */
  readonly stride: PoolSize;
  /** Elements of padding on both sides. */
  readonly padding: PoolSize;
  /** Elements from one of a window to the next. */
  readonly dilation: PoolSize;
  /** Whether the result is `[output, indices]`. */
  readonly returnIndices: boolean;
  /** Whether a last window may stick out over the input. */
  readonly ceilMode: boolean;

  constructor(dims: number, kernelSize: PoolSize, options?: PoolSize | MaxPoolOptions) {
    super();
    const caller = className(this);
    const given = readPoolOptions<MaxPoolOptions>(caller, options, maxPoolKeys);
    const { stride = kernelSize, padding = 0, dilation = 1, returnIndices = false, ceilMode = false } = given;
    readPoolSettings(caller, dims, kernelSize, given);
    this.kernelSize = keptSize(kernelSize);
    this.stride = keptSize(stride);
    this.padding = keptSize(padding);
    this.dilation = keptSize(dilation);
    this.returnIndices = checkBoolean(caller, 'returnIndices', returnIndices);
    this.ceilMode = ceilMode;
  }

  /** @internal */
  protected pool(input: Tensor, dims: number): MaxPoolOutput<Indices> {
    const caller = className(this);
    const settings = readPoolSettings(caller, dims, this.kernelSize, this);
    return poolMax(caller, input, settings, this.returnIndices) as MaxPoolOutput<Indices>;
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    const sizes = `kernel_size=${pythonRepr(kernelSize)}, stride=${pythonRepr(stride)}, padding=${pythonRepr(padding)}`;
    return `${sizes}, dilation=${pythonRepr(dilation)}, ceil_mode=${pythonRepr(ceilMode)}`;
  }
}

/**
 * The largest element of each window of [N, C, L] or [C, L]. See `functional.maxPool1d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html | torch.nn.MaxPool1d}.
 */
export class MaxPool1d<Indices extends boolean = false> extends MaxPool<Indices> {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | MaxOptions<Indices>) {
    super(1, kernelSize, options);
  }

  override forward(input: Tensor): MaxPoolOutput<Indices> {
    return this.pool(input, 1);
  }
}

/**
 * The largest element of each window of [N, C, H, W] or [C, H, W]. See `functional.maxPool2d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html | torch.nn.MaxPool2d}.
 */
export class MaxPool2d<Indices extends boolean = false> extends MaxPool<Indices> {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | MaxOptions<Indices>) {
    super(2, kernelSize, options);
  }

  override forward(input: Tensor): MaxPoolOutput<Indices> {
    return this.pool(input, 2);
  }
}

/**
 * The largest element of each window of [N, C, D, H, W] or [C, D, H, W]. See `functional.maxPool3d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html | torch.nn.MaxPool3d}.
 */
export class MaxPool3d<Indices extends boolean = false> extends MaxPool<Indices> {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | MaxOptions<Indices>) {
    super(3, kernelSize, options);
  }

  override forward(input: Tensor): MaxPoolOutput<Indices> {
    return this.pool(input, 3);
  }
}

abstract class AvgPool extends Module {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Sizes of the windows. */
  readonly kernelSize: PoolSize;
  /** Elements from one window to the next. */
  readonly stride: PoolSize;
  /** Elements of padding on both sides. */
  readonly padding: PoolSize;
  /** Whether a last window may stick out over the input. */
  readonly ceilMode: boolean;
  /** Whether padding counts in what a sum is divided by. */
  readonly countIncludePad: boolean;

  constructor(dims: number, kernelSize: PoolSize, given: Partial<AvgPoolOptions>) {
    super();
    readPoolSettings(className(this), dims, kernelSize, given);
    const { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true } = given;
    this.kernelSize = keptSize(kernelSize);
    this.stride = keptSize(stride);
    this.padding = keptSize(padding);
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  /** @internal */
  protected pool(input: Tensor, dims: number): Tensor {
    const caller = className(this);
    return poolAverage(caller, input, readPoolSettings(caller, dims, this.kernelSize, this));
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernel_size=${pythonRepr(kernelSize)}, stride=${pythonRepr(stride)}, padding=${pythonRepr(padding)}`;
  }
}

const keysOf1d = avgPoolKeys.filter((key) => key !== 'divisorOverride');
const asTuple = (size: PoolSize): PoolSize => (typeof size === 'number' ? [size] : size);

/**
 * The mean of each window of [N, C, L] or [C, L]. See `functional.avgPool1d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html | torch.nn.AvgPool1d}.
 */
export class AvgPool1d extends AvgPool {
  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | Omit<AvgPoolOptions, 'divisorOverride'>) {
    super(1, kernelSize, readPoolOptions<AvgPoolOptions>('AvgPool1d', options, keysOf1d));
  }

  override forward(input: Tensor): Tensor {
    return this.pool(input, 1);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    const [kernelSize, stride, padding] = [this.kernelSize, this.stride, this.padding].map(asTuple).map(pythonRepr);
    return `kernel_size=${kernelSize}, stride=${stride}, padding=${padding}`;
  }
}

/**
 * The mean of each window of [N, C, H, W] or [C, H, W]. See `functional.avgPool2d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html | torch.nn.AvgPool2d}.
 */
export class AvgPool2d extends AvgPool {
  /** What sums are divided by instead of the size of the window; null for none. */
  readonly divisorOverride: number | null;

  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | AvgPoolOptions) {
    const given = readPoolOptions<AvgPoolOptions>('AvgPool2d', options, avgPoolKeys);
    super(2, kernelSize, given);
    this.divisorOverride = given.divisorOverride ?? null;
  }

  override forward(input: Tensor): Tensor {
    return this.pool(input, 2);
  }
}

/**
 * The mean of each window of [N, C, D, H, W] or [C, D, H, W]. See `functional.avgPool3d`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html | torch.nn.AvgPool3d}.
 */
export class AvgPool3d extends AvgPool {
  /** What sums are divided by instead of the size of the window; null for none. */
  readonly divisorOverride: number | null;

  /** @param options the stride, or settings. @throws ArgumentError for settings that are not valid. */
  constructor(kernelSize: PoolSize, options?: PoolSize | AvgPoolOptions) {
    const given = readPoolOptions<AvgPoolOptions>('AvgPool3d', options, avgPoolKeys);
    super(3, kernelSize, given);
    this.divisorOverride = given.divisorOverride ?? null;
  }

  override forward(input: Tensor): Tensor {
    return this.pool(input, 3);
  }
}
