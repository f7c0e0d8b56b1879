/** Losses of how alike vectors are. */
import { checkBoolean, checkNumber, checkOptions } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { minimum } from '../arithmetic.js';
import { checkReduction } from '../cross-entropy.js';
import { pairwiseDistance } from '../distances.js';
import { PointwiseFunction } from '../pointwise.js';
import { sum } from '../sum.js';
import type { MarginLossOptions } from './margin.js';
import { floats, reduce } from './reduction.js';

const product = new PointwiseFunction({ gradName: 'MulBackward0', inputs: 2, build: ([a, b]) => a!.mul(b!) });
const square = new PointwiseFunction({ gradName: 'MulBackward0', inputs: 1, build: ([a]) => a!.mul(a!) });

/** From Σ ab, Σ a², Σ b² and y to the loss. The rules would miss that the gradient flows at 0. */
const cosineLoss = new PointwiseFunction({
  gradName: 'AddBackward0',
  inputs: 4,
  scalars: 1,
  build([ab, aa, bb, y], [margin]) {
    const cosine = ab!.div(aa!.add(1e-12).mul(bb!.add(1e-12)).sqrt());
    return y!.eq(1).where(cosine.neg().add(1), y!.eq(-1).where(cosine.sub(margin!).maximum(0), 0));
  },
  gradient(grad, _y, [ab, aa, bb, y], [margin]) {
    const [a, b] = [aa!.add(1e-12), bb!.add(1e-12)];
    const root = a.mul(b).sqrt();
    const cosine = ab!.div(root);
    const apart = cosine.sub(margin!).ge(0).where(grad, 0);
    const own = y!.eq(1).where(grad.neg(), y!.eq(-1).where(apart, 0));
    const half = own.mul(cosine).mul(-0.5);
    return [own.div(root), half.div(a), half.div(b), null];
  },
});

/**
 * 1 - cos where target is 1, max(0, cos - margin) where it is -1, reduced, with cos = Σ ab / √((Σ a² + 1e-12)·(Σ b² + 1e-12)).
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html | torch.nn.functional.cosine_embedding_loss}
 * @param input1 and input2: vectors [N, D] with a target [N], or [D] with a scalar.
 * @param options `margin`: default 0.
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options?: MarginLossOptions,
): Tensor {
  const caller = 'cosineEmbeddingLoss';
  const { reduction = 'mean', margin = 0 } = checkOptions(caller, options, ['reduction', 'margin']);
  const [a, b, y] = floats(caller, input1, input2, target) as [Tensor, Tensor, Tensor];
  checkNumber(caller, 'margin', margin);
  checkReduction(caller, reduction);
  if (y.ndim > 1) throw new ShapeError(`${caller}: 0D or 1D target tensor expected, multi-target not supported`);
  const dims = y.ndim + 1;
  if (a.ndim !== dims || b.ndim !== dims)
    throw new ShapeError(
      `${caller}: ${y.ndim}D target tensor expects ${dims}D input tensors, but found inputs with sizes ` +
        `${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
    );
  const sumOf = (terms: Tensor) => sum(terms, y.ndim);
  const sums = [
    sumOf(product.apply(caller, [a, b])),
    sumOf(square.apply(caller, [a])),
    sumOf(square.apply(caller, [b])),
  ];
  return reduce(cosineLoss.apply(caller, [...sums, y], [margin]), reduction);
}

/** Options of {@link tripletMarginLoss} and `nn.TripletMarginLoss`. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The exponent of the norm. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
  /** Whether the distance between positive and negative counts where it is the smaller one. Default false. */
  swap?: boolean;
}

const triplet = new PointwiseFunction({
  gradName: 'ClampMinBackward0',
  inputs: 2,
  scalars: 1,
  build: ([near, far], [margin]) => margin!.add(near!).sub(far!).maximum(0),
  gradient(grad, _y, [near, far], [margin]) {
    const own = margin!.add(near!).sub(far!).ge(0).where(grad, 0);
    return [own, own.neg()];
  },
});

/** @internal */
export function checkTripletMargin(caller: string, margin: unknown, before: string, after = ''): number {
  if (checkNumber(caller, 'margin', margin) > 0) return margin as number;
  throw new ArgumentError(`${caller}: ${before}${margin}${after}`);
}

/**
 * max(0, margin + d(anchor, positive) - d(anchor, negative)), reduced, with d of {@link pairwiseDistance}.
 * Balntas et al., Learning local feature descriptors with triplets and shallow convolutional neural networks (BMVC 2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html | torch.nn.functional.triplet_margin_loss}
 * @param anchor vectors [N, D] or [D], as positive and negative.
 * @param options `margin`: default 1; greater than 0.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginLossOptions,
): Tensor {
  const caller = 'tripletMarginLoss';
  const given = checkOptions(caller, options, ['reduction', 'margin', 'p', 'eps', 'swap']);
  const { reduction = 'mean', margin = 1, p = 2, eps = 1e-6, swap = false } = given;
  const [a, b, c] = floats(caller, anchor, positive, negative) as [Tensor, Tensor, Tensor];
  checkTripletMargin(caller, margin, 'margin must be greater than 0, got ');
  checkBoolean(caller, 'swap', swap);
  checkReduction(caller, reduction);
  if (a.ndim !== b.ndim || a.ndim !== c.ndim)
    throw new ShapeError(
      `${caller}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: ` +
        `anchor ${a.ndim}D, positive ${b.ndim}D, and negative ${c.ndim}D inputs`,
    );
  const far = pairwiseDistance(a, c, { p, eps });
  const nearest = swap ? minimum(far, pairwiseDistance(b, c, { p, eps })) : far;
  return reduce(triplet.apply(caller, [pairwiseDistance(a, b, { p, eps }), nearest], [margin]), reduction);
}
