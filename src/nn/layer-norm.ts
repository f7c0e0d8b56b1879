/** Layer, group and RMS norm as layers. */
import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type NormalizedShape, normalizeGroups, normalizeLast, readNormalizedShape } from '../functional/layer-norm.js';
import { allocate, ones } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Channels, SameFeatures } from './features.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

type DType = 'float32' | 'float64';

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether weight and bias are learnt. Default true. */
  elementwiseAffine?: boolean;
  /** Whether there is a bias where there is a weight. Default true. */
  bias?: boolean;
  /** Of the parameters. Default `'float32'`. */
  dtype?: DType;
}

/**
 * Normalisation over the last dimensions. See `functional.layerNorm`. The weight starts at 1, the bias at 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html | torch.nn.LayerNorm}.
 */
export class LayerNorm extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** The shape of what has one mean. */
  readonly normalizedShape: readonly number[];
  /** Added to the variance. */
  readonly eps: number;
  /** Whether weight and bias are learnt. */
  readonly elementwiseAffine: boolean;
  /** Of normalizedShape, or null. */
  declare weight: Parameter | null;
  /** Of normalizedShape, or null. */
  declare bias: Parameter | null;

  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(normalizedShape: NormalizedShape, options?: LayerNormOptions) {
    super();
    const given = checkOptions('LayerNorm', options, ['eps', 'elementwiseAffine', 'bias', 'dtype']);
    const { eps = 1e-5, elementwiseAffine = true, bias = true, dtype = 'float32' } = given;
    this.normalizedShape = readNormalizedShape('LayerNorm', normalizedShape);
    this.eps = checkNumber('LayerNorm', 'eps', eps);
    this.elementwiseAffine = checkBoolean('LayerNorm', 'elementwiseAffine', elementwiseAffine);
    checkBoolean('LayerNorm', 'bias', bias);
    checkOneOf('LayerNorm', 'dtype', dtype, ['float32', 'float64']);
    registerAffine(this, this.normalizedShape, elementwiseAffine, bias, dtype);
  }

  /** @throws ShapeError unless the last dimensions have normalizedShape. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return normalizeLast('LayerNorm', input, this.normalizedShape, { weight, bias, eps }, true);
  }

  override extraRepr(): string {
    const { normalizedShape, eps, elementwiseAffine, bias } = this;
    const affine = `elementwise_affine=${pythonRepr(elementwiseAffine)}, bias=${pythonRepr(bias !== null)}`;
    return `${pythonRepr(normalizedShape)}, eps=${pythonRepr(eps)}, ${affine}`;
  }
}

function registerAffine(module: Module, shape: readonly number[], affine: boolean, bias: boolean, dtype: DType): void {
  module.registerParameter('weight', affine ? new Parameter(ones(shape, { dtype })) : null);
  module.registerParameter('bias', affine && bias ? new Parameter(allocate(shape, dtype)) : null);
}

/** Options of {@link RMSNorm}. */
export interface RMSNormLayerOptions {
  /** Added to the mean of squares. Default null: the smallest step from 1 that the dtype of the input has. */
  eps?: number | null;
  /** Whether a weight is learnt. Default true. */
  elementwiseAffine?: boolean;
  /** Of the weight. Default `'float32'`. */
  dtype?: DType;
}

/**
 * Division by the root of the mean of squares over the last dimensions. See `functional.rmsNorm`. The weight starts at 1.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html | torch.nn.RMSNorm}.
 */
export class RMSNorm extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** The shape of what has one mean. */
  readonly normalizedShape: readonly number[];
  /** Added to the mean of squares; null: by dtype. */
  readonly eps: number | null;
  /** Whether a weight is learnt. */
  readonly elementwiseAffine: boolean;
  /** Of normalizedShape, or null. */
  declare weight: Parameter | null;

  /** @throws ArgumentError for sizes and options that are not valid. */
  constructor(normalizedShape: NormalizedShape, options?: RMSNormLayerOptions) {
    super();
    const given = checkOptions('RMSNorm', options, ['eps', 'elementwiseAffine', 'dtype']);
    const { eps = null, elementwiseAffine = true, dtype = 'float32' } = given;
    this.normalizedShape = readNormalizedShape('RMSNorm', normalizedShape);
    this.eps = eps === null ? null : checkNumber('RMSNorm', 'eps', eps);
    this.elementwiseAffine = checkBoolean('RMSNorm', 'elementwiseAffine', elementwiseAffine);
    checkOneOf('RMSNorm', 'dtype', dtype, ['float32', 'float64']);
    const weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
    this.registerParameter('weight', weight);
  }

  /** @throws ShapeError unless the last dimensions have normalizedShape. */
  override forward(input: Tensor): Tensor {
    const { weight, eps } = this;
    return normalizeLast('RMSNorm', input, this.normalizedShape, { weight, bias: null, eps }, false);
  }

  override extraRepr(): string {
    const { normalizedShape, eps, elementwiseAffine } = this;
    return `${pythonRepr(normalizedShape)}, eps=${pythonRepr(eps)}, elementwise_affine=${pythonRepr(elementwiseAffine)}`;
  }
}

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether a weight and a bias for each channel are learnt. Default true. */
  affine?: boolean;
  /** Whether there is a bias where there is a weight. Default true. */
  bias?: boolean;
  /** Of the parameters. Default `'float32'`. */
  dtype?: DType;
}

/**
 * Normalisation of groups of channels of each sample of [N, C, ...]. See `functional.groupNorm`. The weight starts at 1, the bias at 0.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html | torch.nn.GroupNorm}.
 */
export class GroupNorm<C extends number = number> extends Module {
  /** Exists in types only: see {@link Channels}. */
  declare readonly '~features'?: Channels<C, C>;
  /** How many groups the channels are divided into. */
  readonly numGroups: number;
  /** Channels of the input. */
  readonly numChannels: C;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether weight and bias are learnt. */
  readonly affine: boolean;
  /** [numChannels], or null. */
  declare weight: Parameter | null;
  /** [numChannels], or null. */
  declare bias: Parameter | null;

  /** @throws ArgumentError unless numGroups divides numChannels, and for options that are not valid. */
  constructor(numGroups: number, numChannels: C, options?: GroupNormOptions) {
    super();
    const given = checkOptions('GroupNorm', options, ['eps', 'affine', 'bias', 'dtype']);
    const { eps = 1e-5, affine = true, bias = true, dtype = 'float32' } = given;
    this.numGroups = checkSize('GroupNorm', 'numGroups', numGroups, 1);
    checkSize('GroupNorm', 'numChannels', numChannels);
    this.numChannels = numChannels;
    if (numChannels % numGroups !== 0)
      throw new ArgumentError(
        `GroupNorm: num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`,
      );
    this.eps = checkNumber('GroupNorm', 'eps', eps);
    this.affine = checkBoolean('GroupNorm', 'affine', affine);
    checkBoolean('GroupNorm', 'bias', bias);
    checkOneOf('GroupNorm', 'dtype', dtype, ['float32', 'float64']);
    registerAffine(this, [numChannels], affine, bias, dtype);
  }

  /** @throws ShapeError for another number of channels. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return normalizeGroups('GroupNorm', input, this.numGroups, { weight, bias, eps });
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, affine, bias } = this;
    return `${numGroups}, ${numChannels}, eps=${pythonRepr(eps)}, affine=${pythonRepr(affine)}, bias=${pythonRepr(bias !== null)}`;
  }
}
