/** Layers over space, and dropout of channels. Sentences are PyTorch's where it has one. */
import { functional as F, Generator, nn, ones, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const x = () => ones([1, 4, 5, 5]);
/** For layers that are made, so that the default generator stays as it is. */
const own = () => ({ generator: new Generator(1) });

const layers: readonly Row[] = [
  argument(
    'Conv2d: channels by groups',
    ({ generator }) => new nn.Conv2d(3, 4, 3, { groups: 2, generator }),
    'Conv2d: in_channels must be divisible by groups',
  ),
  argument(
    'Conv2d: outputs by groups',
    ({ generator }) => new nn.Conv2d(4, 3, 3, { groups: 2, generator }),
    'out_channels must be divisible by groups',
  ),
  argument('Conv2d: groups 0', () => new nn.Conv2d(4, 4, 3, { groups: 0 }), 'groups must be a positive integer'),
  argument(
    'Conv2d: same with a stride',
    ({ generator }) => new nn.Conv2d(4, 4, 3, { stride: 2, padding: 'same', generator }),
    "padding='same' is not supported for strided convolutions",
  ),
  argument(
    'Conv2d: padding foo',
    () => new nn.Conv2d(4, 4, 3, { padding: bad('foo') }),
    "Invalid padding string 'foo', should be one of {'valid', 'same'}",
  ),
  argument(
    'Conv2d: padding mode foo',
    ({ generator }) => new nn.Conv2d(4, 4, 3, { paddingMode: bad('foo'), generator }),
    "but got padding_mode='foo'",
  ),
  argument('Conv2d: kernel 0', () => new nn.Conv2d(4, 4, 0), 'kernel size should be greater than zero'),
  argument(
    'Conv2d: kernel of three',
    () => new nn.Conv2d(4, 4, [3, 3, 3]),
    'expected kernel_size to be a single integer value or a list of 2 values',
  ),
  argument('Conv2d: -4 channels', () => new nn.Conv2d(-4, 4, 3), 'Conv2d: inChannels must not be negative, got -4'),
  argument(
    'Conv2d: a stride of text',
    () => new nn.Conv2d(4, 4, 3, { stride: bad('2') }),
    'Conv2d: stride must be an integer, got "2"',
  ),
  argument(
    'Conv2d: inplace',
    () => new nn.Conv2d(4, 4, 3, bad({ outputPadding: 1 })),
    'Conv2d: unknown option "outputPadding"',
  ),
  shape('Conv2d: 2^50 weights', () => new nn.Conv2d(2 ** 20, 2 ** 20, 32), 'has too many elements'),
  shape(
    'Conv2d.forward: channels',
    () => new nn.Conv2d(3, 4, 3, own()).forward(ones([1, 2, 5, 5])),
    'to have 3 channels, but got 2 channels instead',
  ),
  shape(
    'Sequential names the convolution',
    () => new nn.Sequential(new nn.ReLU(), new nn.Conv2d(3, 4, 9, own())).forward(ones([1, 3, 5, 5])),
    'Sequential[1] conv2d: Calculated padded input size per channel: (5 x 5). Kernel size: (9 x 9).',
  ),
  shape(
    'Conv2d.forward: rank, circular',
    () => new nn.Conv2d(3, 4, 3, { padding: 1, paddingMode: 'circular', ...own() }).forward(ones([5, 5])),
    'Expected 3D (unbatched) or 4D (batched) input to conv2d',
  ),
  shape(
    'Conv2d.forward: reflect by more than there is',
    () => new nn.Conv2d(3, 4, 3, { padding: 5, paddingMode: 'reflect', ...own() }).forward(ones([1, 3, 5, 5])),
    'Padding size should be less than the corresponding input dimension',
  ),
  argument(
    'ConvTranspose2d: padding mode',
    () => new nn.ConvTranspose2d(4, 4, 3, { paddingMode: bad('reflect') }),
    'Only "zeros" padding mode is supported for ConvTranspose2d',
  ),
  shape(
    'ConvTranspose2d.forward: an output size that cannot be',
    () => new nn.ConvTranspose2d(4, 3, 3, { stride: 2, ...own() }).forward(x(), [14, 11]),
    'requested an output size of (14, 11), but valid sizes range from [11, 11] to [12, 12] (for an input of [5, 5])',
  ),
  shape(
    'ConvTranspose2d.forward: an output size of five',
    () => new nn.ConvTranspose2d(4, 3, 3, { stride: 2, ...own() }).forward(x(), [1, 2, 3, 4, 5]),
    'ConvTranspose2D: for 4D input, output_size must have 2 or 4 elements (got 5)',
  ),
  argument(
    'ReflectionPad2d: three numbers',
    () => new nn.ReflectionPad2d([1, 1, 1]),
    'ReflectionPad2d: padding must be one number or 4 numbers, got [1, 1, 1]',
  ),
  argument(
    'ConstantPad1d: no value',
    () => new nn.ConstantPad1d(1, bad(undefined)),
    'ConstantPad1d: value must be a number, got undefined',
  ),
  shape(
    'CircularPad2d.forward: rank',
    () => new nn.CircularPad2d(1).forward(ones([5, 5])),
    'expected 3D or 4D input (got 2D input)',
  ),
  argument('Upsample: neither', () => new nn.Upsample({}), 'Upsample: either size or scale_factor should be defined'),
  argument('Unflatten: a number', () => new nn.Unflatten(1, bad(6)), 'Unflatten: a shape is an array of sizes, got 6'),
  argument('Unflatten: 1.5', () => new nn.Unflatten(1, [2, 1.5]), 'Unflatten: a size must be an integer, got 1.5'),
  argument(
    'PixelShuffle: 0',
    () => new nn.PixelShuffle(0),
    'PixelShuffle: pixel_shuffle expects a positive upscale_factor, but got 0',
  ),
  argument(
    'Unfold: dilation 0',
    () => new nn.Unfold(2, { dilation: 0 }),
    'Unfold: dilation should be greater than zero',
  ),
  argument(
    'Fold: no output size',
    () => new nn.Fold(bad(undefined), 2),
    'Fold: output_size must be an integer, got undefined',
  ),
];

const dropouts: readonly Row[] = [
  shape(
    'dropout1d: four dimensions, in evaluation',
    () => F.dropout1d(ones([1, 1, 1, 1]), 0.5, false),
    'dropout1d: Expected 2D or 3D input, but received a 4D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).',
  ),
  shape(
    'featureAlphaDropout: one dimension',
    () => F.featureAlphaDropout(ones([4]), 0.5, true),
    'Feature dropout requires at least 2 dimensions in the input',
  ),
  argument(
    'alphaDropout: p -1',
    () => F.alphaDropout(ones([4]), -1),
    'dropout probability has to be between 0 and 1, but got -1',
  ),
  argument(
    'alphaDropout: int32',
    () => F.alphaDropout(zeros([4], { dtype: 'int32' }), 0.5, true),
    'expected a float32 or float64 tensor, got int32',
  ),
  argument(
    'Dropout3d: p, with a generator',
    ({ generator }) => new nn.Dropout3d(2, { generator }),
    'Dropout3d: dropout probability has to be between 0 and 1, but got 2',
  ),
  shape(
    'lockedDropout: one dimension',
    () => F.lockedDropout(ones([4])),
    'lockedDropout: expected an input [steps, batch, features], or [steps, features], got shape [4]',
  ),
  argument(
    'LockedDropout: batchFirst 1',
    () => new nn.LockedDropout(0.5, { batchFirst: bad(1) }),
    'batchFirst must be a boolean, got 1',
  ),
  argument(
    'Dropout1d: inplace',
    () => new nn.Dropout1d(0.5, bad({ inplace: 'yes' })),
    'Dropout1d: inplace must be a boolean, got "yes"',
  ),
];

export const spaceLayerRows: readonly Row[] = [...layers, ...dropouts];
