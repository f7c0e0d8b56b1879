/** Windows of pooling as they cross the contract: data, so that padding, ceil mode, dilation and adaptive sizes are no cases of an op. */
import type { Layout } from './roles.js';

/**
 * One spatial dimension. Window o takes positions starts[o], starts[o] + dilation, ... below ends[o]; those outside of [0, size) are
 * padding, which is taken by none.
 */
export interface WindowDimension {
  readonly size: number;
  readonly outSize: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly dilation: number;
  /** What an average is divided by: the product over the dimensions. */
  readonly divisors: readonly number[];
}

/** Windows over [batch, channels, sizes...] with one, two or three dimensions. */
export interface Windows {
  readonly batch: number;
  readonly channels: number;
  readonly dims: readonly WindowDimension[];
}

const headNumbers = 3;

/** [batch, channels, D, then for each dimension size, outSize, starts, ends, dilation, divisors]. */
export function encodeWindows({ batch, channels, dims }: Windows): Layout {
  const numbers = [batch, channels, dims.length];
  for (const { size, outSize, starts, ends, dilation, divisors } of dims)
    numbers.push(size, outSize, ...starts, ...ends, dilation, ...divisors);
  return Float64Array.from(numbers);
}

/** The opposite of {@link encodeWindows}. */
export function decodeWindows(layout: Layout): Windows {
  const [batch, channels, count] = layout;
  let at = headNumbers;
  const take = (n: number) => [...layout.subarray(at, (at += n))];
  const dims = Array.from({ length: count! }, (): WindowDimension => {
    const [size, outSize] = take(2) as [number, number];
    const [starts, ends] = [take(outSize), take(outSize)];
    const [dilation] = take(1) as [number];
    return { size, outSize, starts, ends, dilation, divisors: take(outSize) };
  });
  return { batch: batch!, channels: channels!, dims };
}

/** The positions of a window that are no padding, ascending. */
export function positionsOf({ size, starts, ends, dilation }: WindowDimension, window: number): number[] {
  const positions: number[] = [];
  for (let at = starts[window]!; at < ends[window]! && at < size; at += dilation) if (at >= 0) positions.push(at);
  return positions;
}

/** How many positions all windows take together, over all planes. */
export function countPositions(layout: Layout): number {
  const { batch, channels, dims } = decodeWindows(layout);
  return dims.reduce((product, dim) => {
    const taken = Array.from({ length: dim.outSize }, (_, window) => positionsOf(dim, window).length);
    return product * taken.reduce((sum, each) => sum + each, 0);
  }, batch * channels);
}
