/**
 * The entries of the contract for pooling.
 *
 * windows: [batch, channels, D, then for each of the D = 1, 2 or 3 spatial dimensions size, outSize, starts, ends, dilation, divisors]
 * (windows.ts). A plane is the pixels of one channel of one image; images are [batch, channels, sizes...], or [batch, sizes...,
 * channels] where the operand's flag says channelsLast. Positions of a window outside the image are padding and take no part.
 */
import { op } from './traits.js';

/** A comparison or an addition for each position of each window. */
const positions = { windows: 'windows' } as const;

export const poolContract = {
  /**
   * The largest of each window and where it stands in its plane: the first of equals; a NaN wins, and of several the last.
   * A window without a position gives -Infinity and -1. index lies as out does.
   */
  maxPool: op(
    {
      x: 'in',
      out: 'out',
      index: 'indexOut?',
      windows: 'layout',
      xChannelsLast: 'flag',
      outChannelsLast: 'flag',
    },
    { flops: [[positions]] },
  ),
  /** Its gradient: out[index[w]] += grad[w] from 0, windows ascending. An index outside of its window counts for none. */
  maxPoolBackward: op({
    grad: 'in',
    index: 'index',
    out: 'out',
    windows: 'layout',
    gradChannelsLast: 'flag',
    outChannelsLast: 'flag',
  }),
  /** The sum of each window, positions ascending, divided by the product of its divisors. */
  avgPool: op(
    { x: 'in', out: 'out', windows: 'layout', xChannelsLast: 'flag', outChannelsLast: 'flag' },
    { flops: [[positions]] },
  ),
  /** Its gradient: out[p] += grad[w] / divisor from 0 for each position p of each window w, windows ascending. */
  avgPoolBackward: op(
    { grad: 'in', out: 'out', windows: 'layout', gradChannelsLast: 'flag', outChannelsLast: 'flag' },
    { flops: [[positions]] },
  ),
} as const;
