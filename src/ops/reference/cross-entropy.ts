/** Softmax and cross-entropy together, and the gradient for the logits. */
import { type FloatArray, type OpArgs, type Ops, reductions } from '../ops.js';
import { numberOf } from '../roles.js';
import { readFloats, readInts, roundTo, writeFloats } from './memory.js';
import { reduceOps } from './reduce.js';
import { logSumExp } from './softmax.js';

type Settings = Pick<
  OpArgs<'crossEntropy'>,
  'logits' | 'target' | 'weight' | 'rows' | 'classes' | 'ignoreIndex' | 'smoothing' | 'reduction'
>;

/** Visits the loss of each row in order and writes softmaxStats to `stats`. Returns the sum of the losses. */
function forward(settings: Settings, stats: FloatArray, visit?: (row: number, loss: number) => void): number {
  const { rows, classes, ignoreIndex } = settings;
  const smoothing = numberOf(settings.smoothing);
  const logits = readFloats(settings.logits);
  const target = readInts(settings.target);
  const weight = settings.weight === null ? null : readFloats(settings.weight);
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    const { max, sum, log } = logSumExp(logits, start, classes, 1);
    stats[2 * r] = max;
    stats[2 * r + 1] = sum;
    const t = target[r]!;
    let loss = 0;
    if (t !== ignoreIndex) {
      loss = (1 - smoothing) * (weight?.[t] ?? 1) * -(logits[start + t]! - max - log);
      if (smoothing > 0) {
        let spread = 0;
        for (let c = 0; c < classes; c++) spread -= (weight?.[c] ?? 1) * (logits[start + c]! - max - log);
        loss += (smoothing / classes) * spread;
      }
    }
    visit?.(r, loss);
    total += loss;
  }
  return total;
}

/** What the losses are divided by: for the mean Σ weight[target] over the rows that count. */
function divisor(settings: Settings): number {
  if (settings.reduction !== reductions.mean) return 1;
  const target = readInts(settings.target);
  const weight = settings.weight === null ? null : readFloats(settings.weight);
  let total = 0;
  for (let r = 0; r < settings.rows; r++) if (target[r] !== settings.ignoreIndex) total += weight?.[target[r]!] ?? 1;
  return total;
}

function backward(settings: Settings, grad: FloatArray, stats: FloatArray, total: number, out: FloatArray): void {
  const { rows, classes, ignoreIndex, reduction } = settings;
  const smoothing = numberOf(settings.smoothing);
  const logits = readFloats(settings.logits);
  const target = readInts(settings.target);
  const weight = settings.weight === null ? null : readFloats(settings.weight);
  let weightSum = 0;
  for (let c = 0; c < classes; c++) weightSum += weight?.[c] ?? 1;
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    const t = target[r]!;
    if (t === ignoreIndex) {
      out.fill(0, start, start + classes);
      continue;
    }
    const scale = grad[reduction === reductions.none ? r : 0]! / total;
    const hit = (1 - smoothing) * (weight?.[t] ?? 1);
    const spread = smoothing / classes;
    const max = stats[2 * r]!;
    const sum = stats[2 * r + 1]!;
    for (let c = 0; c < classes; c++) {
      const probability = Math.exp(logits[start + c]! - max) / sum;
      const one = hit * (probability - (c === t ? 1 : 0));
      const all = spread * (probability * weightSum - (weight?.[c] ?? 1));
      // Apart: with a total weight of 0 the scale is infinite, and 0 times that is NaN, as in PyTorch.
      out[start + c] = scale * one + scale * all;
    }
  }
}

export const crossEntropyOps: Pick<Ops, 'crossEntropy' | 'crossEntropyBackward' | 'crossEntropyTrain'> = {
  crossEntropy(args) {
    const out = writeFloats(args.out);
    const each = args.reduction === reductions.none;
    const total = divisor(args);
    const sum = forward(args, writeFloats(args.softmaxStats), (r, loss) => {
      if (each) out[r] = loss;
    });
    if (!each) out[0] = sum / total;
    writeFloats(args.total)[0] = total;
    if (args.sum !== null) writeFloats(args.sum)[0] = sum;
  },

  crossEntropyBackward(args) {
    const { grad, softmaxStats, total, out } = args;
    backward(args, readFloats(grad), readFloats(softmaxStats), readFloats(total)[0]!, writeFloats(out));
  },

  crossEntropyTrain(args) {
    const { grad, logits, out, gradLogits, biasGrad, rows, classes } = args;
    const total = divisor(args);
    // Of the dtype of the memory that would hold them between the two ops, for the same rounding.
    const stats = logits.dtype === 'float32' ? new Float32Array(2 * rows) : new Float64Array(2 * rows);
    const sum = forward(args, stats);
    backward(args, readFloats(grad), stats, roundTo(logits, total), writeFloats(gradLogits));
    writeFloats(out)[0] = sum / total;
    if (args.sum !== null) writeFloats(args.sum)[0] = sum;
    if (args.total !== null) writeFloats(args.total)[0] = total;
    if (biasGrad !== null) reduceOps.sum({ x: gradLogits, out: biasGrad, outer: 1, size: rows, inner: classes });
  },
};
