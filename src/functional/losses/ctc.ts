/** Connectionist temporal classification: labels of sequences whose places in time are not known. */
import { checkOptions, checkSize, readList } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { currentOps } from '../../ops/backend.js';
import { isArray } from '../../realm.js';
import { tensor } from '../../tensor/from-values.js';
import { isGradEnabled } from '../../tensor/grad-mode.js';
import { setGradFn } from '../../tensor/tape.js';
import { Tensor } from '../../tensor/tensor.js';
import { mul } from '../arithmetic.js';
import { to } from '../cast.js';
import { checkReduction } from '../cross-entropy.js';
import { PointwiseFunction } from '../pointwise.js';
import { checkFloat, checkTensor, empty, viewAs } from '../support.js';
import { reshape } from '../views.js';
import { type LossOptions, readFlag, reduce } from './reduction.js';

/** Options of {@link ctcLoss} and `nn.CTCLoss`. */
export interface CTCLossOptions extends LossOptions {
  /** The class that stands for no label. Default 0. */
  blank?: number;
  /** Whether a loss that is infinite, and its gradient, count as 0. Default false. */
  zeroInfinity?: boolean;
}

/** Lengths of sequences: a number for each sample, or an int32 tensor of them. */
export type SequenceLengths = readonly number[] | Tensor;

/** @internal */
export function readCtcOptions(caller: string, options: CTCLossOptions | undefined) {
  const given = checkOptions(caller, options, ['blank', 'reduction', 'zeroInfinity']);
  const { blank = 0, reduction = 'mean', zeroInfinity = false } = given;
  if (typeof blank === 'number' && blank < 0) throw new ArgumentError(`${caller}: blank must be in label range`);
  return {
    blank: checkSize(caller, 'blank', blank),
    reduction: checkReduction(caller, reduction),
    zeroInfinity: readFlag(caller, 'zeroInfinity', zeroInfinity),
  };
}

/** The loss of a sample for each of its labels. */
const perLabel = new PointwiseFunction({
  inputs: 2,
  build: ([loss, length]) => loss!.div(length!.maximum(1)),
  gradient: (grad, _y, [, length]) => [grad.div(length!.maximum(1)), null],
});

/**
 * -log of the probability of the labels of each sample, summed over all ways to spread them over its time steps: a class at each step, of
 * which repetitions and then blanks are left out. With reduction `'mean'` each loss is divided by the number of labels (at least 1)
 * before the mean over the samples.
 *
 * As in PyTorch, the gradient is the one for the numbers whose log-softmax logProbs is, e^logProbs - p, where p is the probability that a path which gives
 * the labels has the class at the step. Through `logSoftmax` it arrives there unchanged. So logProbs must be log-softmax outputs.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html | torch.nn.functional.ctc_loss};
 * Graves et al., Connectionist temporal classification, ICML 2006.
 * @param logProbs [T, N, C], or [T, C] for one sample: logarithms of the probabilities of classes at each step.
 * @param targets int32 labels: [N, S], of which the first ones of a row count, or those of all samples one behind the other in one dimension.
 * @param inputLengths how many of the T steps each sample has. @param targetLengths how many labels.
 * @returns a scalar; [N] with reduction `'none'`, a scalar for one sample.
 * @throws ArgumentError for lengths or labels out of range; ShapeError when shapes do not fit.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: SequenceLengths,
  targetLengths: SequenceLengths,
  options?: CTCLossOptions,
): Tensor {
  const caller = 'ctcLoss';
  const { blank, reduction, zeroInfinity } = readCtcOptions(caller, options);
  checkFloat(caller, logProbs);
  checkTensor(caller, targets, 'an int32 Tensor of targets');
  if (targets.dtype !== 'int32') throw new ArgumentError(`${caller}: expected int32 targets, got ${targets.dtype}`);
  const isBatch = logProbs.ndim !== 2;
  if (logProbs.numel === 0) throw new ArgumentError(`${caller}: log_probs tensor must not be empty`);
  if (isBatch && logProbs.ndim !== 3)
    throw new ShapeError(
      `${caller}: Expected 3-dimensional tensor, but got ${logProbs.ndim}-dimensional tensor for argument #1 'log_probs'`,
    );
  const [steps, rows, classes] = (isBatch ? logProbs.shape : [logProbs.shape[0], 1, logProbs.shape[1]]) as [
    number,
    number,
    number,
  ];
  if (blank >= classes) throw new ArgumentError(`${caller}: blank must be in label range`);
  const isPadded = targets.ndim === 2;
  if (!isPadded && targets.ndim !== 1)
    throw new ShapeError(
      `${caller}: Expected 1 to 2 dimensions, but got ${targets.ndim}-dimensional tensor for argument #2 'targets'`,
    );
  if (isPadded && targets.shape[0] !== rows)
    throw new ShapeError(
      `${caller}: Expected tensor to have size ${rows} at dimension 0, but got size ${targets.shape[0]} for argument #2 'targets'`,
    );
  const lengths = [
    readLengths(caller, 'input_lengths', inputLengths, rows),
    readLengths(caller, 'target_lengths', targetLengths, rows),
  ] as const;
  const samples = {
    targets: targets.storage,
    inputLengths: lengths[0].storage,
    targetLengths: lengths[1].storage,
    steps,
    rows,
    classes,
    labels: targets.numel,
    padded: isPadded,
  };
  currentOps().checkCtc(samples);
  const noted = isGradEnabled() && logProbs.requiresGrad;
  const gradient = noted ? empty([steps, rows, classes], logProbs.dtype) : null;
  const losses = empty([rows], logProbs.dtype);
  currentOps().ctcLoss({
    logProbs: logProbs.storage,
    out: losses.storage,
    gradient: gradient === null ? null : gradient.storage,
    ...samples,
    blank,
    zeroInfinity,
  });
  const each =
    gradient === null
      ? losses
      : setGradFn('CtcLossBackward0', losses, [logProbs], [gradient], (grad) => [
          viewAs(mul(gradient, viewAs(grad, [rows, 1])), logProbs.shape),
        ]);
  if (reduction === 'mean') return reduce(perLabel.apply(caller, [each, to(lengths[1], each.dtype)]), 'mean');
  return reduction === 'none' && !isBatch ? reshape(each, []) : reduce(each, reduction);
}

function readLengths(caller: string, what: string, given: SequenceLengths, rows: number): Tensor {
  const ofBatch = `${caller}: ${what} must be of size batch_size`;
  if (given instanceof Tensor) {
    if (given.dtype !== 'int32') throw new ArgumentError(`${caller}: ${what} must be integral`);
    if (given.numel !== rows) throw new ShapeError(ofBatch);
    return viewAs(given, [rows]);
  }
  if (!isArray(given)) throw new ArgumentError(`${caller}: ${what} must be an array or an int32 Tensor`);
  // Negative ones are for op checkCtc, which has PyTorch's sentence.
  const list = readList(caller, what, given, (each) =>
    typeof each === 'number' && each < 0 && Number.isSafeInteger(each) ? each : checkSize(caller, 'a length', each),
  );
  if (list.length !== rows) throw new ShapeError(ofBatch);
  return tensor(list, { dtype: 'int32' });
}
