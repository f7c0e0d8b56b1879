/** The negative logarithm of the likelihood of labels. */
import { checkOptions } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { currentOps } from '../../ops/backend.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import { noGrad } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { div } from '../arithmetic.js';
import { to } from '../cast.js';
import { ne, where } from '../comparison.js';
import { type CrossEntropyParts, crossEntropyOptions } from '../cross-entropy.js';
import { gather } from '../gather.js';
import { indexSelect } from '../index-select.js';
import { PointwiseFunction } from '../pointwise.js';
import { sum } from '../sum.js';
import { checkFloat, checkTensor } from '../support.js';
import { reshape } from '../views.js';
import type { WeightedLossOptions } from './reduction.js';

/** Options of {@link nllLoss} and `nn.NLLLoss`. */
export interface NLLLossOptions extends WeightedLossOptions {
  /** A weight for each class, [C]. Default: all 1. */
  weight?: Tensor | null;
  /** Rows with this label count for nothing. Default -100. */
  ignoreIndex?: number;
}

/** -w·x where the label counts, else 0: not a product, since what does not count may be infinite. */
const picked = new PointwiseFunction({
  gradName: 'NllLossBackward0',
  inputs: 3,
  build: ([x, weight, counts]) => counts!.eq(0).where(0, x!.mul(weight!).neg()),
  gradient: (grad, _y, [, weight, counts]) => [counts!.eq(0).where(0, grad.mul(weight!).neg()), null, null],
});

/**
 * -w[target]·input[target], reduced; the mean is over the weights of the labels: cross-entropy of logarithms of probabilities, as `logSoftmax` gives them.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html | torch.nn.functional.nll_loss}
 * @param input logarithms of probabilities [C], [N, C] or [N, C, d1, ...].
 * @param target int32 labels in [0, C) with the shape of input less C.
 * @throws ShapeError when shapes do not fit, ArgumentError for labels out of range or of another dtype.
 */
export function nllLoss(input: Tensor, target: Tensor, options?: NLLLossOptions): Tensor {
  return computeNll(input, target, options).loss;
}

/** {@link nllLoss}, and what it is the quotient of: the sum is 0, not NaN, where all labels are ignored. @internal */
export function computeNll(input: Tensor, target: Tensor, options: NLLLossOptions | undefined): CrossEntropyParts {
  const caller = 'nllLoss';
  checkFloat(caller, input);
  const { weight: given, ignoreIndex, reduction } = readNllOptions(caller, options);
  const weight = given === null ? null : to(given.detach(), input.dtype);
  checkTensor(caller, target, 'a Tensor of labels');
  if (target.dtype !== 'int32') throw new ArgumentError(`${caller}: labels are int32, got ${target.dtype}`);
  if (input.ndim === 0) throw new ShapeError(`${caller}: Expected 1 or more dimensions (got 0)`);
  const channel = input.ndim === 1 ? 0 : 1;
  const classes = input.shape[channel]!;
  checkShapes(caller, input, target, channel);
  if (weight !== null && weight.numel !== classes)
    throw new ShapeError(
      `${caller}: weight tensor should be defined either for all ${classes} classes or no classes but got weight ` +
        `tensor of shape: ${formatShape(weight.shape)}`,
    );
  currentOps().checkTarget({ target: target.storage, classes, ignoreIndex });
  const { labels, counts, weights } = noGrad(() => {
    const isCounted = ne(target, ignoreIndex);
    const labels = where(isCounted, target, 0);
    const counts = to(isCounted, input.dtype);
    if (weight === null) return { labels, counts, weights: counts };
    const own = reshape(indexSelect(weight, reshape(labels, [-1])), target.shape);
    return { labels, counts, weights: where(isCounted, own, 0) };
  });
  const shape = input.shape.toSpliced(channel, 1);
  const values = reshape(gather(input, channel, reshape(labels, input.shape.with(channel, 1))), shape);
  const losses = picked.apply(caller, [values, reshape(weights, shape), reshape(counts, shape)]);
  if (reduction === 'none') return { loss: losses, sum: null, weight: null };
  const total = sum(losses);
  if (reduction === 'sum') return { loss: total, sum: null, weight: null };
  const divisor = noGrad(() => sum(weights));
  return { loss: div(total, divisor), sum: total.detach(), weight: divisor };
}

/** @internal */
export function readNllOptions(caller: string, options: NLLLossOptions | undefined) {
  const { weight, ignoreIndex, reduction } = crossEntropyOptions(
    caller,
    checkOptions(caller, options, ['weight', 'ignoreIndex', 'reduction']),
  );
  return { weight, ignoreIndex, reduction };
}

function checkShapes(caller: string, input: Tensor, target: Tensor, channel: number): void {
  const expected = input.shape.toSpliced(channel, 1);
  const isOne = input.ndim === 1 && target.numel === 1 && target.ndim <= 1;
  if (isOne || sameShape(target.shape, expected)) return;
  if (input.ndim > 1 && target.ndim > 0 && target.shape[0] !== expected[0])
    throw new ShapeError(
      `${caller}: Expected input batch_size (${expected[0]}) to match target batch_size (${target.shape[0]}).`,
    );
  if (input.ndim <= 2) throw new ShapeError(`${caller}: 0D or 1D target tensor expected, multi-target not supported`);
  throw new ShapeError(`${caller}: Expected target size ${formatShape(expected)}, got ${formatShape(target.shape)}`);
}
