/** Transforms of images, as torchvision's: on whole batches, native, and traced by `compile` and `fit`. */
export { Normalize } from './normalize.js';
export { RandomCrop, type RandomCropOptions } from './random-crop.js';
export { RandomHorizontalFlip, type RandomTransformOptions } from './random-horizontal-flip.js';
export { toTensor } from './to-tensor.js';
export { Compose, type Transform } from './transform.js';
