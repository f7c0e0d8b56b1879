/** Batch norm and instance norm as layers: what they learn, and the statistics that they keep. */
import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { type BatchNormSettings, normalizeBatch } from '../functional/batch-norm.js';
import { normalizeInstances } from '../functional/layer-norm.js';
import { allocate, ones } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { Tensor } from '../tensor/tensor.js';
import type { Channels, SameFeatures } from './features.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';

/** Options of batch and instance norm. */
export interface BatchNormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** The share of a batch in the running statistics; null gives all batches the same. Default 0.1. */
  momentum?: number | null;
  /** Whether a weight and a bias for each channel are learnt. Default true; false for instance norm. */
  affine?: boolean;
  /** Whether statistics are kept, and used in evaluation. Default true; false for instance norm. */
  trackRunningStats?: boolean;
  /** Whether there is a bias where there is a weight. Default true. */
  bias?: boolean;
  /** Of parameters and statistics. Default `'float32'`. */
  dtype?: 'float32' | 'float64';
}

/** @internal */
export const batchNormKeys = ['eps', 'momentum', 'affine', 'trackRunningStats', 'bias', 'dtype'] as const;

abstract class Norm<C extends number> extends Module {
  /** Channels of the input. */
  readonly numFeatures: C;
  /** Added to the variance. */
  eps: number;
  /** The share of a batch in the running statistics; null: the same for all. */
  momentum: number | null;
  /** Whether weight and bias are learnt. */
  readonly affine: boolean;
  /** Whether statistics are kept. */
  readonly trackRunningStats: boolean;
  /** [numFeatures], or null. */
  declare weight: Parameter | null;
  /** [numFeatures], or null. */
  declare bias: Parameter | null;
  /** [numFeatures], or null. Has the name that it has in PyTorch's files, as the other statistics do. */
  declare running_mean: Tensor | null;
  /** [numFeatures], or null. */
  declare running_var: Tensor | null;
  /** How many batches there have been: an int32 scalar, or null. */
  declare num_batches_tracked: Tensor | null;

  constructor(numFeatures: C, options: BatchNormLayerOptions | undefined, isOn: boolean) {
    super();
    const caller = className(this);
    const given = checkOptions(caller, options, batchNormKeys);
    const {
      eps = 1e-5,
      momentum = 0.1,
      affine = isOn,
      trackRunningStats = isOn,
      bias = true,
      dtype = 'float32',
    } = given;
    const size = [checkSize(caller, 'numFeatures', numFeatures)];
    this.numFeatures = numFeatures;
    this.eps = checkNumber(caller, 'eps', eps);
    this.momentum = momentum === null ? null : checkNumber(caller, 'momentum', momentum);
    this.affine = checkBoolean(caller, 'affine', affine);
    this.trackRunningStats = checkBoolean(caller, 'trackRunningStats', trackRunningStats);
    checkBoolean(caller, 'bias', bias);
    checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
    const hasBias = affine && bias;
    this.registerParameter('weight', affine ? new Parameter(ones(size, { dtype })) : null);
    this.registerParameter('bias', hasBias ? new Parameter(allocate(size, dtype)) : null);
    this.registerBuffer('running_mean', trackRunningStats ? allocate(size, dtype) : null);
    this.registerBuffer('running_var', trackRunningStats ? ones(size, { dtype }) : null);
    this.registerBuffer('num_batches_tracked', trackRunningStats ? allocate([], 'int32') : null);
  }

  /** Sets running mean and count to 0 and the running variance to 1. */
  resetRunningStats(): void {
    this.running_mean?.zero_();
    this.running_var?.fill_(1);
    this.num_batches_tracked?.zero_();
  }

  /** As PyTorch, which did not count batches at first: a state may lack their number. */
  protected override optionalState(): readonly string[] {
    return ['num_batches_tracked'];
  }

  /** @internal */
  protected checkRank(input: Tensor, ranks: readonly number[]): void {
    if (!(input instanceof Tensor))
      throw new ArgumentError(`${className(this)}: expected a Tensor, got ${show(input)}`);
    if (!ranks.includes(input.ndim))
      throw new ShapeError(
        `${className(this)}: expected ${ranks.map((rank) => `${rank}D`).join(' or ')} input (got ${input.ndim}D input)`,
      );
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, bias, trackRunningStats } = this;
    const [mean, isAffine, hasBias, tracks] = [momentum, affine, bias !== null, trackRunningStats].map(pythonRepr);
    return (
      `${numFeatures}, eps=${pythonRepr(eps)}, momentum=${mean}, affine=${isAffine}, bias=${hasBias}, ` +
      `track_running_stats=${tracks}`
    );
  }
}

