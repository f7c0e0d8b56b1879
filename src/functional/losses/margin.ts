/** Losses of what lies on the wrong side of a margin. */
import { checkNumber, checkOptions } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import type { Expression } from '../../pointwise/expression.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import { noGrad } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { div } from '../arithmetic.js';
import { to } from '../cast.js';
import { eq, where } from '../comparison.js';
import { checkReduction } from '../cross-entropy.js';
import { gather, oneHot, scatterAdd } from '../gather.js';
import { indexSelect } from '../index-select.js';
import { cumsum } from '../order.js';
import { PointwiseFunction } from '../pointwise.js';
import { mean, sum } from '../sum.js';
import { checkFloat, checkTensor, zeroed } from '../support.js';
import { reshape, unsqueeze } from '../views.js';
import { checkRange, floats, type LossOptions, lossFunction, ofBroadcast, readWeight, reduce } from './reduction.js';

/** `grad` where m >= 0, else 0: the gradient of PyTorch's clamp_min, which flows at 0. */
const from0 = (m: Expression, grad: Expression): Expression => m.ge(0).where(grad, 0);

/** Options of losses with a margin. */
export interface MarginLossOptions extends LossOptions {
  /** How far the right side has to be reached. */
  margin?: number;
}

const hinge = lossFunction(
  'AddBackward0',
  (x, y, [margin]) => y.eq(1).where(0, margin!.sub(x).maximum(0)).add(y.eq(-1).where(0, x)),
  1,
  (grad, x, y, [margin]) => [
    y
      .eq(1)
      .where(0, from0(margin!.sub(x), grad).neg())
      .add(y.eq(-1).where(0, grad)),
    null,
  ],
);

/**
 * input where target is 1, max(0, margin - input) where it is -1, reduced. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html | torch.nn.functional.hinge_embedding_loss}
 * @param options `margin`: default 1.
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options?: MarginLossOptions): Tensor {
  const caller = 'hingeEmbeddingLoss';
  const { reduction, margin = 1 } = checkOptions(caller, options, ['reduction', 'margin']);
  return ofBroadcast(caller, hinge, [input, target], reduction, [checkNumber(caller, 'margin', margin)]);
}

const softMargin = lossFunction(
  'SoftMarginLossBackward0',
  (x, y) => x.mul(y).neg().exp().log1p(),
  0,
  (grad, x, y) => {
    const share = grad.mul(x.mul(y).neg().sigmoid()).neg();
    return [share.mul(y), share.mul(x)];
  },
);

/**
 * log(1 + e^(-target·input)), reduced. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html | torch.nn.functional.soft_margin_loss}
 * @param target of 1 and -1.
 */
export function softMarginLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const caller = 'softMarginLoss';
  const { reduction } = checkOptions(caller, options, ['reduction']);
  return ofBroadcast(caller, softMargin, [input, target], reduction);
}

const ranking = new PointwiseFunction({
  gradName: 'ClampMinBackward0',
  inputs: 3,
  scalars: 1,
  build: ([a, b, y], [margin]) => y!.mul(b!.sub(a!)).add(margin!).maximum(0),
  gradient(grad, _y, [a, b, y], [margin]) {
    const own = from0(y!.mul(b!.sub(a!)).add(margin!), grad);
    const share = own.mul(y!);
    return [share.neg(), share, own.mul(b!.sub(a!))];
  },
});

/**
 * max(0, -target·(input1 - input2) + margin), reduced: of 1 where input1 is to be larger, and of -1 where input2 is. Broadcasts, but the
 * numbers of dimensions must be equal.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html | torch.nn.functional.margin_ranking_loss}
 * @param options `margin`: default 0.
 */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, options?: MarginLossOptions): Tensor {
  const caller = 'marginRankingLoss';
  const { reduction, margin = 0 } = checkOptions(caller, options, ['reduction', 'margin']);
  floats(caller, input1, input2, target);
  if (input1.ndim !== target.ndim || input2.ndim !== target.ndim)
    throw new ShapeError(
      `${caller}: margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ` +
        `${formatShape(input1.shape)}, input2: ${formatShape(input2.shape)}, target: ${formatShape(target.shape)}`,
    );
  return ofBroadcast(caller, ranking, [input1, input2, target], reduction, [checkNumber(caller, 'margin', margin)]);
}

/** Options of {@link multiMarginLoss} and `nn.MultiMarginLoss`. */
export interface MultiMarginLossOptions extends MarginLossOptions {
  /** The exponent, 1 or 2. Default 1. */
  p?: number;
  /** A weight for each class, [C]. Default: all 1. */
  weight?: Tensor | null;
}

/** max(0, margin - right + x)^p where `isTarget` is 0, else 0. */
const multiMargin = (p: 1 | 2) =>
  new PointwiseFunction({
    inputs: 3,
    scalars: 1,
    build([x, right, isTarget], [margin]) {
      const over = margin!.sub(right!).add(x!).relu();
      return isTarget!.eq(0).where(p === 1 ? over : over.mul(over), 0);
    },
    gradient(grad, _y, [x, right, isTarget], [margin]) {
      const z = margin!.sub(right!).add(x!);
      const own = p === 1 ? grad : grad.mul(z.mul(2));
      const share = isTarget!.eq(0).where(z.gt(0).where(own, 0), 0);
      return [share, share.neg(), null];
    },
  });
const multiMargins = { 1: multiMargin(1), 2: multiMargin(2) } as const;

/** @internal */
export function checkExponent(caller: string, p: unknown): 1 | 2 {
  if (p !== 1 && p !== 2) throw new ArgumentError(`${caller}: only p == 1 and p == 2 supported`);
  return p;
}

