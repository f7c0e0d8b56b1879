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
  /** Waits for the allReduce that began with the same out. */
  allReduceWait: op({ out: 'outs' }),
} as const;
