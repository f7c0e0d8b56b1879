/** The entries of the contract for connectionist temporal classification. */
import { op } from './traits.js';

/**
 * targets: the labels of sample n, targetLengths[n] of them, begin at n·labels / rows when `padded`, else behind those of sample n - 1. labels:
 * the elements of targets.
 */
const samples = {
  targets: 'index',
  inputLengths: 'index',
  targetLengths: 'index',
  steps: 'size',
  rows: 'size',
  classes: 'size',
  labels: 'size',
  padded: 'flag',
} as const;

export const ctcContract = {
  /**
   * out[n] = -log of the sum, over all paths through the inputLengths[n] first steps that give the labels of sample n, of the product of
   * e^logProbs[t, n, class]: logProbs [steps, rows, classes]. A path has a class at each step, and gives its classes without repetitions and then
   * without `blank`. Infinite where there is no path, 0 when zeroInfinity.
   * gradient [steps, rows, classes]: of out[n] for what logProbs is the log-softmax of, e^logProbs - the share of the paths
   * that have the class at the step. 0 behind the lengths; where out[n] is infinite NaN, 0 when zeroInfinity.
   * (Graves et al., Connectionist temporal classification, ICML 2006, equations 6 to 16, with logarithms.)
   */
  ctcLoss: op(
    { logProbs: 'in', out: 'out', gradient: 'out?', ...samples, blank: 'size', zeroInfinity: 'flag' },
    {
      flops: [
        [26, 'steps', 'labels'],
        [30, 'gradient', 'steps', 'labels'],
        ['gradient', 'steps', 'rows', 'classes'],
      ],
    },
  ),
  /**
   * Throws an ArgumentError unless 0 <= inputLengths[n] <= steps, the labels of all samples lie in targets (all of it, unless padded) and are
   * classes.
   */
  checkCtc: op(samples, { throws: 'ArgumentError' }),
} as const;
