import { checkNumber, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { isArray } from '../../realm.js';
import { tensor } from '../../tensor/from-values.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { asBatch, type Transform } from './transform.js';

/**
 * (image[c] - mean[c]) / std[c] for each channel c, as
 * {@link https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html | torchvision's}.
 */
export class Normalize implements Transform {
  /** Of each channel. */
  readonly mean: readonly number[];
  /** Of each channel. */
  readonly std: readonly number[];

  /**
   * @param mean a number for each channel. @param std the same, none of them 0.
   * @throws ArgumentError
   */
  constructor(mean: readonly number[], std: readonly number[]) {
    this.mean = readNumbers('mean', mean);
    this.std = readNumbers('std', std);
    if (this.mean.length !== this.std.length)
      throw new ArgumentError(`Normalize: ${this.mean.length} means, but ${this.std.length} standard deviations`);
    if (this.std.some((each) => Math.fround(each) === 0))
      throw new ArgumentError(
        'Normalize: std evaluated to zero after conversion to float32, leading to division by zero.',
      );
  }

  /** @throws ShapeError for images of another number of channels. */
  forward(images: Tensor): Tensor {
    asBatch('Normalize', images);
    const channels = this.mean.length;
    if (images.shape.at(-3) !== channels)
      throw new ShapeError(
        `Normalize: expected images of ${channels} channels, got shape ${formatShape(images.shape)}`,
      );
    const of = (numbers: readonly number[]) => tensor(numbers, { dtype: images.dtype }).reshape([channels, 1, 1]);
    return images.sub(of(this.mean)).div(of(this.std));
  }
}

function readNumbers(what: string, value: unknown): readonly number[] {
  if (!isArray(value) || value.length === 0)
    throw new ArgumentError(`Normalize: ${what} must be a list of numbers, one for each channel, got ${show(value)}`);
  return value.map((each) => checkNumber('Normalize', what, each));
}
