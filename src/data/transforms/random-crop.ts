import { checkNumber, checkOptions, checkSize } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { pad } from '../../functional/pad.js';
import type { Generator } from '../../random/generator.js';
import { arange, zeros } from '../../tensor/creation.js';
import { randint } from '../../tensor/random.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type RandomTransformOptions, readGenerator } from './random-horizontal-flip.js';
import { samplePixels } from './sample.js';
import { asBatch, readPair, type Transform } from './transform.js';

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions extends RandomTransformOptions {
  /** Pixels that are put around the image before it is cut: on all four sides, or [above and below, left and right]. Default 0. */
  padding?: number | readonly [number, number];
  /** What they hold. Default 0. */
  fill?: number;
}

/**
 * Cuts a part of a given size out of each image, at a place chosen at random. As
 * {@link https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html | torchvision's} for one image, of which it has the
 * draws: the row, then the column, none where the image has that size. Of a batch each image has its own place, rows `randint(0, H - h + 1, [N])`
 * and then columns; torchvision takes one place for all.
 */
export class RandomCrop implements Transform {
  /** [height, width]. */
  readonly size: readonly [number, number];
  /** [above and below, left and right]. */
  readonly padding: readonly [number, number];
  /** What stands beyond the borders. */
  readonly fill: number;
  /** Where random numbers come from. */
  readonly generator: Generator;

  /** @param size [height, width], or one number for both. @throws ArgumentError */
  constructor(size: number | readonly [number, number], options?: RandomCropOptions) {
    const caller = 'RandomCrop';
    const { padding = 0, fill = 0, ...rest } = checkOptions(caller, options, ['padding', 'fill', 'generator']);
    this.size = readPair(caller, 'size', size, (...given) => checkSize(...given, 1));
    this.padding = readPair(caller, 'padding', padding, (...given) => checkSize(...given));
    this.fill = checkNumber(caller, 'fill', fill);
    this.generator = readGenerator(caller, rest);
  }

  /** @throws ShapeError for images that are smaller, with their padding, than what is cut out. */
  forward(images: Tensor): Tensor {
    const [above, left] = this.padding;
    const batch = pad(asBatch('RandomCrop', images), [left, left, above, above], { value: this.fill });
    const [count, channels, height, width] = batch.shape as readonly [number, number, number, number];
    const [h, w] = this.size;
    if (h > height || w > width)
      throw new ShapeError(
        `RandomCrop: Required crop size (${h}, ${w}) is larger than input image size (${height}, ${width})`,
      );
    const isWhole = h === height && w === width;
    const place = (room: number): Tensor => {
      if (isWhole) return zeros([count, 1], { dtype: 'int32' });
      return randint(0, room + 1, [count, 1], { generator: this.generator });
    };
    const rows = place(height - h).add(arange(h, { dtype: 'int32' }));
    const columns = place(width - w).add(arange(w, { dtype: 'int32' }));
    const cut = samplePixels(batch, rows, columns);
    return images.ndim === 3 ? cut.reshape([channels, h, w]) : cut;
  }
}