/** What batch norms of any rank have in common. */
export abstract class BatchNorm<C extends number> extends Norm<C> {
  constructor(numFeatures: C, options?: BatchNormLayerOptions) {
    super(numFeatures, options, true);
  }

  /** @internal */
  protected settings(): BatchNormSettings {
    const { weight, bias, eps, momentum, running_mean, running_var, num_batches_tracked } = this;
    const tracks = this.trackRunningStats && this.training;
    const training = this.training || running_mean === null || running_var === null;
    const none = { mean: null, variance: null, count: null, momentum };
    const used = !training || tracks;
    const running = used
      ? { mean: running_mean, variance: running_var, count: tracks ? num_batches_tracked : null, momentum }
      : none;
    return { weight, bias, eps, training, running };
  }

  /** @internal */
  protected normalize(input: Tensor): Tensor {
    return normalizeBatch(className(this), input, this.settings());
  }
}

/**
 * Batch normalisation of [N, C] or [N, C, L]. See `functional.batchNorm`; its buffers are kept under PyTorch's names, and a batch that is refused is
 * not counted.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html | torch.nn.BatchNorm1d}.
 */
export class BatchNorm1d extends BatchNorm<number> {
  /** Exists in types only: see {@link SameFeatures}. Its channels are features or stand in front of space, as the input has it. */
  declare readonly '~features'?: SameFeatures;

  /** @throws ShapeError for other ranks, and in training for one element a channel. */
  override forward(input: Tensor): Tensor {
    this.checkRank(input, [2, 3]);
    return this.normalize(input);
  }
}

/**
 * Batch normalisation of [N, C, H, W]. See {@link BatchNorm1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html | torch.nn.BatchNorm2d}.
 */
export class BatchNorm2d<C extends number = number> extends BatchNorm<C> {
  /** Exists in types only: see {@link Channels}. */
  declare readonly '~features'?: Channels<C, C>;

  /** @throws ShapeError for other ranks, and in training for one element a channel. */
  override forward(input: Tensor): Tensor {
    this.checkRank(input, [4]);
    return this.normalize(input);
  }
}

abstract class InstanceNorm extends Norm<number> {
  /** Exists in types only: see {@link SameFeatures}. Without weights it takes any number of channels. */
  declare readonly '~features'?: SameFeatures;

  constructor(numFeatures: number, options?: BatchNormLayerOptions) {
    super(numFeatures, options, false);
  }

  /** Of an input with or without a batch. @internal */
  protected normalize(input: Tensor, dims: number): Tensor {
    this.checkRank(input, [dims + 1, dims + 2]);
    const { weight, bias, eps, momentum, running_mean: mean, running_var: variance, trackRunningStats } = this;
    const caller = className(this);
    const isSingle = input.ndim === dims + 1;
    const channels = input.shape[isSingle ? 0 : 1];
    if (channels !== this.numFeatures && this.affine)
      throw new ShapeError(
        `${caller}: expected input's size at dim=${isSingle ? 0 : 1} to match num_features (${this.numFeatures}), but got: ${channels}.`,
      );
    // As in PyTorch, batches are not counted, and momentum null stands for 0.
    const running = { mean, variance, count: null, momentum: momentum ?? 0 };
    const batch = isSingle ? input.reshape([1, ...input.shape]) : input;
    const useInputStats = this.training || !trackRunningStats;
    const output = normalizeInstances(caller, batch, { weight, bias, eps }, running, useInputStats);
    return isSingle ? output.reshape(input.shape) : output;
  }
}

/**
 * Normalisation of each channel of each sample of [N, C, L] or [C, L]. See `functional.instanceNorm`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html | torch.nn.InstanceNorm1d}.
 */
export class InstanceNorm1d extends InstanceNorm {
  /** @throws ShapeError for other ranks and for one element of space. */
  override forward(input: Tensor): Tensor {
    return this.normalize(input, 1);
  }
}

/**
 * Normalisation of each channel of each sample of [N, C, H, W] or [C, H, W]. See `functional.instanceNorm`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html | torch.nn.InstanceNorm2d}.
 */
export class InstanceNorm2d extends InstanceNorm {
  /** @throws ShapeError for other ranks and for one element of space. */
  override forward(input: Tensor): Tensor {
    return this.normalize(input, 2);
  }
}
