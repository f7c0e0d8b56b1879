/**
 * The entries of the contract for convolutions.
 *
 * geometry: [batch, channels, outChannels, groups, D, then for each of the D = 1, 2 or 3 spatial dimensions size, outSize, kernel,
 * stride, dilation, padLow, padHigh] (convolution.ts). Images are [batch, channels, sizes...], or [batch, sizes..., channels] where
 * the operand's flag says channelsLast. weight is [outChannels, channels / groups, kernels...]. Transposed convolution is
 * convInputGradient, with input and output exchanged.
 * Each element of a result has one sum, which starts at its bias + 0 and takes its products fused, in order. A tap outside the image
 * is skipped, or multiplied with 0: its weight is taken to be finite.
 * A backend may make a 3×3 convolution of stride 1 by Winograd's F(2×2, 3×3) where the geometry of an image says so
 * (native/ops/README.md): its sums have other roundings, and an infinity or NaN spreads to the 2×2 tiles that see it.
 */
import { postOp } from './post-op.js';
import { op } from './traits.js';

/** Multiply-adds of a convolution, and elements of its result, as its geometry tells. */
const products = { geometry: 'geometry', count: 'products' } as const;
const outputsOf = { geometry: 'geometry', count: 'outputs' } as const;
const inputsOf = { geometry: 'geometry', count: 'inputs' } as const;

export const convContract = {
  /**
   * out[n, o, p] = bias[o] + Σ x[n, c, q]·weight[o, c, t], over the taps t of p that lie in the image, row-major, and for each over the
   * channels c of o's group. Then the post-op over rows (n, p) and columns o, which needs outChannelsLast.
   */
  conv: op(
    {
      x: 'in',
      weight: 'in',
      bias: 'in?',
      out: 'out',
      geometry: 'layout',
      xChannelsLast: 'flag',
      outChannelsLast: 'flag',
      ...postOp,
    },
    {
      flops: [
        [2, products],
        ['program', outputsOf],
        ['bias', outputsOf],
      ],
    },
  ),
  /**
   * The gradient of conv for x: out[n, c, q] = bias[c] + Σ grad[n, o, p]·weight[o, c, t], over the positions p that see q, row-major, and
   * for each over the outChannels of c's group. Then the post-op over rows (n, q) and columns c, which needs outChannelsLast.
   */
  convInputGradient: op(
    {
      grad: 'in',
      weight: 'in',
      bias: 'in?',
      out: 'out',
      geometry: 'layout',
      gradChannelsLast: 'flag',
      outChannelsLast: 'flag',
      ...postOp,
    },
    {
      flops: [
        [2, products],
        ['program', inputsOf],
        ['bias', inputsOf],
      ],
    },
  ),
  /**
   * The gradient of conv for its weight: out[o, c, t] = Σ grad[n, o, p]·x[n, c, q], and for its bias: biasGrad[o] = Σ grad[n, o, p].
   * The batch is cut into chunks, images ascend within one, and chunks are added in pairs: an order that the geometry alone decides.
   */
  convWeightGradient: op(
    {
      grad: 'in',
      x: 'in',
      out: 'out',
      biasGrad: 'out?',
      geometry: 'layout',
      gradChannelsLast: 'flag',
      xChannelsLast: 'flag',
    },
    {
      flops: [
        [2, products],
        ['biasGrad', outputsOf],
      ],
    },
  ),
  /**
   * conv, its post-op and maxPool, an image at a time: what lies between them is not kept, and of the post-op's outputs but the first, which is
   * pooled. outChannelsLast says how out and index lie.
   */
  convMaxPool: op(
    {
      x: 'in',
      weight: 'in',
      bias: 'in?',
      out: 'out',
      index: 'indexOut?',
      geometry: 'layout',
      windows: 'layout',
      xChannelsLast: 'flag',
      outChannelsLast: 'flag',
      ...postOp,
    },
    {
      flops: [[2, products], ['program', outputsOf], ['bias', outputsOf], [{ windows: 'windows' }]],
    },
  ),
  /**
   * maxPoolBackward, convWeightGradient and, where there is an out, convInputGradient of what the first gives: grad and index are of the pool. That
   * is not kept. Then the post-op of out.
   */
  convMaxPoolBackward: op(
    {
      grad: 'in',
      index: 'index',
      x: 'in',
      weight: 'in?',
      out: 'out?',
      weightGrad: 'out',
      biasGrad: 'out?',
      geometry: 'layout',
      windows: 'layout',
      gradChannelsLast: 'flag',
      xChannelsLast: 'flag',
      outChannelsLast: 'flag',
      ...postOp,
    },
    {
      flops: [
        [2, products],
        [2, 'out', products],
        ['program', 'out', inputsOf],
        ['biasGrad', outputsOf],
        [{ windows: 'windows' }],
      ],
    },
  ),
} as const;
