/** Functions and layers over space. Sentences are PyTorch's where it has one. */
import { functional as F, nn, ones, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const x = () => ones([1, 4, 5, 5]);
const weight = () => ones([4, 4, 3, 3]);
const conv = (options?: object, input = x(), w = weight()) => F.conv2d(input, w, null, options);
const transposed = (options?: object, input = x(), w = weight()) => F.convTranspose2d(input, w, null, options);

const functions: readonly Row[] = [
  argument(
    'conv2d: stride of three',
    () => conv({ stride: [1, 2, 3] }),
    'expected stride to be a single integer value or a list of 2 values to match the convolution dimensions, but got stride=[1, 2, 3]',
  ),
  argument('conv2d: stride 0', () => conv({ stride: 0 }), 'conv2d: non-positive stride is not supported'),
  argument('conv2d: stride 1.5', () => conv({ stride: 1.5 }), 'conv2d: stride must be an integer, got 1.5'),
  argument('conv2d: padding -1', () => conv({ padding: [0, -1] }), 'negative padding is not supported'),
  argument('conv2d: padding of 2^40', () => conv({ padding: 2 ** 40 }), 'padding is too large'),
  argument('conv2d: padding foo', () => conv({ padding: 'foo' }), "Invalid padding string: 'foo'"),
  argument(
    'conv2d: same with a stride',
    () => conv({ padding: 'same', stride: 2 }),
    "padding='same' is not supported for strided convolutions",
  ),
  argument('conv2d: dilation 0', () => conv({ dilation: 0 }), 'dilation should be greater than zero, but got [0, 0]'),
  argument('conv2d: groups 0', () => conv({ groups: 0 }), 'non-positive groups is not supported'),
  argument('conv2d: groups of text', () => conv({ groups: '1' }), 'groups must be an integer, got "1"'),
  shape(
    'conv2d: groups that do not divide',
    () => conv({ groups: 3 }),
    'Given groups=3, expected weight to be divisible by 3 at dimension 0, but got weight of size [[4, 4, 3, 3]] instead',
  ),
  shape(
    'conv2d: more groups than outputs',
    () => conv({ groups: 8 }, ones([1, 8, 5, 5]), ones([4, 1, 3, 3])),
    'Given groups=8, expected weight to be at least 8 at dimension 0, but got weight of size [4, 1, 3, 3] instead',
  ),
  shape(
    'conv2d: channels',
    () => conv({}, ones([1, 2, 5, 5])),
    'Given groups=1, weight of size [4, 4, 3, 3], expected input[1, 2, 5, 5] to have 4 channels, but got 2 channels instead',
  ),
  shape(
    'conv2d: channels, unbatched',
    () => conv({}, ones([2, 5, 5])),
    'expected input[1, 2, 5, 5] to have 4 channels',
  ),
  shape(
    'conv2d: bias',
    () => F.conv2d(x(), weight(), ones([3])),
    'Given weight of size [4, 4, 3, 3], expected bias to be 1-dimensional with 4 elements, but got bias of size [3] instead',
  ),
  argument('conv2d: bias of text', () => F.conv2d(x(), weight(), bad('b')), 'expected a bias Tensor or null, got "b"'),
  shape(
    'conv2d: two dimensions',
    () => conv({}, ones([5, 5])),
    'Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [5, 5]',
  ),
  shape(
    'conv2d: a matrix as weight',
    () => conv({}, x(), ones([4, 4])),
    'expected a weight of 4 dimensions, got shape [4, 4]',
  ),
  shape(
    'conv2d: kernel too large',
    () => conv({ padding: [0, 1] }, x(), ones([4, 4, 7, 7])),
    "Calculated padded input size per channel: (5 x 7). Kernel size: (7 x 7). Kernel size can't be greater than actual input size",
  ),
  shape('conv2d: kernel too large by dilation', () => conv({ dilation: 3 }), 'Kernel size: (7 x 7).'),
  shape(
    'conv2d: kernel of size 0',
    () => conv({}, x(), ones([4, 4, 0, 3])),
    'kernel size should be greater than zero, but got kernel_height: 0 kernel_width: 3',
  ),
  shape(
    'conv2d: no pixels',
    () => conv({ padding: 1 }, ones([1, 4, 0, 5])),
    'Only zero batch or zero channel inputs are supported, but got input shape: [1, 4, 0, 5]',
  ),
  argument(
    'conv2d: int32',
    () => conv({}, zeros([1, 4, 5, 5], { dtype: 'int32' })),
    'expected a float32 or float64 tensor, got int32',
  ),
  argument(
    'conv2d: dtypes',
    () => conv({}, zeros([1, 4, 5, 5], { dtype: 'float64' })),
    'expected tensors of the same dtype',
  ),
  argument('conv2d: an unknown option', () => conv({ strides: 2 }), 'unknown option "strides"'),
  shape(
    'convTranspose2d: channels',
    () => transposed({}, ones([1, 3, 5, 5])),
    'Given transposed=1, weight of size [4, 4, 3, 3], expected input[1, 3, 5, 5] to have 4 channels, but got 3 channels instead',
  ),
  shape(
    'convTranspose2d: bias',
    () => F.convTranspose2d(x(), weight(), ones([3])),
    'Given transposed=1, weight of size [4, 4, 3, 3], expected bias to be 1-dimensional with 4 elements',
  ),
  argument(
    'convTranspose2d: output padding',
    () => transposed({ stride: 2, outputPadding: 2 }),
    'output padding must be smaller than either stride or dilation, but got output_padding_height: 2 output_padding_width: 2 stride_height: 2 stride_width: 2 dilation_height: 1 dilation_width: 1',
  ),
  argument(
    'convTranspose2d: output padding -1',
    () => transposed({ outputPadding: -1 }),
    'negative output_padding is not supported',
  ),
  argument(
    'convTranspose2d: padding same',
    () => transposed({ padding: 'same' }),
    'padding must be an integer, got "same"',
  ),
  shape(
    'convTranspose2d: nothing left',
    () => transposed({ padding: 9 }),
    'Given input size per channel: (5 x 5). Calculated output size per channel: (-11 x -11). Output size is too small',
  ),
  shape(
    'convTranspose1d: nothing left',
    () => F.convTranspose1d(ones([1, 2, 1]), ones([2, 1, 3]), null, { padding: 2 }),
    'Given input size per channel: (1 x 1). Calculated output size per channel: (1 x -1).',
  ),
  shape('convTranspose2d: an output of 2^50', () => transposed({ stride: 2 ** 25 }), 'has too many elements'),

  argument('pad: a number', () => F.pad(x(), bad(1)), 'pad: expected an array of integers, got 1'),
  argument('pad: odd', () => F.pad(x(), [1]), 'Padding length must be divisible by 2'),
  argument('pad: 1.5', () => F.pad(x(), [1, 1.5]), 'a padding must be an integer, got 1.5'),
  shape(
    'pad: too many',
    () => F.pad(x(), new Array(10).fill(1)),
    'Padding length should be less than or equal to two times the input dimension but got padding length 10 and input of dimension 4',
  ),
  shape(
    'pad: more cut off than there is',
    () => F.pad(x(), [-3, -3]),
    'The input size 5, plus negative padding -3 and -3, resulted in a negative output size',
  ),
  argument(
    'pad: mode foo',
    () => F.pad(x(), [1, 1], bad('foo')),
    'mode must be one of constant, reflect, replicate, circular',
  ),
  argument(
    'pad: reflect with a value',
    () => F.pad(x(), [1, 1], { mode: 'reflect', value: 1 }),
    'Padding mode "reflect" doesn\'t take in value argument',
  ),
  shape(
    'pad: reflect of one in four dimensions',
    () => F.pad(x(), [1, 1], 'reflect'),
    'Padding size 2 is not supported for 4D input tensor.',
  ),
  shape(
    'pad: reflect by the size',
    () => F.pad(x(), [5, 5, 0, 0], 'reflect'),
    'Padding size should be less than the corresponding input dimension, but got: padding (5, 5) at dimension 3 of input [1, 4, 5, 5]',
  ),
  shape(
    'pad: around more than once',
    () => F.pad(x(), [6, 5, 0, 0], 'circular'),
    'Padding value causes wrapping around more than once.',
  ),
  shape(
    'pad: replicate nothing',
    () => F.pad(ones([1, 4, 0, 5]), [1, 1, 0, 0], 'replicate'),
    'Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: [1, 4, 0, 5]',
  ),
  shape('pad: beyond any size', () => F.pad(x(), [2 ** 31, 2 ** 31]), 'too many elements'),

  argument(
    'unfold: kernel 0',
    () => F.unfold(x(), 0),
    'kernel size should be greater than zero, but got kernel_height: 0 kernel_width: 0',
  ),
  argument(
    'unfold: stride 0',
    () => F.unfold(x(), 2, { stride: 0 }),
    'stride should be greater than zero, but got stride_height: 0 stride_width: 0',
  ),
  shape(
    'unfold: kernel too large',
    () => F.unfold(x(), 7),
    'Given input with spatial size (5, 5), kernel_size=(7, 7), dilation=(1, 1), padding=(0, 0), calculated shape of the array of sliding blocks as (-1, -1), but its components must be at least one.',
  ),
  shape('unfold: a matrix', () => F.unfold(ones([5, 5]), 2), 'Expected 3D or 4D (batch mode) tensor'),
  shape(
    'fold: channels',
    () => F.fold(ones([1, 16, 16]), 5, 3),
    "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=16 and kernel_size=(3, 3).",
  ),
  shape(
    'fold: blocks',
    () => F.fold(ones([1, 16, 16]), [6, 5], 2),
    "expected size of input's dimension 2 to match the calculated number of sliding blocks 5 * 4 = 20, but got input.size(2)=16.",
  ),
  argument(
    'fold: padding -1',
    () => F.fold(ones([1, 16, 16]), 5, 2, { padding: -1 }),
    'padding should be non-negative, but got pad_height: -1 pad_width: -1',
  ),

  argument('interpolate: neither', () => F.interpolate(x(), {}), 'either size or scale_factor should be defined'),
  argument(
    'interpolate: both',
    () => F.interpolate(x(), { size: 3, scaleFactor: 2 }),
    'only one of size or scale_factor should be defined',
  ),
  argument(
    'interpolate: mode',
    () => F.interpolate(x(), { size: 3, mode: bad('area') }),
    'mode must be one of nearest',
  ),
  argument(
    'interpolate: corners of nearest',
    () => F.interpolate(x(), { size: 3, alignCorners: false }),
    'align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
  ),
  argument(
    'interpolate: scale NaN',
    () => F.interpolate(x(), { scaleFactor: Number.NaN }),
    'scaleFactor must be a number, got NaN',
  ),
  argument(
    'interpolate: recompute with a size',
    () => F.interpolate(x(), { size: 3, recomputeScaleFactor: true }),
    'recompute_scale_factor is not meaningful with an explicit size.',
  ),
  shape(
    'interpolate: a matrix',
    () => F.interpolate(ones([5, 5]), { size: 3 }),
    'Input Error: Only 3D, 4D and 5D input Tensors supported (got 2D)',
  ),
  shape(
    'interpolate: bilinear in one dimension',
    () => F.interpolate(ones([1, 2, 3]), { size: 3, mode: 'bilinear' }),
    'Got 3D input, but bilinear mode needs 4D input',
  ),
  shape(
    'interpolate: size 0',
    () => F.interpolate(x(), { size: 0 }),
    'Input and output sizes should be greater than 0, but got input (H: 5, W: 5) output (H: 0, W: 0)',
  ),
  shape('interpolate: scale -1', () => F.interpolate(x(), { scaleFactor: -1 }), 'output (H: -5, W: -5)'),
  shape(
    'interpolate: no channels',
    () => F.interpolate(ones([1, 0, 5, 5]), { size: 3 }),
    'Non-empty 4D data tensor expected but got a tensor with sizes [1, 0, 5, 5]',
  ),
  shape(
    'pixelShuffle: channels',
    () => F.pixelShuffle(x(), 3),
    "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=4 is not divisible by 9",
  ),
  argument(
    'pixelShuffle: 0',
    () => F.pixelShuffle(x(), 0),
    'pixel_shuffle expects a positive upscale_factor, but got 0',
  ),
  shape(
    'pixelUnshuffle: height',
    () => F.pixelUnshuffle(x(), 2),
    'pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=5 is not divisible by 2',
  ),
  shape(
    'pixelUnshuffle: a matrix',
    () => F.pixelUnshuffle(ones([4, 4]), 2),
    'pixel_unshuffle expects input to have at least 3 dimensions, but got input with 2 dimension(s)',
  ),
  shape(
    'unflatten: sizes',
    () => F.unflatten(ones([2, 5]), 1, [2, 3]),
    "Provided sizes [2, 3] don't multiply up to the size of dim 1 (5) in the input tensor",
  ),
  argument('unflatten: two -1', () => F.unflatten(ones([2, 6]), 1, [-1, -1]), 'only one dimension can be inferred'),
  argument('unflatten: no sizes', () => F.unflatten(ones([2, 6]), 1, []), 'sizes must be non-empty'),
];

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
    () => new nn.Conv2d(3, 4, 3).forward(ones([1, 2, 5, 5])),
    'to have 3 channels, but got 2 channels instead',
  ),
  shape(
    'Sequential names the convolution',
    () => new nn.Sequential(new nn.ReLU(), new nn.Conv2d(3, 4, 9)).forward(ones([1, 3, 5, 5])),
    'Sequential[1] conv2d: Calculated padded input size per channel: (5 x 5). Kernel size: (9 x 9).',
  ),
  shape(
    'Conv2d.forward: rank, circular',
    () => new nn.Conv2d(3, 4, 3, { padding: 1, paddingMode: 'circular' }).forward(ones([5, 5])),
    'Expected 3D (unbatched) or 4D (batched) input to conv2d',
  ),
  shape(
    'Conv2d.forward: reflect by more than there is',
    () => new nn.Conv2d(3, 4, 3, { padding: 5, paddingMode: 'reflect' }).forward(ones([1, 3, 5, 5])),
    'Padding size should be less than the corresponding input dimension',
  ),
  argument(
    'ConvTranspose2d: padding mode',
    () => new nn.ConvTranspose2d(4, 4, 3, { paddingMode: bad('reflect') }),
    'Only "zeros" padding mode is supported for ConvTranspose2d',
  ),
  shape(
    'ConvTranspose2d.forward: an output size that cannot be',
    () => new nn.ConvTranspose2d(4, 3, 3, { stride: 2 }).forward(x(), [14, 11]),
    'requested an output size of (14, 11), but valid sizes range from [11, 11] to [12, 12] (for an input of [5, 5])',
  ),
  shape(
    'ConvTranspose2d.forward: an output size of five',
    () => new nn.ConvTranspose2d(4, 3, 3, { stride: 2 }).forward(x(), [1, 2, 3, 4, 5]),
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
    () => new nn.Dropout1d(0.5, bad({ inplace: true })),
    'Dropout1d: unknown option "inplace"',
  ),
];

export const spaceRows: readonly Row[] = [...functions, ...layers, ...dropouts];
