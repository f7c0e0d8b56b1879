/** Functions over space. Sentences are PyTorch's where it has one. */
import { functional as F, ones, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const x = () => ones([1, 4, 5, 5]);
const weight = () => ones([4, 4, 3, 3]);
const conv = (options?: object, input = x(), w = weight()) => F.conv2d(input, w, null, options);
const transposed = (options?: object, input = x(), w = weight()) => F.convTranspose2d(input, w, null, options);

export const spaceRows: readonly Row[] = [
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
    () => conv({ padding: 1 }, ones([1, 4, 0, 5]), ones([4, 4, 1, 3])),
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
  shape('pad: beyond any size', () => F.pad(x(), [2 ** 30, 2 ** 30]), 'too many elements'),

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
