/** Gradient checks of functions over space, and of dropout of channels. */
import { functional as F, Generator } from '../../src/index.js';
import { numbers, of, on } from './gradient-inputs.js';

const dropouts = (
  [
    ['dropout1d', [3, 4, 3]],
    ['dropout3d', [3, 4, 2, 1, 2]],
    ['alphaDropout', [4, 9]],
    ['featureAlphaDropout', [3, 4, 2]],
  ] as const
).flatMap(([name, shape]) =>
  (['counter', 'mt19937'] as const).map((masks) =>
    on(name, masks, [...shape], (x) => F[name](x, 0.4, true, new Generator(3, { masks }))),
  ),
);

const pads: readonly (readonly [string, number[], number[]])[] = [
  ['one', [2, 5], [2, 1]],
  ['two', [2, 3, 4], [1, 0, 2, 1]],
  ['cut off', [2, 3, 5], [-1, 2, 0, -1]],
];

const resized: readonly (readonly [string, number[], Parameters<typeof F.interpolate>[1]])[] = [
  ['nearest', [2, 3, 4], { size: 7 }],
  ['nearest, smaller', [1, 2, 5, 3], { size: [2, 4] }],
  ['linear', [2, 2, 5], { scaleFactor: 1.3, mode: 'linear' }],
  ['bilinear', [1, 2, 3, 4], { scaleFactor: 2, mode: 'bilinear' }],
  ['bilinear, corners', [1, 2, 5, 4], { size: [3, 7], mode: 'bilinear', alignCorners: true }],
  ['bicubic', [1, 1, 3, 4], { size: [5, 3], mode: 'bicubic' }],
  ['trilinear', [1, 1, 2, 3, 2], { size: [3, 2, 4], mode: 'trilinear' }],
];

export const spaceGradientCases = [
  ...dropouts,
  on('lockedDropout', '', [3, 4, 2], (x) => F.lockedDropout(x, 0.4, true, {}, new Generator(3))),
  ...pads.flatMap(([detail, shape, sides]) =>
    (['constant', 'reflect', 'replicate', 'circular'] as const).map((mode) =>
      on('pad', `${mode}, ${detail}`, shape, (x) => F.pad(x, sides, mode)),
    ),
  ),
  on('pad', 'a number', [2, 3], (x) => F.pad(x, [1, 2, -1, 0], { value: 2 })),
  on('unflatten', '', [2, 6], (x) => F.unflatten(x, 1, [2, -1])),
  on('pixelShuffle', '', [2, 8, 2, 3], (x) => F.pixelShuffle(x, 2)),
  on('pixelUnshuffle', '', [1, 2, 4, 6], (x) => F.pixelUnshuffle(x, 2)),
  on('unfold', 'overlapping', [1, 2, 5, 4], (x) => F.unfold(x, [2, 3], { dilation: [2, 1], padding: [1, 0] })),
  on('fold', 'overlapping', [2, 8, 9], (x) => F.fold(x, 5, 2, { stride: 2, padding: 1 })),
  ...resized.map(([detail, shape, options]) =>
    of(
      'interpolate',
      detail,
      () => [numbers(shape)],
      (x) => F.interpolate(x!, options),
    ),
  ),
];
