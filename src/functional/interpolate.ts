/** Images of another size: nearest neighbours, and polynomials between neighbours. */
import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import { isArray } from '../realm.js';
import { checkShape, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { alongDim, type SparseEntry, type SparseMatrix, sparseMatrix } from './sparse.js';
import { checkFloat } from './support.js';

/** What {@link interpolate} puts between the pixels. */
export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic';

/** Options of {@link interpolate}: either `size` or `scaleFactor`, a number for all spatial dimensions or one for each. */
export interface InterpolateOptions {
  /** Sizes of the output. */
  size?: number | readonly number[];
  /** What sizes are multiplied with; the result is rounded down. */
  scaleFactor?: number | readonly number[];
  /** `'linear'` is for [N, C, L], `'bilinear'` and `'bicubic'` for [N, C, H, W], `'trilinear'` for volumes. Default `'nearest'`. */
  mode?: InterpolateMode;
  /** Whether the centres of the outer pixels stay where they are, instead of the outer borders. Not for nearest. Default false. */
  alignCorners?: boolean;
  /**
   * Whether positions are computed from the sizes instead of from `scaleFactor`: they differ where a size was rounded down. Default false.
   */
  recomputeScaleFactor?: boolean;
}

const modes = ['nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear', 'bicubic'] as const;
const ranks = { linear: 3, bilinear: 4, bicubic: 4, trilinear: 5 } as const;

/**
 * Resizes the spatial dimensions of [N, C, L], [N, C, H, W] or [N, C, D, H, W]. Output pixel i along a dimension of size L and output
 * size M lies at s·(i + 0.5) - 0.5 of the input with s = L/M, or 1/scaleFactor where that is given; at i·(L - 1)/(M - 1) with
 * alignCorners. `'nearest'` takes pixel floor(s·i), `'nearest-exact'` floor(s·(i + 0.5)); the others weigh two neighbours in each
 * dimension (`'bicubic'` four, with a = -0.75). Gradient: grad with the same weights at the pixels that were taken.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html | torch.nn.functional.interpolate}.
 * @throws ShapeError for a rank that a mode is not for, and sizes below 1. @throws ArgumentError unless just one of size and scaleFactor
 * is given, and for alignCorners with a mode that has none.
 */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor {
  const caller = 'interpolate';
  checkFloat(caller, input);
  const settings = readInterpolate(caller, options);
  const { mode, alignCorners } = settings;
  if (input.ndim < 3 || input.ndim > 5)
    throw new ShapeError(
      `${caller}: Input Error: Only 3D, 4D and 5D input Tensors supported (got ${input.ndim}D) for the modes: ` +
        `${modes.join(' | ')} (got ${mode})`,
    );
  const rank = mode === 'nearest' || mode === 'nearest-exact' ? input.ndim : ranks[mode];
  if (input.ndim !== rank)
    throw new ShapeError(`${caller}: Got ${input.ndim}D input, but ${mode} mode needs ${rank}D input`);
  const sizes = input.shape.slice(2);
  const { outSizes, scales } = sizesOf(caller, settings, sizes);
  const shown = (all: readonly number[]) => all.map((size, d) => `${'DHW'.at(d - all.length)}: ${size}`).join(', ');
  if ([...sizes, ...outSizes].some((size) => size < 1))
    throw new ShapeError(
      `${caller}: Input and output sizes should be greater than 0, but got input (${shown(sizes)}) output ` +
        `(${shown(outSizes)})`,
    );
  if (input.shape[1] === 0)
    throw new ShapeError(
      `${caller}: Non-empty ${input.ndim}D data tensor expected but got a tensor with sizes ${formatShape(input.shape)}`,
    );
  checkShape(caller, [input.shape[0]!, input.shape[1]!, ...outSizes]);
  const name = `Upsample${mode[0]!.toUpperCase()}${mode.slice(1)}Backward0`;
  let output = input;
  // The last dimension first, as PyTorch weighs them.
  for (let d = sizes.length - 1; d >= 0; d--) {
    const map = mapOf(mode, sizes[d]!, outSizes[d]!, scales?.[d] ?? null, alignCorners, input.dtype);
    output = alongDim(name, output, d + 2, map);
  }
  return output;
}

/** Options that have been checked as far as that is possible without an input. @internal */
export interface InterpolateSettings {
  readonly size: readonly number[] | number | null;
  readonly scaleFactor: readonly number[] | number | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean;
  readonly recomputeScaleFactor: boolean;
}

/** @internal */
export function readInterpolate(caller: string, options: InterpolateOptions): InterpolateSettings {
  const given = checkOptions(caller, options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor']);
  const { mode = 'nearest', recomputeScaleFactor = false } = given;
  checkOneOf(caller, 'mode', mode, modes);
  checkBoolean(caller, 'recomputeScaleFactor', recomputeScaleFactor);
  if (given.size !== undefined && given.scaleFactor !== undefined)
    throw new ArgumentError(`${caller}: only one of size or scale_factor should be defined`);
  if (given.size === undefined && given.scaleFactor === undefined)
    throw new ArgumentError(`${caller}: either size or scale_factor should be defined`);
  if (given.alignCorners !== undefined) {
    checkBoolean(caller, 'alignCorners', given.alignCorners);
    if (!(mode in ranks))
      throw new ArgumentError(
        `${caller}: align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | ` +
          'trilinear',
      );
  }
  if (recomputeScaleFactor && given.size !== undefined)
    throw new ArgumentError(`${caller}: recompute_scale_factor is not meaningful with an explicit size.`);
  return {
    size: given.size === undefined ? null : numbersOf(caller, 'size', given.size, checkInteger),
    scaleFactor:
      given.scaleFactor === undefined ? null : numbersOf(caller, 'scaleFactor', given.scaleFactor, checkFinite),
    mode,
    alignCorners: given.alignCorners ?? false,
    recomputeScaleFactor,
  };
}

/** A size below 1 is refused where the input's sizes can be named, too. */
function checkInteger(caller: string, what: string, value: unknown): number {
  return typeof value === 'number' && value < 0 && Number.isSafeInteger(value) ? value : checkSize(caller, what, value);
}

function checkFinite(caller: string, what: string, value: unknown): number {
  const number = checkNumber(caller, what, value);
  if (!Number.isFinite(number)) throw new ArgumentError(`${caller}: ${what} must be finite, got ${show(value)}`);
  return number;
}

function numbersOf(
  caller: string,
  what: string,
  value: unknown,
  check: (caller: string, what: string, value: unknown) => number,
): number | readonly number[] {
  if (!isArray(value)) return check(caller, what, value);
  return Object.freeze(readList(caller, `numbers of ${what}`, value, (item) => check(caller, what, item), 3));
}

function sizesOf(
  caller: string,
  { size, scaleFactor, recomputeScaleFactor }: InterpolateSettings,
  sizes: readonly number[],
): { outSizes: number[]; scales: readonly number[] | null } {
  const given = size ?? scaleFactor!;
  const all = typeof given === 'number' ? sizes.map(() => given) : given;
  if (all.length !== sizes.length) {
    const what = size === null ? 'scale_factor' : 'output size';
    throw new ShapeError(
      `${caller}: Input and ${size === null ? 'scale_factor' : 'output'} must have the same number of spatial dimensions, ` +
        `but got input with spatial dimensions of ${formatShape(sizes)} and ${what} of ${formatShape(all)}.`,
    );
  }
  if (size !== null) return { outSizes: [...all], scales: null };
  const outSizes = sizes.map((each, d) => Math.floor(each * all[d]!));
  return { outSizes, scales: recomputeScaleFactor ? null : all };
}

/** One dimension of an interpolation. Positions are rounded as PyTorch rounds them, since the nearest pixel depends on it. */
function mapOf(
  mode: InterpolateMode,
  size: number,
  outSize: number,
  factor: number | null,
  alignCorners: boolean,
  dtype: DType,
): SparseMatrix {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const scale = (() => {
    if (alignCorners) return outSize > 1 ? round((size - 1) / (outSize - 1)) : 0;
    return factor === null ? round(size / outSize) : round(1 / factor);
  })();
  const clamp = (at: number) => Math.min(Math.max(at, 0), size - 1);
  if (mode === 'nearest' || mode === 'nearest-exact') {
    const centre = mode === 'nearest' ? 0 : 0.5;
    return sparseMatrix(size, outSize, (i) => [[clamp(Math.floor(round(round(i + centre) * scale))), 1]]);
  }
  const positionOf = (i: number) => (alignCorners ? round(i * scale) : round(round(scale * (i + 0.5)) - 0.5));
  if (mode === 'bicubic')
    return sparseMatrix(size, outSize, (i) => {
      const at = positionOf(i);
      const first = Math.floor(at);
      return cubic(at - first).map((weight, k): SparseEntry => [clamp(first - 1 + k), weight]);
    });
  return sparseMatrix(size, outSize, (i) => {
    if (size === outSize) return [[i, 1]];
    const at = Math.max(positionOf(i), 0);
    const first = Math.min(Math.floor(at), size - 1);
    const weight = round(Math.min(Math.max(at - first, 0), 1));
    return [
      [first, round(1 - weight)],
      [clamp(first + 1), weight],
    ];
  });
}

/**
 * Weights of the four neighbours of a position `t` behind the second one: Keys, Cubic Convolution Interpolation for Digital Image
 * Processing (IEEE ASSP 1981), with a = -0.75.
 */
function cubic(t: number): number[] {
  const a = -0.75;
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}
