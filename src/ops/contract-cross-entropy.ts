/** The entries of the contract for cross-entropy. */
import { op } from './traits.js';

const lossSettings = {
  rows: 'size',
  classes: 'size',
  ignoreIndex: 'int',
  smoothing: 'scalar',
  reduction: 'int',
} as const;

export const crossEntropyContract = {
  /**
   * Softmax and cross-entropy together. logits [rows, classes], target [rows], weight [classes] or null. For a row
   * with target t ≠ ignoreIndex, e = smoothing, w = weight or ones, lp = logSoftmax(logits):
   *   loss = (1-e)·w[t]·(-lp[t]) + (e/classes)·Σ_c -w[c]·lp[c];   ignored rows: 0.
   * softmaxStats [rows, 2] is kept for the gradient: m = max logit and Σ exp(logit - m), apart, since m + log Σ would round
   * away the digits of small differences between large logits. reduction 0 (none): out [rows]; 1 (mean): out [1] = Σ loss / Σ w[t] over
   * rows not ignored (0/0 = NaN); 2 (sum): out [1]. total [1]: Σ w[t] for mean, else 1. sum [1]: Σ loss.
   */
  crossEntropy: op(
    {
      logits: 'in',
      target: 'index',
      weight: 'in?',
      out: 'out',
      softmaxStats: 'out',
      total: 'out',
      sum: 'out?',
      ...lossSettings,
    },
    { flops: [[5, 'rows', 'classes']] },
  ),
  /** Its gradient for the logits, out [rows, classes]; grad is [rows] for reduction 0, else [1]; divided by total. */
  crossEntropyBackward: op(
    {
      grad: 'in',
      logits: 'in',
      target: 'index',
      weight: 'in?',
      softmaxStats: 'in',
      total: 'in',
      out: 'out',
      ...lossSettings,
    },
    { flops: [[4, 'rows', 'classes']] },
  ),
} as const;

/** Made by src/compile, never by eager functions. */
export const crossEntropyTrainContract = {
  /**
   * crossEntropy and crossEntropyBackward in one pass, with the same bits, for reduction mean or sum: out [1] is the loss,
   * gradLogits its gradient times grad [1]. biasGrad [classes]: the sums of gradLogits over its rows. sum, total: as there.
   */
  crossEntropyTrain: op(
    {
      grad: 'in',
      logits: 'in',
      target: 'index',
      weight: 'in?',
      out: 'out',
      gradLogits: 'out',
      biasGrad: 'out?',
      sum: 'out?',
      total: 'out?',
      ...lossSettings,
    },
    {
      flops: [
        [9, 'rows', 'classes'],
        ['biasGrad', 'rows', 'classes'],
      ],
    },
  ),
} as const;
