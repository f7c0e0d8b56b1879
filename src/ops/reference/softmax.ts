/** Softmax and its logarithm along the middle of [outer, size, inner], and their gradients. */
import type { FloatArray, Ops } from '../ops.js';
import { readFloats, writeFloats } from './memory.js';

/**
 * log Σ exp(x) over `size` elements, `stride` apart, as max, sum = Σ exp(x - max) and its logarithm: max + log would
 * round away what x - max - log keeps. A NaN, a +Infinity or nothing but -Infinity gives NaN.
 */
export function logSumExp(x: FloatArray, start: number, size: number, stride: number) {
  let max = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < size; s++) if (x[start + s * stride]! > max) max = x[start + s * stride]!;
  let sum = 0;
  for (let s = 0; s < size; s++) sum += Math.exp(x[start + s * stride]! - max);
  return { max, sum, log: Math.log(sum) };
}

/** Calls `visit` with the first element of each of the outer·inner lines. */
function forEachLine(args: { outer: number; size: number; inner: number }, visit: (start: number) => void): void {
  const { outer, size, inner } = args;
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * size * inner + i);
}

export const softmaxOps: Pick<Ops, 'softmax' | 'softmaxBackward'> = {
  softmax(args) {
    const { size, inner } = args;
    const source = readFloats(args.x);
    const target = writeFloats(args.out);
    forEachLine(args, (start) => {
      const { max, log } = logSumExp(source, start, size, inner);
      for (let at = start, s = 0; s < size; s++, at += inner) {
        const logProbability = source[at]! - max - log;
        target[at] = args.log ? logProbability : Math.exp(logProbability);
      }
    });
  },

  softmaxBackward(args) {
    const { size, inner } = args;
    const grad = readFloats(args.grad);
    const y = readFloats(args.y);
    const target = writeFloats(args.out);
    forEachLine(args, (start) => {
      let total = 0;
      for (let at = start, s = 0; s < size; s++, at += inner) total += grad[at]! * (args.log ? 1 : y[at]!);
      for (let at = start, s = 0; s < size; s++, at += inner)
        target[at] = args.log ? grad[at]! - Math.exp(y[at]!) * total : y[at]! * (grad[at]! - total);
    });
  },
};
