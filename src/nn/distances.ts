/** How alike, or how far apart, vectors are, as modules. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import {
  type CosineSimilarityOptions,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from '../functional/distances.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * The cosine of the angle between vectors along a dimension: see {@link cosineSimilarity}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html | torch.nn.CosineSimilarity}.
 */
export class CosineSimilarity extends Module<readonly [x1: Tensor, x2: Tensor]> {
  /** Along which dimension vectors lie. */
  readonly dim: number;
  /** The least length that a vector is divided by. */
  readonly eps: number;

  constructor(options?: CosineSimilarityOptions) {
    super();
    const { dim = 1, eps = 1e-8 } = checkOptions('CosineSimilarity', options, ['dim', 'eps']);
    this.dim = checkNumber('CosineSimilarity', 'dim', dim);
    this.eps = checkNumber('CosineSimilarity', 'eps', eps);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    const { dim, eps } = this;
    return cosineSimilarity(x1, x2, { dim, eps });
  }
}

/**
 * The norm of differences along the last dimension: see {@link pairwiseDistance}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html | torch.nn.PairwiseDistance}.
 */
export class PairwiseDistance extends Module<readonly [x1: Tensor, x2: Tensor]> {
  /** The exponent of the norm. */
  readonly p: number;
  /** Added to each difference. */
  readonly eps: number;
  /** Whether the last dimension stays, with size 1. */
  readonly keepdim: boolean;

  constructor(options?: PairwiseDistanceOptions) {
    super();
    const caller = 'PairwiseDistance';
    const { p = 2, eps = 1e-6, keepdim = false } = checkOptions(caller, options, ['p', 'eps', 'keepdim']);
    this.p = checkNumber(caller, 'p', p);
    this.eps = checkNumber(caller, 'eps', eps);
    this.keepdim = checkBoolean(caller, 'keepdim', keepdim);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    const { p, eps, keepdim } = this;
    return pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}
