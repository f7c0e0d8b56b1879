/**
 * Whether lanewise's numbers are PyTorch's.
 *
 * The oracle is PyTorch in float64. It also says how far rounding can carry a network: it trains from weights and inputs changed by a few
 * units in the last place, with what each layer gives and its gradient changed as much, in float64 and in float32, and the largest change of
 * each tensor is its noise. A number may be off by 8 times that
 * (a few runs do not meet the worst), and by a share of the largest element of its tensor:
 * - in float64 on the reference by 1e-10, which no mistake of a formula passes;
 * - in float32 by 1e-5, the bound of the golden tests.
 * Sums that cancel leave units in the last place of what was added up: 16 of the largest number of the stage, or of 1, are let through.
 */

import type { Float, Results } from './network.js';
import type { Answer, Expected } from './peer.js';

const shares = { float64: 1e-10, float32: 1e-5 } as const;
const ulps = { float64: 2 ** -53, float32: 2 ** -24 } as const;
const noiseFactor = 8;

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);

type Stage = Readonly<Record<string, Expected>>;

const largestOf = (stage: Stage): number => Math.max(1, ...Object.values(stage).map(({ values }) => largest(values)));

function differenceOf(
  what: string,
  found: Float64Array | undefined,
  expected: Expected,
  dtype: Float,
  most: number,
): string | null {
  const { values, noise } = expected;
  if (found === undefined) return `${what} is missing`;
  if (found.length !== values.length) return `${what} has ${found.length} numbers, PyTorch's ${values.length}`;
  const bound =
    shares[dtype] * largest(values) + noiseFactor * noise[dtype === 'float64' ? 0 : 1] + 16 * ulps[dtype] * most;
  for (let i = 0; i < values.length; i++) {
    const [a, b] = [found[i]!, values[i]!];
    if (Object.is(a, b) || Math.abs(a - b) <= bound) continue;
    const off = Math.abs(a - b).toExponential(2);
    return `${what}[${i}] is ${a}, PyTorch's ${b}: off by ${off}, bound ${bound.toExponential(2)}`;
  }
  return null;
}

/** The first difference, or null. */
export function compare({ first, after }: Results, answer: Answer, dtype: Float, hasGradients: boolean): string | null {
  for (const [name, expected] of Object.entries(answer.first)) {
    if (!hasGradients && name !== 'output' && name !== 'input') continue;
    const isGradient = name !== 'output';
    const found = differenceOf(
      isGradient ? `gradient of ${name}` : name,
      first[name],
      expected,
      dtype,
      largestOf(answer.first),
    );
    if (found !== null) return `step 1: ${found}`;
  }
  for (const [name, expected] of Object.entries(answer.after)) {
    const found = differenceOf(name, after[name], expected, dtype, largestOf(answer.after));
    if (found !== null) return `at the end: ${found}`;
  }
  return null;
}

/** Initial weights are drawn alike: 1 unit in the last place for the sum of a scaled number. */
export function compareInitial(initial: Readonly<Record<string, Float64Array>>, answer: Answer): string | null {
  const [ours, theirs] = [Object.keys(initial), Object.keys(answer.initial)];
  if (ours.join() !== theirs.join()) return `the state has ${ours.join(', ')}, PyTorch's ${theirs.join(', ')}`;
  for (const [name, values] of Object.entries(answer.initial)) {
    const found = initial[name]!;
    if (found.length !== values.length)
      return `initial ${name} has ${found.length} numbers, PyTorch's ${values.length}`;
    // A NaN is near nothing.
    const i = values.findIndex((value, at) => !(Math.abs(value - found[at]!) <= 1.2e-7 * Math.abs(value)));
    if (i >= 0) return `initial ${name}[${i}] is ${found[i]}, PyTorch's ${values[i]}`;
  }
  return null;
}
