/** The entries of the contract for sums over the ranks of a job. */
import { op } from './traits.js';

export const collectiveContract = {
  /**
   * out[i] = the sum of x[i] over the ranks of this job, divided by a number, for each array of the list; float32. In a program of a native backend only: the
   * process group of the process carries it out, and without one a rank is alone. Passes make the two ops after it of this one.
   */
  allReduce: op({ x: 'ins', out: 'outs', divisor: 'scalar' }, { elementwise: { inputs: ['x'], outputs: ['out'] } }),
  /** Begins an allReduce: x has been read when it returns, out is there after allReduceWait and not to be touched before. */
  allReduceStart: op(
    { x: 'ins', out: 'outs', divisor: 'scalar' },
    { elementwise: { inputs: ['x'], outputs: ['out'] } },
  ),
  /**
   * matmul of one batch, and an allReduce of its product, begun in as many parts, which are rows of it: the first travels while the next is made. out is there after
   * allReduceWait and not to be touched before.
   */
  allReduceMatmulStart: op(
    {
      ...({ a: 'in', b: 'in', out: 'out', m: 'size', n: 'size', k: 'size', transA: 'flag', transB: 'flag' } as const),
      ...({ parts: 'size', divisor: 'scalar' } as const),
    },
    { flops: [[2, 'm', 'n', 'k']] },
  ),
  /** Waits for the sums that began with the same out. */
  allReduceWait: op({ out: 'outs' }),
} as const;