/**
 * w[y]·Σ max(0, margin - input[y] + input[j])^p / C over the classes j other than the label y, reduced over the rows.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html | torch.nn.functional.multi_margin_loss}
 * @param input scores [N, C] or [C]. @param target int32 labels [N], or one.
 * @param options `margin`: default 1.
 * @throws ShapeError when shapes do not fit, ArgumentError for labels out of range.
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options?: MultiMarginLossOptions): Tensor {
  const caller = 'multiMarginLoss';
  checkFloat(caller, input);
  const given = checkOptions(caller, options, ['reduction', 'margin', 'p', 'weight']);
  const { reduction = 'mean', margin = 1 } = given;
  const p = checkExponent(caller, given.p ?? 1);
  const weight = readWeight(caller, given.weight);
  checkNumber(caller, 'margin', margin);
  checkReduction(caller, reduction);
  if (input.ndim < 1 || input.ndim > 2 || input.shape.at(-1) === 0)
    throw new ShapeError(
      `${caller}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${formatShape(input.shape)}`,
    );
  const classes = input.shape.at(-1)!;
  const rows = input.ndim === 1 ? 1 : input.shape[0]!;
  checkLabels(caller, target);
  if (target.numel !== rows || target.ndim > 1)
    throw new ShapeError(
      `${caller}: target tensor should be 1-D with size equal to the number of input samples (batch size). Expected ` +
        `target size [${rows}], but got ${formatShape(target.shape)}. Input has shape ${formatShape(input.shape)}.`,
    );
  if (weight !== null && weight.numel !== classes)
    throw new ShapeError(
      `${caller}: inconsistent weight size, expected ${classes} but got ${formatShape(weight.shape)}`,
    );
  checkRange(target, 'target out of range', 0, classes - 1);
  const labels = reshape(target, [rows]);
  const x = reshape(input, [rows, classes]);
  const isTarget = noGrad(() => to(oneHot(labels, classes), input.dtype));
  const right = gather(x, 1, unsqueeze(labels, 1));
  const terms = mean(multiMargins[p].apply(caller, [x, right, isTarget], [margin]), 1);
  const losses = weight === null ? terms : times.apply(caller, [terms, indexSelect(to(weight, input.dtype), labels)]);
  return reduce(input.ndim === 1 ? reshape(losses, []) : losses, reduction);
}

const times = new PointwiseFunction({
  gradName: 'MultiMarginLossBackward0',
  inputs: 2,
  build: ([a, b]) => a!.mul(b!),
});

function checkLabels(caller: string, target: unknown): void {
  if (checkTensor(caller, target, 'a Tensor of labels').dtype !== 'int32')
    throw new ArgumentError(`${caller}: labels are int32, got ${(target as Tensor).dtype}`);
}

/** max(0, 1 - right + x) for a label and a class that is none; it counts where both are what they are taken for. */
const pairMargin = new PointwiseFunction({
  gradName: 'MultilabelMarginLossBackward0',
  inputs: 4,
  build: ([x, right, isLabel, isTarget]) =>
    isLabel!.eq(0).where(0, isTarget!.eq(0).where(x!.sub(right!).add(1).relu(), 0)),
  gradient(grad, _y, [x, right, isLabel, isTarget]) {
    const own = x!.sub(right!).add(1).gt(0).where(grad, 0);
    const share = isLabel!.eq(0).where(0, isTarget!.eq(0).where(own, 0));
    return [share, share.neg(), null, null];
  },
});

/**
 * Σ max(0, 1 - (input[y] - input[j])) / C over the labels y of a row and the classes j that are none of them, reduced over the rows. It compares every label
 * with every class at once: memory for N·C² numbers.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html | torch.nn.functional.multilabel_margin_loss}
 * @param input scores [N, C] or [C].
 * @param target int32 of the shape of input: in each row labels, which end at the first -1.
 * @throws ShapeError when the shapes differ, ArgumentError for labels out of range.
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const caller = 'multilabelMarginLoss';
  checkFloat(caller, input);
  const { reduction = 'mean' } = checkOptions(caller, options, ['reduction']);
  checkReduction(caller, reduction);
  checkLabels(caller, target);
  if (input.ndim < 1 || input.ndim > 2 || input.shape.at(-1) === 0)
    throw new ShapeError(
      `${caller}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${formatShape(input.shape)}`,
    );
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${caller}: inconsistent target size: ${formatShape(target.shape)} for input of size: ${formatShape(input.shape)}`,
    );
  const classes = input.shape.at(-1)!;
  checkRange(target, "argument #2 'target' is out of range", -1, classes - 1);
  const rows = input.numel / classes;
  const x = reshape(input, [rows, classes]);
  const { labels, isLabel, isTarget } = noGrad(() => readLabels(reshape(target, [rows, classes]), x));
  const right = gather(x, 1, labels);
  const pairs = pairMargin.apply(caller, [
    reshape(x, [rows, 1, classes]),
    reshape(right, [rows, classes, 1]),
    reshape(isLabel, [rows, classes, 1]),
    reshape(isTarget, [rows, 1, classes]),
  ]);
  const losses = div(sum(pairs, [1, 2]), classes);
  return reduce(input.ndim === 1 ? reshape(losses, []) : losses, reduction);
}

/** The labels up to the first -1 (0 behind it), which places hold one, and which classes are one. */
function readLabels(target: Tensor, x: Tensor) {
  const ends = cumsum(to(eq(target, -1), 'int32'), 1);
  const isLabel = eq(ends, 0);
  const labels = where(isLabel, target, 0);
  const isTarget = scatterAdd(zeroed(x.shape, x.dtype), 1, labels, to(isLabel, x.dtype));
  return { labels, isLabel: to(isLabel, x.dtype), isTarget };
}
