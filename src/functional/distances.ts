/** How alike, or how far apart, vectors are. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import { broadcastShapes, checkDim, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expand } from './expand.js';
import { floats } from './losses/reduction.js';
import { norm } from './norm.js';
import { PointwiseFunction } from './pointwise.js';
import { sum } from './sum.js';

/** Options of {@link cosineSimilarity} and `nn.CosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** Along which dimension vectors lie. Default 1. */
  dim?: number;
  /** The least length that a vector is divided by. Default 1e-8. */
  eps?: number;
}

/** As PyTorch raises lengths outside of its graph: with the gradient of what was raised. */
const atLeast = new PointwiseFunction({
  inputs: 1,
  scalars: 1,
  build: ([x], [least]) => x!.maximum(least!),
  gradient: (grad) => [grad],
});

const productOfShares = new PointwiseFunction({
  gradName: 'MulBackward0',
  inputs: 4,
  build: ([a, b, lengthOfA, lengthOfB]) => a!.div(lengthOfA!).mul(b!.div(lengthOfB!)),
});

/**
 * Σ x1·x2 / (max(|x1|, eps)·max(|x2|, eps)) along `dim`. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html | torch.nn.functional.cosine_similarity}
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options?: CosineSimilarityOptions): Tensor {
  const caller = 'cosineSimilarity';
  const [a, b] = floats(caller, x1, x2) as [Tensor, Tensor];
  const { dim = 1, eps = 1e-8 } = checkOptions(caller, options, ['dim', 'eps']);
  checkNumber(caller, 'eps', eps);
  const shape = broadcastShapes(caller, a.shape, b.shape);
  const along = checkDim(caller, dim, shape.length) - shape.length;
  const length = (x: Tensor) => atLeast.apply(caller, [norm(x, 2, { dim: along, keepdim: true })], [eps]);
  // Along `dim` itself a vector that repeats one number has that many of it.
  const whole = (x: Tensor) => (sameShape(x.shape, shape) ? x : expand(x, shape));
  const [whole1, whole2] = [whole(a), whole(b)];
  return sum(productOfShares.apply(caller, [whole1, whole2, length(whole1), length(whole2)]), { dim: along });
}

/** Options of {@link pairwiseDistance} and `nn.PairwiseDistance`. */
export interface PairwiseDistanceOptions {
  /** The exponent of the norm. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
  /** Whether the last dimension stays, with size 1. Default false. */
  keepdim?: boolean;
}

const differences = new PointwiseFunction({
  gradName: 'SubBackward0',
  inputs: 2,
  scalars: 1,
  build: ([a, b], [eps]) => a!.sub(b!).add(eps!),
});

/**
 * (Σ |x1 - x2 + eps|^p)^(1/p) along the last dimension. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html | torch.nn.functional.pairwise_distance}
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options?: PairwiseDistanceOptions): Tensor {
  const caller = 'pairwiseDistance';
  const operands = floats(caller, x1, x2);
  const { p = 2, eps = 1e-6, keepdim = false } = checkOptions(caller, options, ['p', 'eps', 'keepdim']);
  checkNumber(caller, 'p', p);
  checkNumber(caller, 'eps', eps);
  checkBoolean(caller, 'keepdim', keepdim);
  return norm(differences.apply(caller, operands, [eps]), p, { dim: -1, keepdim });
}
