/**
 * The entries of the contract for normalisation.
 *
 * Of batch norm images are [batch, channels, pixels], or [batch, pixels, channels] when channelsLast, and mean and variance are those
 * of a channel: mean = Σ x / n and variance = Σ (x - mean)² / n over batch and pixels. They are computed for each block of 1024 pixels of
 * an image and merged two by two (Chan et al., Updating formulae, 1979). rstd = 1 / √(variance + eps). weight and bias are 1 and 0 where null.
 */
import { op } from './traits.js';

const images = { batch: 'size', channels: 'size', pixels: 'size' } as const;
const groups = { outer: 'size', groups: 'size', channels: 'size', inner: 'size' } as const;

export const normContract = {
  /** out = (x - mean)·rstd·weight + bias. */
  batchNorm: op(
    {
      x: 'in',
      weight: 'in?',
      bias: 'in?',
      out: 'out',
      mean: 'out',
      variance: 'out',
      ...images,
      eps: 'scalar',
      channelsLast: 'flag',
    },
    { flops: [[7, 'batch', 'channels', 'pixels']] },
  ),
  /**
   * Its gradients: biasGrad = Σ grad, weightGrad = Σ grad·(x - mean)·rstd over batch and pixels, and
   * out = weight·rstd·(grad - biasGrad / n - (x - mean)·rstd·weightGrad / n).
   */
  batchNormBackward: op(
    {
      grad: 'in',
      x: 'in',
      weight: 'in?',
      mean: 'in',
      variance: 'in',
      out: 'out?',
      weightGrad: 'out?',
      biasGrad: 'out?',
      ...images,
      eps: 'scalar',
      channelsLast: 'flag',
    },
    {
      flops: [
        [4, 'batch', 'channels', 'pixels'],
        ['out', 5, 'batch', 'channels', 'pixels'],
      ],
    },
  ),
  /**
   * x is [outer, groups, channels, inner]; mean and variance [outer, groups] are those of channels·inner elements each; weight and bias are
   * [groups, channels]. out = (x - mean)·rstd·weight + bias. Not centered: the mean is 0, and so the variance that of RMS norm.
   * Layer norm has one group and inner 1, instance norm one channel in each group.
   */
  layerNorm: op(
    {
      x: 'in',
      weight: 'in?',
      bias: 'in?',
      out: 'out',
      mean: 'out',
      variance: 'out',
      ...groups,
      eps: 'scalar',
      centered: 'flag',
    },
    { flops: [[7, 'outer', 'groups', 'channels', 'inner']] },
  ),
  /**
   * Its gradients: with g = grad·weight, y = (x - mean)·rstd and n = channels·inner, out = rstd·(g - Σ g / n - y·Σ g·y / n), without
   * Σ g / n when not centered; weightGrad = Σ grad·y and biasGrad = Σ grad over outer and inner.
   */
  layerNormBackward: op(
    {
      grad: 'in',
      x: 'in',
      weight: 'in?',
      mean: 'in',
      variance: 'in',
      out: 'out?',
      weightGrad: 'out?',
      biasGrad: 'out?',
      ...groups,
      eps: 'scalar',
      centered: 'flag',
    },
    { flops: [[12, 'outer', 'groups', 'channels', 'inner']] },
  ),
} as const;
