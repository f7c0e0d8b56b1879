/** Connectionist temporal classification, by the recursions over forward and backward variables, with logarithms. */
import { labelStarts } from '../ctc-samples.js';
import type { FloatArray, OpArgs, Ops } from '../ops.js';
import { readFloats, readInts, writeFloats } from './memory.js';

/** log(Σ e^x). */
function logSum(...terms: readonly number[]): number {
  const max = Math.max(...terms);
  if (max === Number.NEGATIVE_INFINITY) return max;
  return max + Math.log(terms.reduce((sum, x) => sum + Math.exp(x - max), 0));
}

/** The classes of a path's states: blank, label, blank, label, ..., blank. */
const statesOf = (labels: Int32Array, blank: number): number[] => [
  blank,
  ...Array.from(labels).flatMap((label) => [label, blank]),
];

/**
 * The logarithm of what all ways from the first state into state s have in common before step t, for all t and s. A state is entered from itself, from the
 * one before, and, when it is a label other than the last one, from the one before that.
 */
function ways(states: readonly number[], steps: number, logProb: (t: number, label: number) => number): number[][] {
  const result: number[][] = [];
  for (let t = 0; t < steps; t++) {
    const before = result[t - 1]?.map((x, s) => x + logProb(t - 1, states[s]!));
    const at = (s: number) => before?.[s] ?? Number.NEGATIVE_INFINITY;
    result.push(
      states.map((label, s) => {
        if (t === 0) return s < 2 ? 0 : Number.NEGATIVE_INFINITY;
        return logSum(at(s), at(s - 1), s % 2 === 1 && label !== states[s - 2] ? at(s - 2) : Number.NEGATIVE_INFINITY);
      }),
    );
  }
  return result;
}

type Args = OpArgs<'ctcLoss'>;

/** The loss of one sample; its gradient, if there is one, to memory that is 0. */
function sample(args: Args, n: number, labels: Int32Array, gradient: FloatArray | null): number {
  const { rows, classes, blank, zeroInfinity } = args;
  const logProbs = readFloats(args.logProbs);
  const steps = readInts(args.inputLengths)[n]!;
  const at = (t: number, label: number) => (t * rows + n) * classes + label;
  const states = statesOf(labels, blank);
  const forward = ways(states, steps, (t, label) => logProbs[at(t, label)]!);
  const last = states.length - 1;
  const ends = [last, last - 1].filter((s) => s >= 0);
  const total =
    steps === 0
      ? labels.length === 0
        ? 0
        : Number.NEGATIVE_INFINITY
      : logSum(...ends.map((s) => forward[steps - 1]![s]! + logProbs[at(steps - 1, states[s]!)]!));
  const isImpossible = total === Number.NEGATIVE_INFINITY;
  if (gradient !== null && !(isImpossible && zeroInfinity)) {
    const reversed = states.toReversed();
    const backward = ways(reversed, steps, (t, label) => logProbs[at(steps - 1 - t, label)]!);
    for (let t = 0; t < steps; t++) {
      for (let c = 0; c < classes; c++) gradient[at(t, c)] = isImpossible ? Number.NaN : Math.exp(logProbs[at(t, c)]!);
      states.forEach((label, s) => {
        const through = forward[t]![s]! + logProbs[at(t, label)]! + backward[steps - 1 - t]![last - s]!;
        gradient[at(t, label)]! -= Math.exp(through - total);
      });
    }
  }
  return isImpossible && zeroInfinity ? 0 : 0 - total;
}

export const ctcOps: Pick<Ops, 'ctcLoss'> = {
  ctcLoss(args) {
    const out = writeFloats(args.out);
    const gradient = args.gradient === null ? null : writeFloats(args.gradient);
    gradient?.fill(0);
    const targets = readInts(args.targets);
    const lengths = readInts(args.targetLengths);
    labelStarts(args).forEach((start, n) => {
      out[n] = sample(args, n, targets.subarray(start, start + lengths[n]!), gradient);
    });
  },
};
