/** What labels weigh by themselves, and how many of them are found: those that the loss ignores count for nothing. */
import { abs, indexSelect, mul, reshape, sign, sub, sum, to } from '../functional/index.js';
import type { LabelLoss } from '../nn/label-loss.js';
import type { DType } from '../ops/ops.js';
import { Tensor } from '../tensor/tensor.js';
import { misses } from './metrics.js';
import { type Measure, shareOfHits, weightedMean } from './scoring.js';

/** 1 for each label that counts, 0 for an ignored one, in a row; null where there are no labels. */
export function countedLabels(loss: LabelLoss, target: unknown, dtype: DType): Tensor | null {
  if (!(target instanceof Tensor) || target.dtype !== 'int32') return null;
  return sign(abs(to(sub(reshape(target, [-1]), loss.ignoreIndex), dtype)));
}

/** The weight of the class of each label, 0 for an ignored one, in a row; null where there are no labels. */
export function labelWeights(loss: LabelLoss, target: unknown, dtype: DType): Tensor | null {
  const counted = countedLabels(loss, target, dtype);
  if (counted === null || loss.weight === null) return counted;
  const labels = mul(reshape(target as Tensor, [-1]), to(counted, 'int32'));
  return mul(counted, indexSelect(loss.weight, labels));
}

/**
 * The accuracy of a batch, of the labels that count.
 * @param ignoring the loss, if it is one that ignores labels. @param counted how many labels count, where that is known.
 */
export function measureAccuracy(
  output: Tensor,
  target: Tensor,
  ignoring: LabelLoss | null,
  counted: Tensor | null,
): Measure {
  const missed = reshape(misses(output, target), [-1]);
  const positions = missed.numel;
  if (ignoring === null || target.dtype !== 'int32') return shareOfHits(positions, sum(missed), null);
  const labels = () => countedLabels(ignoring, target, missed.dtype)!;
  // A label below 0 is never found, so that ignored ones are misses already.
  if (ignoring.ignoreIndex < 0) return shareOfHits(positions, sum(missed), counted ?? sum(labels()));
  const total = counted ?? sum(labels());
  return weightedMean(null, sub(total, sum(mul(labels(), missed))), total);
}
