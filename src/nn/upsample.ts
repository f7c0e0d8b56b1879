import {
  type InterpolateMode,
  type InterpolateOptions,
  interpolate,
  readInterpolate,
} from '../functional/interpolate.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameChannels } from './features.js';
import { Module } from './module.js';

/**
 * Resizes the spatial dimensions of [N, C, L], [N, C, H, W] or [N, C, D, H, W]. See {@link interpolate}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html | torch.nn.Upsample}.
 */
export class Upsample extends Module {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Sizes of the output, or null where scaleFactor says them. */
  readonly size: number | readonly number[] | null;
  /** What sizes are multiplied with, or null. */
  readonly scaleFactor: number | readonly number[] | null;
  /** What is put between the pixels. */
  readonly mode: InterpolateMode;
  /** Whether the centres of the outer pixels stay where they are; null where the mode has no such choice. */
  readonly alignCorners: boolean | null;
  /** Whether positions are computed from the sizes instead of from scaleFactor. */
  readonly recomputeScaleFactor: boolean;

  /** @throws ArgumentError unless just one of size and scaleFactor is given, and for alignCorners with mode `'nearest'`. */
  constructor(options: InterpolateOptions) {
    super();
    const { size, scaleFactor, mode, recomputeScaleFactor, alignCorners } = readInterpolate('Upsample', options);
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = mode === 'nearest' || mode === 'nearest-exact' ? null : alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  /** @throws ShapeError for a rank that the mode is not for. */
  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, {
      ...(size === null ? {} : { size }),
      ...(scaleFactor === null ? {} : { scaleFactor }),
      ...(alignCorners === null ? {} : { alignCorners }),
      mode,
      recomputeScaleFactor,
    });
  }

  override extraRepr(): string {
    const what =
      this.scaleFactor === null ? `size=${pythonRepr(this.size)}` : `scale_factor=${floatRepr(this.scaleFactor)}`;
    return `${what}, mode=${pythonRepr(this.mode)}`;
  }
}

/** A number, or several, as Python prints what it has converted to float: 2 as 2.0. */
function floatRepr(value: number | readonly number[]): string {
  if (typeof value !== 'number') return `(${value.map(floatRepr).join(', ')}${value.length === 1 ? ',' : ''})`;
  const text = pythonRepr(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
