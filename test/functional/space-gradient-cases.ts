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

interface Convolution {
  readonly of: 'conv1d' | 'conv2d' | 'conv3d' | 'convTranspose1d' | 'convTranspose2d' | 'convTranspose3d';
  readonly detail: string;
  readonly input: number[];
  readonly weight: number[];
  readonly bias?: number;
  readonly options?: object;
}

/** Odd sizes, groups, strides that leave a rest, padding wider than the kernel's half, dilation. */
const convolutions: readonly Convolution[] = [
  { of: 'conv1d', detail: 'plain', input: [2, 3, 5], weight: [2, 3, 3], bias: 2 },
  {
    of: 'conv1d',
    detail: 'stride with a rest',
    input: [1, 2, 8],
    weight: [3, 2, 2],
    options: { stride: 3, padding: 1 },
  },
  { of: 'conv1d', detail: 'same', input: [2, 6], weight: [3, 2, 4], bias: 3, options: { padding: 'same' } },
  { of: 'conv2d', detail: 'plain', input: [2, 2, 4, 5], weight: [3, 2, 3, 2], bias: 3 },
  { of: 'conv2d', detail: 'padded', input: [1, 3, 4, 3], weight: [2, 3, 3, 3], bias: 2, options: { padding: 1 } },
  {
    of: 'conv2d',
    detail: 'groups, stride, dilation',
    input: [2, 4, 6, 5],
    weight: [6, 2, 3, 2],
    bias: 6,
    options: { groups: 2, stride: [2, 1], dilation: [1, 2], padding: [2, 1] },
  },
  {
    of: 'conv2d',
    detail: 'depthwise',
    input: [2, 3, 4, 4],
    weight: [6, 1, 3, 3],
    options: { groups: 3, padding: 1, stride: 2 },
  },
  { of: 'conv2d', detail: 'points', input: [2, 3, 2, 3], weight: [4, 3, 1, 1], bias: 4 },
  { of: 'conv2d', detail: 'no images', input: [0, 2, 3, 3], weight: [2, 2, 2, 2], bias: 2 },
  {
    of: 'conv3d',
    detail: 'padded',
    input: [1, 2, 3, 3, 2],
    weight: [2, 2, 2, 3, 1],
    bias: 2,
    options: { padding: [0, 1, 0] },
  },
  {
    of: 'convTranspose1d',
    detail: 'output padding',
    input: [2, 2, 3],
    weight: [2, 3, 3],
    bias: 3,
    options: { stride: 2, outputPadding: 1 },
  },
  { of: 'convTranspose2d', detail: 'plain', input: [1, 2, 3, 2], weight: [2, 3, 2, 3], bias: 3 },
  {
    of: 'convTranspose2d',
    detail: 'groups, stride, cut off',
    input: [2, 4, 3, 2],
    weight: [4, 2, 3, 2],
    bias: 4,
    options: { groups: 2, stride: [3, 2], padding: [1, 0], outputPadding: [1, 1] },
  },
  {
    of: 'convTranspose2d',
    detail: 'dilation',
    input: [2, 3, 3],
    weight: [2, 1, 2, 2],
    options: { dilation: 2, padding: 1 },
  },
  {
    of: 'convTranspose3d',
    detail: 'strides',
    input: [1, 2, 2, 1, 2],
    weight: [2, 1, 2, 2, 2],
    bias: 1,
    options: { stride: [1, 2, 1] },
  },
];

export const spaceGradientCases = [
  ...convolutions.map(({ of: name, detail, input, weight, bias, options }) =>
    of(
      name,
      detail,
      () => [numbers(input), numbers(weight), ...(bias === undefined ? [] : [numbers([bias])])],
      (x, w, b) => F[name](x!, w!, b ?? null, options),
    ),
  ),
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
