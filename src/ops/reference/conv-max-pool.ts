/** A convolution with the max pool behind it, and their gradients. */
import { decodeGeometry, pixelsOf } from '../convolution.js';
import type { Ops } from '../ops.js';
import { convOps } from './conv.js';
import { temporary } from './memory.js';
import { poolOps } from './pool.js';

const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };

export const convMaxPoolOps: Pick<Ops, 'convMaxPool' | 'convMaxPoolBackward'> = {
  convMaxPool({ out, index, windows, outChannelsLast, ...conv }) {
    const { batch, outChannels } = decodeGeometry(conv.geometry);
    const product = temporary(out.dtype, batch * outChannels * pixelsOf(decodeGeometry(conv.geometry)).outputs);
    convOps.conv({ ...conv, out: product, outChannelsLast: true });
    poolOps.maxPool({ x: product, out, index, windows, xChannelsLast: true, outChannelsLast });
  },

  convMaxPoolBackward(args) {
    const { grad: pooled, index, x, weight, out, weightGrad, biasGrad, geometry, windows, ...rest } = args;
    const { gradChannelsLast, xChannelsLast, outChannelsLast, ...postOp } = rest;
    const { batch, outChannels } = decodeGeometry(geometry);
    const grad = temporary(pooled.dtype, batch * outChannels * pixelsOf(decodeGeometry(geometry)).outputs);
    poolOps.maxPoolBackward({ grad: pooled, index, out: grad, windows, gradChannelsLast, outChannelsLast: true });
    const layouts = { geometry, gradChannelsLast: true };
    convOps.convWeightGradient({ grad, x, out: weightGrad, biasGrad, ...layouts, xChannelsLast });
    if (weight === null || out === null) return;
    const following = postOp.program === null ? noPostOp : postOp;
    convOps.convInputGradient({ grad, weight, bias: null, out, ...layouts, outChannelsLast, ...following });
  },
};
