/** What a transform is, transforms one after the other, and checks that all of them share. */
import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { isArray } from '../../realm.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';

/**
 * Changes images [N, C, H, W], or one image [C, H, W], float32 or float64. It computes with functions of tensors only, so `compile` and the option `transform`
 * of `fit` trace it: what is random is drawn again at each run.
 */
export interface Transform {
  /** Gives the transformed images. */
  forward(images: Tensor): Tensor;
}

/** Transforms one after the other, as {@link https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html | torchvision's}. */
export class Compose implements Transform {
  /** The transforms, first to last. */
  readonly transforms: readonly Transform[];

  /** @throws ArgumentError for anything but a list of objects with a method `forward`. */
  constructor(transforms: readonly Transform[]) {
    const isTransform = (each: unknown): boolean => typeof (each as Transform | null)?.forward === 'function';
    if (!isArray(transforms) || !transforms.every(isTransform))
      throw new ArgumentError(`Compose: expected a list of transforms, got ${show(transforms)}`);
    this.transforms = [...transforms];
  }

  /** Gives the transformed images. */
  forward(images: Tensor): Tensor {
    return this.transforms.reduce((changed, transform) => transform.forward(changed), images);
  }
}

/** The same images as [N, C, H, W]. @throws ArgumentError, ShapeError unless they are float images. */
export function asBatch(caller: string, images: unknown): Tensor {
  if (!(images instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(images)}`);
  if (images.dtype === 'int32')
    throw new ArgumentError(
      `${caller}: expected float32 or float64 images, got int32; data.transforms.toTensor makes them`,
    );
  if (images.ndim === 4) return images;
  if (images.ndim === 3) return images.unsqueeze(0);
  throw new ShapeError(`${caller}: expected images [N, C, H, W] or [C, H, W], got shape ${formatShape(images.shape)}`);
}

/** A number for both directions, or one for each. @throws ArgumentError */
export function readPair(
  caller: string,
  what: string,
  value: unknown,
  check: (caller: string, what: string, value: unknown) => number,
): readonly [number, number] {
  if (!isArray(value)) {
    const both = check(caller, what, value);
    return [both, both];
  }
  if (value.length !== 2)
    throw new ArgumentError(`${caller}: ${what} must be a number or a pair of them, got ${show(value)}`);
  return [check(caller, what, value[0]), check(caller, what, value[1])];
}
