import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { isArray } from '../../realm.js';
import { tensor } from '../../tensor/from-values.js';
import { checkShape, formatShape, numelOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/**
 * Images of bytes, as decoders give them, as float32 tensors: the channels of a pixel next to one another become planes, and 0 to 255 becomes 0 to 1.
 * As {@link https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html | torchvision's ToTensor} of an array. On the calling thread,
 * about a millisecond for a million bytes: once, before the training.
 * @param pixels of one image or of several.
 * @param shape [H, W, C], or [N, H, W, C].
 * @returns [C, H, W], or [N, C, H, W].
 * @throws ArgumentError, ShapeError for other arrays, and for a shape that is not theirs.
 */
export function toTensor(pixels: Uint8Array | Uint8ClampedArray, shape: readonly number[]): Tensor {
  const caller = 'toTensor';
  if (!(ArrayBuffer.isView(pixels) && pixels.BYTES_PER_ELEMENT === 1 && pixels[Symbol.toStringTag].startsWith('Uint8')))
    throw new ArgumentError(`${caller}: expected a Uint8Array, got ${show(pixels)}`);
  if (!isArray(shape) || (shape.length !== 3 && shape.length !== 4))
    throw new ShapeError(`${caller}: expected a shape [H, W, C] or [N, H, W, C], got ${show(shape)}`);
  const sizes = checkShape(caller, shape);
  if (numelOf(sizes) !== pixels.length)
    throw new ShapeError(`${caller}: ${pixels.length} bytes cannot have the shape ${formatShape(sizes)}`);
  const images = tensor(Float32Array.from(pixels), { shape: sizes }).div(255);
  return sizes.length === 3 ? images.permute([2, 0, 1]) : images.permute([0, 3, 1, 2]);
}
