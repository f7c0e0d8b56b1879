/** Cross-entropy between logits and class labels or class probabilities. */
import { checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { type Reduction, reductions } from '../ops/ops.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { formatShape, numelOf, type Shape, sameShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, div, mul } from './arithmetic.js';
import { neg } from './elementwise.js';
import { logSoftmax } from './softmax.js';
import { permute } from './strided.js';
import { sum } from './sum.js';
import { checkFloat, checkSameDtype, checkTensor, empty } from './support.js';
import { reshape } from './views.js';

export const reductionNames = Object.keys(reductions) as Reduction[];

/** Options of {@link crossEntropy} and `nn.CrossEntropyLoss`. */
export interface CrossEntropyOptions {
  /** A weight for each class, [C]. Default: all 1. Next to labels it cannot require a gradient. */
  weight?: Tensor | null;
  /** Rows with this label count for nothing. Default -100; not from 0 on next to probabilities. */
  ignoreIndex?: number;
  /** `'mean'` (the default; over the weights of the labels), `'sum'`, or `'none'` for one loss a row. */
  reduction?: Reduction;
  /** Share of the target spread evenly over all classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
}

/** Reads and checks the options; the module does it once, the function at every call. @internal */
export function crossEntropyOptions(caller: string, options: CrossEntropyOptions | undefined) {
  const given = checkOptions(caller, options, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing']);
  const { weight = null, ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' } = given;
  if (weight !== null) {
    checkFloat(`${caller}: weight`, weight);
    if (weight.ndim !== 1)
      throw new ShapeError(`${caller}: expected a weight of shape [classes], got ${formatShape(weight.shape)}`);
  }
  if (typeof ignoreIndex !== 'number' || (ignoreIndex | 0) !== ignoreIndex)
    throw new ArgumentError(`${caller}: ignoreIndex must be a 32-bit integer, got ${show(ignoreIndex)}`);
  if (typeof labelSmoothing !== 'number' || !(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new ArgumentError(`${caller}: label_smoothing must be between 0.0 and 1.0. Got: ${show(labelSmoothing)}`);
  checkReduction(caller, reduction);
  return { weight, ignoreIndex, labelSmoothing, reduction };
}

export function checkReduction(caller: string, reduction: unknown): Reduction {
  return checkOneOf(caller, 'reduction', reduction, reductionNames);
}

/**
 * Cross-entropy of softmax(input) against `target`, computed together for accuracy.
 * @param input logits [C], [N, C] or [N, C, d1, ...].
 * @param target int32 labels in [0, C) with the shape of input less C; or probabilities with the shape of input.
 * @returns a scalar, or with reduction `'none'` one loss for each label.
 * @throws ShapeError when shapes do not fit, ArgumentError for labels out of range or of another dtype.
 *
 * For labels t, weights w, smoothing e and lp = logSoftmax(input):
 * loss = (1-e)·w[t]·(-lp[t]) + (e/C)·Σ_c -w[c]·lp[c], the mean being over Σ w[t]. For probabilities q, smoothed to
 * q·(1-e) + e/C: loss = -Σ_c w[c]·q[c]·lp[c], the mean being over the rows.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html | torch.nn.functional.cross_entropy}
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  return computeCrossEntropy(input, target, options, false).loss;
}

/** A loss, and what it is the quotient of. @internal */
export interface CrossEntropyParts {
  readonly loss: Tensor;
  /** The sum of the losses, and the weights of the labels that it is divided by; null unless it is a mean next to labels. */
  readonly sum: Tensor | null;
  readonly weight: Tensor | null;
}

/** {@link crossEntropy}, and its parts: the sum is 0, not NaN, where all labels are ignored. No gradient flows through them. @internal */
export function computeCrossEntropy(
  input: Tensor,
  target: Tensor,
  options: CrossEntropyOptions | undefined,
  wantsSum = true,
): CrossEntropyParts {
  const caller = 'crossEntropy';
  const settings = crossEntropyOptions(caller, options);
  checkFloat(caller, input);
  checkTensor(caller, target, 'a Tensor of targets');
  if (input.ndim === 0) throw new ShapeError(`${caller}: expected logits of shape [N, C], got a scalar`);
  const channel = input.ndim === 1 ? 0 : 1;
  const classes = input.shape[channel]!;
  const { weight } = settings;
  if (weight !== null) {
    checkSameDtype(caller, input, weight);
    if (weight.numel !== classes)
      throw new ShapeError(
        `${caller}: weight tensor should be defined either for all ${classes} classes or no classes but got weight ` +
          `tensor of shape: ${formatShape(weight.shape)}`,
      );
  }
  const order = [...input.shape.keys()].filter((dim) => dim !== channel);
  const lossShape = order.map((dim) => input.shape[dim]!);
  if (target.dtype !== 'int32') checkProbabilities(caller, input, target, settings);
  else checkLabels(caller, target, input, lossShape, settings);

  const rows = (tensor: Tensor) =>
    reshape(tensor.ndim <= 2 ? tensor : permute(tensor, [...order, channel]), [numelOf(lossShape), classes]);
  if (target.dtype === 'int32') {
    const { loss, ...parts } = withLabels(rows(input), target, settings, wantsSum && settings.reduction === 'mean');
    return { loss: settings.reduction === 'none' ? reshape(loss, lossShape) : loss, ...parts };
  }
  const loss = withProbabilities(rows(input), rows(target), settings);
  return { loss: settings.reduction === 'none' ? reshape(loss, lossShape) : loss, sum: null, weight: null };
}

type Settings = ReturnType<typeof crossEntropyOptions>;

function checkLabels(caller: string, target: Tensor, input: Tensor, expected: Shape, { weight }: Settings): void {
  if (weight?.requiresGrad && isGradEnabled())
    throw new ArgumentError(
      `${caller}: The function 'nll_loss_forward' is not differentiable with respect to argument 'weight'. This input ` +
        'cannot have requires_grad True.',
    );
  if (target.ndim === expected.length && expected.length > 0 && target.shape[0] !== expected[0])
    throw new ShapeError(
      `${caller}: Expected input batch_size (${expected[0]}) to match target batch_size (${target.shape[0]}).`,
    );
  if (!sameShape(target.shape, expected))
    throw new ShapeError(
      `${caller}: logits of shape ${formatShape(input.shape)} take labels of shape ${formatShape(expected)}, ` +
        `got ${formatShape(target.shape)}`,
    );
}

function checkProbabilities(caller: string, input: Tensor, target: Tensor, { ignoreIndex }: Settings): void {
  if (ignoreIndex >= 0) throw new ArgumentError(`${caller}: ignore_index is not supported for floating point target`);
  if (!sameShape(target.shape, input.shape))
    throw new ArgumentError(
      `${caller}: labels are int32, got ${target.dtype} of shape ${formatShape(target.shape)}; probabilities have the ` +
        `shape of the logits, ${formatShape(input.shape)}`,
    );
  checkSameDtype(caller, input, target);
}

function withLabels(logits: Tensor, target: Tensor, settings: Settings, wantsSum: boolean): CrossEntropyParts {
  const [rows, classes] = logits.shape as [number, number];
  const { weight, ignoreIndex, labelSmoothing: smoothing } = settings;
  const reduction = reductions[settings.reduction];
  const ops = currentOps();
  ops.checkTarget({ target: target.storage, classes, ignoreIndex });
  const output = empty(settings.reduction === 'none' ? [rows] : [], logits.dtype);
  const softmaxStats = empty([rows, 2], logits.dtype);
  const total = empty([], logits.dtype);
  const losses = wantsSum ? empty([], logits.dtype) : null;
  const common = {
    logits: logits.storage,
    target: target.storage,
    weight: weight === null ? null : weight.storage,
    softmaxStats: softmaxStats.storage,
    total: total.storage,
    rows,
    classes,
    ignoreIndex,
    smoothing,
    reduction,
  };
  ops.crossEntropy({ ...common, out: output.storage, sum: losses === null ? null : losses.storage });
  const saved = [logits, target, softmaxStats, total, ...(weight === null ? [] : [weight])];
  const loss = setGradFn('NllLossBackward0', output, [logits], saved, (grad) => {
    const gradLogits = empty(logits.shape, logits.dtype);
    currentOps().crossEntropyBackward({ ...common, grad: grad.storage, out: gradLogits.storage });
    return [gradLogits];
  });
  return { loss, sum: losses, weight: wantsSum ? total : null };
}

function withProbabilities(logits: Tensor, target: Tensor, settings: Settings): Tensor {
  const [rows, classes] = logits.shape as [number, number];
  const { weight, labelSmoothing: e, reduction } = settings;
  const smoothed = e === 0 ? target : add(mul(target, 1 - e), e / classes);
  const weighted = weight === null ? smoothed : mul(smoothed, weight);
  const terms = mul(logSoftmax(logits, 1), weighted);
  if (reduction === 'none') return neg(sum(terms, { dim: 1 }));
  const total = neg(sum(terms));
  return reduction === 'sum' ? total : div(total, rows);
}
