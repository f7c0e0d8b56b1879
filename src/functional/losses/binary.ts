/** Losses of probabilities and of their logits, one yes or no at each place; and of distributions. */
import { checkOptions } from '../../check.js';
import { ShapeError } from '../../errors.js';
import type { Reduction } from '../../ops/ops.js';
import type { Expression } from '../../pointwise/expression.js';
import { broadcastShapes, formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { logSigmoidOf } from '../activations/smooth.js';
import { div } from '../arithmetic.js';
import { checkReduction } from '../cross-entropy.js';
import { PointwiseFunction } from '../pointwise.js';
import { mean, sum } from '../sum.js';
import {
  checkRange,
  checkSameShape,
  floats,
  readFlag,
  readWeight,
  reduce,
  type WeightedLossOptions,
} from './reduction.js';

/** A function of input, target and, if there is one, a weight, which everything is multiplied by. */
function weighted(
  gradName: string,
  build: (x: Expression, target: Expression) => Expression,
  gradient: (grad: Expression, x: Expression, target: Expression) => readonly [Expression, Expression],
): readonly [plain: PointwiseFunction, withWeight: PointwiseFunction] {
  const make = (hasWeight: boolean) =>
    new PointwiseFunction({
      gradName,
      inputs: hasWeight ? 3 : 2,
      build: ([x, t, w]) => (hasWeight ? build(x!, t!).mul(w!) : build(x!, t!)),
      gradient: (grad, _y, [x, t, w]) => gradient(hasWeight ? grad.mul(w!) : grad, x!, t!),
    });
  return [make(false), make(true)];
}

/** @throws ShapeError unless the weight broadcasts to the shape of input. */
function checkWeightShape(caller: string, input: Tensor, weight: Tensor | null): void {
  if (weight !== null && !sameShape(broadcastShapes(caller, input.shape, weight.shape), input.shape))
    throw new ShapeError(
      `${caller}: output with shape ${formatShape(input.shape)} doesn't match the broadcast shape ` +
        formatShape(broadcastShapes(caller, input.shape, weight.shape)),
    );
}

/** PyTorch bounds logarithms in the loss, and not in its gradient. */
const leastLogarithm = -100;

const crossEntropies = weighted(
  'BinaryCrossEntropyBackward0',
  (p, t) =>
    t
      .sub(1)
      .mul(p.neg().log1p().maximum(leastLogarithm))
      .sub(t.mul(p.log().maximum(leastLogarithm))),
  (grad, p, t) => [
    grad.mul(p.sub(t)).div(p.mul(p.neg().add(1)).maximum(1e-12)),
    grad.mul(p.neg().log1p().sub(p.log())),
  ],
);

/**
 * -w·(target·log(input) + (1 - target)·log(1 - input)), logarithms being at least -100, reduced; the mean is over the number of elements
 * whatever their weights. Gradient: grad·w·(input - target)/max(input·(1 - input), 1e-12).
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html | torch.nn.functional.binary_cross_entropy}
 * @param input probabilities. @param target of the same shape, between 0 and 1.
 * @throws ShapeError when shapes differ, ArgumentError for numbers outside [0, 1].
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options?: WeightedLossOptions): Tensor {
  const caller = 'binaryCrossEntropy';
  const { weight: given, reduction = 'mean' } = checkOptions(caller, options, ['weight', 'reduction']);
  const weight = readWeight(caller, given);
  const operands = floats(caller, input, target, ...(weight === null ? [] : [weight]));
  checkReduction(caller, reduction);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${caller}: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
        `(${formatShape(input.shape)}) is deprecated. Please ensure they have the same size.`,
    );
  checkWeightShape(caller, input, weight);
  checkRange(input, 'all elements of input should be between 0 and 1', 0, 1);
  checkRange(operands[1]!, 'all elements of target should be between 0 and 1', 0, 1);
  return reduce(crossEntropies[weight === null ? 0 : 1].apply(caller, operands), reduction);
}

/** Options of {@link binaryCrossEntropyWithLogits} and `nn.BCEWithLogitsLoss`. */
export interface BCEWithLogitsOptions extends WeightedLossOptions {
  /** What the losses of positive targets are multiplied by; broadcasts. It gets no gradient. */
  posWeight?: Tensor | null;
}

const plainLogits = weighted(
  'BinaryCrossEntropyWithLogitsBackward0',
  (x, t) => t.neg().add(1).mul(x).sub(logSigmoidOf(x)),
  (grad, x, t) => [grad.mul(x.sigmoid().sub(t)), grad.mul(x).neg()],
);

const positivelyWeighted = (hasWeight: boolean) =>
  new PointwiseFunction({
    gradName: 'BinaryCrossEntropyWithLogitsBackward0',
    inputs: hasWeight ? 4 : 3,
    build([x, t, positive, w]) {
      const factor = positive!.sub(1).fma(t!, 1);
      const loss = t!
        .neg()
        .add(1)
        .mul(x!)
        .sub(factor.mul(logSigmoidOf(x!)));
      return hasWeight ? loss.mul(w!) : loss;
    },
    gradient(grad, _y, [x, t, positive, w]) {
      const own = hasWeight ? grad.mul(w!) : grad;
      const factor = positive!.sub(1).fma(t!, 1);
      const forInput = t!.neg().add(1).sub(factor.mul(x!.neg().sigmoid()));
      const forTarget = x!.neg().sub(positive!.sub(1).mul(logSigmoidOf(x!)));
      return [own.mul(forInput), own.mul(forTarget)];
    },
  });
const withPositives = [positivelyWeighted(false), positivelyWeighted(true)] as const;

/**
 * w·((1 - target)·input - (1 + (posWeight - 1)·target)·log(sigmoid(input))), reduced: {@link binaryCrossEntropy} of sigmoid(input), for inputs of any
 * size; the mean is over the number of elements. Targets outside [0, 1] are taken.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html | torch.nn.functional.binary_cross_entropy_with_logits}
 * @throws ShapeError when the shapes of input and target differ.
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options?: BCEWithLogitsOptions): Tensor {
  const caller = 'binaryCrossEntropyWithLogits';
  const given = checkOptions(caller, options, ['weight', 'posWeight', 'reduction']);
  const { reduction = 'mean' } = given;
  const [weight, positive] = [readWeight(caller, given.weight), readWeight(caller, given.posWeight, 'posWeight')];
  const operands = floats(caller, input, target, ...[positive, weight].filter((each) => each !== null));
  checkReduction(caller, reduction);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${caller}: Target size (${formatShape(target.shape)}) must be the same as input size (${formatShape(input.shape)})`,
    );
  checkWeightShape(caller, input, weight);
  checkWeightShape(caller, input, positive);
  const kinds = positive === null ? plainLogits : withPositives;
  return reduce(kinds[weight === null ? 0 : 1].apply(caller, operands), reduction);
}

/**
 * The mean over the last dimension of {@link binaryCrossEntropyWithLogits}, then reduced over the rows.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html | torch.nn.functional.multilabel_soft_margin_loss}
 * @param input logits [..., C]. @param target of the same shape.
 */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, options?: WeightedLossOptions): Tensor {
  const caller = 'multilabelSoftMarginLoss';
  const { weight: given, reduction = 'mean' } = checkOptions(caller, options, ['weight', 'reduction']);
  const weight = readWeight(caller, given);
  const operands = floats(caller, input, target, ...(weight === null ? [] : [weight]));
  checkReduction(caller, reduction);
  if (input.ndim === 0) throw new ShapeError(`${caller}: expected an input of shape [..., classes], got a scalar`);
  checkSameShape(caller, input, target);
  checkWeightShape(caller, input, weight);
  return reduce(mean(plainLogits[weight === null ? 0 : 1].apply(caller, operands), -1), reduction);
}

