/**
 * Ops that are bookkeeping, not arithmetic: every backend runs these on the host. They are ops all the same, so that a
 * traced program does them again at each run.
 */
import { ArgumentError, BackendError } from '../errors.js';
import { checkCtcSamples } from './ctc-samples.js';
import { NotFiniteError } from './graph.js';
import { groupState } from './group-tasks.js';
import type { Ops } from './ops.js';
import { numberOf } from './roles.js';

/** What `checkRange` says, by number: PyTorch's sentences. The same list is native/program/range_laws.inc. */
export const rangeLaws = [
  'all elements of input should be between 0 and 1',
  'all elements of target should be between 0 and 1',
  'var has negative entry/entries',
  'target out of range',
  "argument #2 'target' is out of range",
  'index out of range in self',
  'offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0',
  "offsets[-1] can not be greater than input's length",
] as const;
export type RangeLaw = (typeof rangeLaws)[number];

/**
 * What a sum over ranks is for one that is alone. Ranks are waited for by programs of a native backend or by promises; a call must not block.
 */
function sumOfOne({ x, out, divisor }: Parameters<Ops['allReduce']>[0]): void {
  if (groupState.isOpen)
    throw new BackendError(
      'sums over ranks are part of programs of a native backend; eagerly they are promises (distributed.allReduce)',
    );
  const by = Math.fround(numberOf(divisor));
  for (const [i, memory] of x.entries()) {
    const sums = out[i]!.write();
    for (const [j, value] of memory.read().entries()) sums[j] = by === 1 ? value : value / by;
  }
}

export const hostOps: Pick<
  Ops,
  | 'drawKey'
  | 'draw'
  | 'checkIndex'
  | 'checkTarget'
  | 'checkRange'
  | 'checkCtc'
  | 'checkFinite'
  | 'allReduce'
  | 'allReduceStart'
  | 'allReduceMatmulStart'
  | 'allReduceWait'
> = {
  allReduce: sumOfOne,
  allReduceStart: sumOfOne,
  // On the backend that this is an op of.
  allReduceMatmulStart(this: Pick<Ops, 'matmul'>, { a, b, out, m, n, k, transA, transB, divisor }) {
    this.matmul({ a, b, out, batch: 1, m, n, k, transA, transB, aStride: 0, bStride: 0 });
    sumOfOne({ x: [out], out: [out], divisor });
  },
  allReduceWait({ out }) {
    for (const memory of out) memory.write();
  },

  drawKey({ source, key }) {
    key.write().set(source.nextKey());
  },

  draw({ draw, out }) {
    draw.fill(out.write());
  },

  checkIndex({ index, bound, dim }) {
    for (const i of index.read())
      if (i < 0 || i >= bound)
        throw new ArgumentError(`index ${i} is out of bounds for dimension ${dim} with size ${bound}`);
  },

  checkTarget({ target, classes, ignoreIndex }) {
    for (const [row, t] of target.read().entries())
      if ((t < 0 || t >= classes) && t !== ignoreIndex)
        throw new ArgumentError(
          `Target ${t} is out of bounds. It is the label of row ${row}; there are ${classes} classes`,
        );
  },

  checkRange({ x, n, low, high, law }) {
    const values = x.read();
    const [least, most] = [numberOf(low), numberOf(high)];
    for (let i = 0; i < n; i++)
      // Negated, so that NaN is refused.
      if (!(values[i]! >= least && values[i]! <= most)) throw new ArgumentError(rangeLaws[law]!);
  },

  checkCtc: checkCtcSamples,

  checkFinite({ x, n, layer }) {
    const values = x.read();
    for (let i = 0; i < n; i++) if (!Number.isFinite(values[i])) throw new NotFiniteError(layer);
  },
};
