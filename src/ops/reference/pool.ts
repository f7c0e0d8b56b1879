/** Pooling over windows that are given as data, and its gradients. */
import type { Layout, Ops } from '../ops.js';
import { decodeWindows, positionsOf } from '../windows.js';
import { readFloats, readInts, writeFloats, writeInts } from './memory.js';

/** A window of one plane: its number among the outputs, the plane's positions in it, and its divisor. */
interface Window {
  readonly positions: readonly number[];
  readonly divisor: number;
}

/** All windows of a plane, row-major, and how many positions a plane has. */
function planeOf(layout: Layout): { batch: number; channels: number; size: number; windows: Window[] } {
  const { batch, channels, dims } = decodeWindows(layout);
  let windows: Window[] = [{ positions: [0], divisor: 1 }];
  for (const dim of dims) {
    const next = dim.divisors.map((divisor, o) => ({ positions: positionsOf(dim, o), divisor }));
    windows = windows.flatMap((outer) =>
      next.map((inner) => ({
        positions: outer.positions.flatMap((a) => inner.positions.map((b) => a * dim.size + b)),
        divisor: outer.divisor * inner.divisor,
      })),
    );
  }
  return { batch, channels, size: dims.reduce((product, dim) => product * dim.size, 1), windows };
}

/** Where position `at` of a plane stands. */
type Place = (at: number) => number;

/** Calls `visit` with how the planes of an input and an output of `outSize` positions lie. */
function forEachPlane(
  { batch, channels, size, windows }: ReturnType<typeof planeOf>,
  [inputChannelsLast, outputChannelsLast]: readonly [boolean, boolean],
  visit: (input: Place, output: Place) => void,
): void {
  const place = (n: number, c: number, length: number, channelsLast: boolean): Place =>
    channelsLast ? (at) => (n * length + at) * channels + c : (at) => (n * channels + c) * length + at;
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      visit(place(n, c, size, inputChannelsLast), place(n, c, windows.length, outputChannelsLast));
}

export const poolOps: Pick<Ops, 'maxPool' | 'maxPoolBackward' | 'avgPool' | 'avgPoolBackward'> = {
  maxPool(args) {
    const x = readFloats(args.x);
    const out = writeFloats(args.out);
    const index = args.index === null ? null : writeInts(args.index);
    const plane = planeOf(args.windows);
    forEachPlane(plane, [args.xChannelsLast, args.outChannelsLast], (input, output) => {
      for (const [o, { positions }] of plane.windows.entries()) {
        let best = Number.NEGATIVE_INFINITY;
        let where = positions[0] ?? -1;
        for (const at of positions) {
          const value = x[input(at)]!;
          if (value > best || Number.isNaN(value)) [best, where] = [value, at];
        }
        out[output(o)] = best;
        if (index !== null) index[output(o)] = where;
      }
    });
  },

  maxPoolBackward(args) {
    const [grad, index] = [readFloats(args.grad), readInts(args.index)];
    const out = writeFloats(args.out).fill(0);
    const sums = new Float64Array(out.length);
    const plane = planeOf(args.windows);
    forEachPlane(plane, [args.outChannelsLast, args.gradChannelsLast], (input, output) => {
      for (const [o, { positions }] of plane.windows.entries()) {
        const where = index[output(o)]!;
        if (positions.includes(where)) sums[input(where)]! += grad[output(o)]!;
      }
    });
    out.set(sums);
  },

  avgPool(args) {
    const x = readFloats(args.x);
    const out = writeFloats(args.out);
    const plane = planeOf(args.windows);
    forEachPlane(plane, [args.xChannelsLast, args.outChannelsLast], (input, output) => {
      for (const [o, { positions, divisor }] of plane.windows.entries())
        out[output(o)] = positions.reduce((sum, at) => sum + x[input(at)]!, 0) / divisor;
    });
  },

  avgPoolBackward(args) {
    const grad = readFloats(args.grad);
    const out = writeFloats(args.out);
    const sums = new Float64Array(out.length);
    const plane = planeOf(args.windows);
    forEachPlane(plane, [args.outChannelsLast, args.gradChannelsLast], (input, output) => {
      for (const [o, { positions, divisor }] of plane.windows.entries())
        for (const at of positions) sums[input(at)]! += grad[output(o)]! / divisor;
    });
    out.set(sums);
  },
};
