/** Pooling: settings and sizes that are refused, in PyTorch's sentences where it has one. */
import { functional as F, nn, ones, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const images = () => ones(2, 3, 5, 6);
const lines = () => ones(2, 3, 7);
const int32 = (...sizes: number[]) => zeros(sizes, { dtype: 'int32' });

export const poolingRows: readonly Row[] = [
  ...(['maxPool2d', 'avgPool2d'] as const).flatMap((name) => [
    shape(`${name}: a matrix`, () => F[name](ones(3, 3), 2), `${name}: Expected 3D or 4D (batch mode) tensor`),
    shape(`${name}: five dimensions`, () => F[name](ones(1, 1, 1, 3, 3), 2), 'for input, but got:[1, 1, 1, 3, 3]'),
    shape(`${name}: no channels`, () => F[name](ones(2, 0, 4, 4), 2), 'with optional 0 dim batch size for input'),
    shape(
      `${name}: too large a window`,
      () => F[name](images(), 7),
      'Given input size: (3x5x6). Calculated output size: (3x0x0). Output size is too small',
    ),
    argument(
      `${name}: kernel 0`,
      () => F[name](images(), 0),
      'kernel size should be greater than zero, but got kH: 0 kW: 0',
    ),
    argument(`${name}: kernel of text`, () => F[name](images(), bad('2')), 'kernelSize must be an integer, got "2"'),
    argument(
      `${name}: three kernels`,
      () => F[name](images(), [2, 2, 2]),
      'kernel_size must either be a single int, or a tuple of 2 ints, got [2, 2, 2]',
    ),
    argument(`${name}: stride 0`, () => F[name](images(), 2, 0), 'stride should not be zero'),
    argument(`${name}: stride -1`, () => F[name](images(), 2, -1), 'stride should be greater than zero'),
    argument(
      `${name}: padding beyond half a window`,
      () => F[name](images(), 2, { padding: 2 }),
      'pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and dilation=1',
    ),
    argument(
      `${name}: padding -1`,
      () => F[name](images(), 2, { padding: -1 }),
      'pad must be non-negative, but got pad: -1',
    ),
    argument(
      `${name}: ceilMode 1`,
      () => F[name](images(), 2, { ceilMode: bad(1) }),
      'ceilMode must be a boolean, got 1',
    ),
    argument(`${name}: int32`, () => F[name](int32(1, 4, 4), 2), 'expected a float32 or float64 tensor, got int32'),
    argument(`${name}: numbers`, () => F[name](bad([1, 2]), 2), 'expected a Tensor, got [1, 2]'),
    argument(`${name}: ceil_mode`, () => F[name](images(), 2, bad({ ceil_mode: true })), 'unknown option "ceil_mode"'),
  ]),
  argument(
    'maxPool2d: dilation 0',
    () => F.maxPool2d(images(), 2, { dilation: 0 }),
    'dilation should be greater than zero, but got dilationH: 0 dilationW: 0',
  ),
  argument(
    'maxPool2d: indices of text',
    () => F.maxPool2d(images(), 2, { returnIndices: bad('yes') }),
    'returnIndices must be',
  ),
  shape(
    'avgPool3d: a kernel larger than the image without its padding',
    () => F.avgPool3d(ones(1, 1, 1, 3, 3), [2, 1, 1], { stride: 1, padding: [1, 0, 0] }),
    'avgPool3d: input image (T: 1 H: 3 W: 3) smaller than kernel size (kT: 2 kH: 1 kW: 1)',
  ),
  argument('avgPool2d: divisor 0', () => F.avgPool2d(images(), 2, { divisorOverride: 0 }), 'divisor must be not zero'),
  argument(
    'avgPool1d: a divisor',
    () => F.avgPool1d(lines(), 2, bad({ divisorOverride: 2 })),
    'unknown option "divisorOverride"',
  ),
  shape(
    'maxPool1d: four dimensions',
    () => F.maxPool1d(images(), 2),
    'maxPool1d: Expected 2D or 3D (batch mode) tensor',
  ),
  shape(
    'maxPool1d: too large a window',
    () => F.maxPool1d(lines(), 9),
    'Calculated output size: (3x0). Output size is too small',
  ),
  shape('maxPool3d: four', () => F.maxPool3d(ones(1, 2), 2), 'maxPool3d: Expected 4D or 5D (batch mode) tensor'),
  argument('MaxPool2d: kernel 0', () => new nn.MaxPool2d(0), 'MaxPool2d: kernel size should be greater than zero'),
  argument('MaxPool2d: padding', () => new nn.MaxPool2d(2, { padding: 5 }), 'MaxPool2d: pad should be at most half'),
  argument('AvgPool1d: a pair', () => new nn.AvgPool1d([2, 2]), 'AvgPool1d: kernel_size must either be a single int'),
  argument('AvgPool2d: huge', () => new nn.AvgPool2d(2 ** 40), 'AvgPool2d: kernelSize is too large'),
  shape(
    'AvgPool2d in a Sequential is named',
    () => new nn.Sequential(new nn.AvgPool2d(9)).forward(images()),
    'Sequential[0]',
  ),
  argument(
    'AdaptiveAvgPool2d: -1',
    () => new nn.AdaptiveAvgPool2d(-1),
    'elements of output_size must be greater than or equal to 0',
  ),
  argument('AdaptiveAvgPool2d: three', () => new nn.AdaptiveAvgPool2d([1, 2, 3]), 'output_size must be 2, got 3 sizes'),
  argument(
    'AdaptiveMaxPool1d: 1.5',
    () => new nn.AdaptiveMaxPool1d(1.5),
    'outputSize must be an integer or null, got 1.5',
  ),
  shape('adaptiveAvgPool2d: a vector', () => F.adaptiveAvgPool2d(ones(3), 2), 'adaptiveAvgPool2d: Expected 3D or 4D'),
  shape('adaptiveMaxPool1d: nothing', () => F.adaptiveMaxPool1d(ones(2, 3, 0), 2), 'but got:[2, 3, 0]'),
  shape(
    'maxUnpool2d: other indices',
    () => F.maxUnpool2d(ones(1, 2, 2), int32(1, 2, 1), 2),
    'Expected shape of indices to be same as that of the input tensor ([1, 2, 2]) but got indices tensor with shape: [1, 2, 1]',
  ),
  argument(
    'maxUnpool2d: float indices',
    () => F.maxUnpool2d(ones(1, 2, 2), ones(1, 2, 2), 2),
    'elements in indices should be type int32',
  ),
  shape('maxUnpool2d: a matrix', () => F.maxUnpool2d(ones(2, 2), int32(2, 2), 2), 'should be a 3d or 4d Tensor'),
  shape(
    'maxUnpool2d: another size',
    () => F.maxUnpool2d(ones(1, 2, 2), int32(1, 2, 2), 2, { outputSize: [9, 9] }),
    'invalid output_size "[9, 9]" (dim 0 must be between 2 and 6)',
  ),
  shape(
    'maxUnpool2d: one size',
    () => F.maxUnpool2d(ones(1, 2, 2), int32(1, 2, 2), 2, { outputSize: [5] }),
    "output_size should be a sequence containing 2 or 4 elements, but it has a length of '1'",
  ),
];
