/** The one order in which numbers of several ranks are reduced; native/distributed/reduction.cc does the same in C++. */
import { isFloat32Array, isInt32Array, isUint16Array } from '../realm.js';
import { fromBfloat16, toBfloat16 } from './bfloat16.js';
import type { GroupArray, ReduceOp } from './group.js';

type Combine = (a: number, b: number) => number;

const ofFloats: Readonly<Record<ReduceOp, Combine>> = {
  sum: (a, b) => a + b,
  product: (a, b) => a * b,
  min: (a, b) => (a < b || Number.isNaN(a) ? a : b),
  max: (a, b) => (a > b || Number.isNaN(a) ? a : b),
};
const ofIntegers: Readonly<Record<ReduceOp, Combine>> = { ...ofFloats, sum: (a, b) => (a + b) | 0, product: Math.imul };

/**
 * Reduces leaves to the first by the tree that pairs neighbours, ((0 1) (2 3)) ((4 5) 6), and divides. Overwrites the other leaves. Of
 * float32 each step rounds once: the sum of two in double precision is exact enough. Of bfloat16 the steps are float32's, and the result rounds once.
 */
export function reduceLeaves(leaves: readonly Exclude<GroupArray, Uint8Array>[], op: ReduceOp, divisor: number): void {
  const [half] = leaves;
  if (half !== undefined && isUint16Array(half)) {
    const floats = leaves.map(({ length }) => new Float32Array(length));
    for (const [i, leaf] of leaves.entries()) fromBfloat16(leaf as Uint16Array, floats[i]!);
    reduceLeaves(floats, op, divisor);
    toBfloat16(floats[0]!, half);
    return;
  }
  const combine = (isInt32Array(leaves[0]) ? ofIntegers : ofFloats)[op];
  for (let step = 1; step < leaves.length; step *= 2) {
    for (let i = 0; i + step < leaves.length; i += 2 * step) {
      const to = leaves[i]!;
      const from = leaves[i + step]!;
      for (let j = 0; j < to.length; j++) to[j] = combine(to[j]!, from[j]!);
    }
  }
  const first = leaves[0];
  if (divisor === 1 || first === undefined) return;
  const by = isFloat32Array(first) ? Math.fround(divisor) : divisor;
  for (let j = 0; j < first.length; j++) first[j] = first[j]! / by;
}
