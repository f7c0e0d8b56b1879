/** Softmax and cross-entropy together, and the gradient for the logits. */
import { type Ops, reductions } from '../ops.js';
import { readFloats, readInts, writeFloats } from './memory.js';
import { reduceOps } from './reduce.js';
import { logSumExp } from './softmax.js';

export const crossEntropyOps: Pick<Ops, 'crossEntropy' | 'crossEntropyBackward' | 'crossEntropyTrain'> = {
  crossEntropy(args) {
    const { rows, classes, ignoreIndex, smoothing, reduction } = args;
    const logits = readFloats(args.logits);
    const target = readInts(args.target);
    const weight = args.weight === null ? null : readFloats(args.weight);
    const out = writeFloats(args.out);
    const logSums = writeFloats(args.logSumExp);
    let lossSum = 0;
    let weightSum = 0;
    for (let r = 0; r < rows; r++) {
      const start = r * classes;
      const { max, log } = logSumExp(logits, start, classes, 1);
      logSums[r] = max + log;
      const t = target[r]!;
      let loss = 0;
      if (t !== ignoreIndex) {
        const w = weight?.[t] ?? 1;
        loss = (1 - smoothing) * w * -(logits[start + t]! - max - log);
        if (smoothing > 0) {
          let spread = 0;
          for (let c = 0; c < classes; c++) spread -= (weight?.[c] ?? 1) * (logits[start + c]! - max - log);
          loss += (smoothing / classes) * spread;
        }
        weightSum += w;
      }
      lossSum += loss;
      if (reduction === reductions.none) out[r] = loss;
    }
    if (reduction === reductions.mean) out[0] = lossSum / weightSum;
    if (reduction === reductions.sum) out[0] = lossSum;
    writeFloats(args.total)[0] = reduction === reductions.mean ? weightSum : 1;
  },

  crossEntropyBackward(args) {
    const { rows, classes, ignoreIndex, smoothing, reduction } = args;
    const grad = readFloats(args.grad);
    const logits = readFloats(args.logits);
    const target = readInts(args.target);
    const weight = args.weight === null ? null : readFloats(args.weight);
    const logSums = readFloats(args.logSumExp);
    const total = readFloats(args.total)[0]!;
    const out = writeFloats(args.out);
    let weightSum = classes;
    if (weight !== null) {
      weightSum = 0;
      for (let c = 0; c < classes; c++) weightSum += weight[c]!;
    }
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
      for (let c = 0; c < classes; c++) {
        const probability = Math.exp(logits[start + c]! - logSums[r]!);
        const one = hit * (probability - (c === t ? 1 : 0));
        const all = spread * (probability * weightSum - (weight?.[c] ?? 1));
        // Apart: with a total weight of 0 the scale is infinite, and 0 times that is NaN, as in PyTorch.
        out[start + c] = scale * one + scale * all;
      }
    }
  },

  crossEntropyTrain(args) {
    const { rows, classes, ignoreIndex, smoothing, reduction } = args;
    const grad = readFloats(args.grad)[0]!;
    const logits = readFloats(args.logits);
    const target = readInts(args.target);
    const weight = args.weight === null ? null : readFloats(args.weight);
    const out = writeFloats(args.gradLogits);
    let weightSum = 0;
    for (let c = 0; c < classes; c++) weightSum += weight?.[c] ?? 1;
    let total = 0;
    for (let r = 0; r < rows; r++) if (target[r] !== ignoreIndex) total += weight?.[target[r]!] ?? 1;
    const divisor = reduction === reductions.mean ? total : 1;
    const spread = smoothing / classes;
    let lossSum = 0;
    for (let r = 0; r < rows; r++) {
      const start = r * classes;
      const t = target[r]!;
      if (t === ignoreIndex) {
        out.fill(0, start, start + classes);
        continue;
      }
      const { max, log } = logSumExp(logits, start, classes, 1);
      const scale = grad / divisor;
      const hit = (1 - smoothing) * (weight?.[t] ?? 1);
      lossSum -= hit * (logits[start + t]! - max - log);
      for (let c = 0; c < classes; c++) {
        const logProbability = logits[start + c]! - max - log;
        const w = weight?.[c] ?? 1;
        const probability = Math.exp(logProbability);
        if (smoothing > 0) lossSum -= spread * w * logProbability;
        const one = hit * (probability - (c === t ? 1 : 0));
        out[start + c] = scale * one + scale * (spread * (probability * weightSum - w));
      }
    }
    writeFloats(args.out)[0] = lossSum / divisor;
    const { gradLogits, biasGrad } = args;
    if (biasGrad !== null) reduceOps.sum({ x: gradLogits, out: biasGrad, outer: 1, size: rows, inner: classes });
  },
};