/** Options of {@link klDiv} and `nn.KLDivLoss`. */
export interface KLDivOptions {
  /** `'mean'` (the default, over all elements), `'batchmean'` (the sum by the size of dimension 0), `'sum'`, or `'none'`. */
  reduction?: Reduction | 'batchmean';
  /** Whether target is given as logarithms. Default false. */
  logTarget?: boolean;
}

const divergence = new PointwiseFunction({
  gradName: 'KlDivBackward0',
  inputs: 2,
  // t·log(t) is 0 at 0.
  build: ([x, t]) => t!.eq(0).where(0, t!.mul(t!.log())).sub(t!.mul(x!)),
  // t/t: NaN at 0, as in PyTorch.
  gradient: (grad, _y, [x, t]) => [grad.mul(t!).neg(), grad.mul(t!.eq(0).where(0, t!.log()).add(t!.div(t!)).sub(x!))],
});

const divergenceOfLogs = new PointwiseFunction({
  gradName: 'KlDivBackward0',
  inputs: 2,
  build: ([x, t]) => t!.exp().mul(t!.sub(x!)),
  gradient(grad, _y, [x, t]) {
    const p = t!.exp();
    return [grad.mul(p).neg(), grad.mul(p).mul(t!.sub(x!).add(1))];
  },
});

let warned = false;

/**
 * target·(log(target) - input), with `logTarget` e^target·(target - input), reduced: the divergence of Kullback and Leibler between the distribution of
 * target and that whose logarithms are input. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html | torch.nn.functional.kl_div}
 */
export function klDiv(input: Tensor, target: Tensor, options?: KLDivOptions): Tensor {
  const caller = 'klDiv';
  const { reduction = 'mean', logTarget = false } = checkOptions(caller, options, ['reduction', 'logTarget']);
  const operands = floats(caller, input, target);
  if (reduction !== 'batchmean') checkReduction(caller, reduction);
  if (reduction === 'mean' && !warned) {
    warned = true;
    process.emitWarning(
      "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides only by " +
        'the batch size, and aligns with the KL div math definition.',
      { code: 'LANEWISE_KL_DIV_MEAN' },
    );
  }
  const losses = (readFlag(caller, 'logTarget', logTarget) ? divergenceOfLogs : divergence).apply(caller, operands);
  if (reduction !== 'batchmean') return reduce(losses, reduction);
  return input.ndim === 0 ? sum(losses) : div(sum(losses), input.shape[0]!);
}
