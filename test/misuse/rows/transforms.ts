/** Transforms of images. */
import { data, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const { Compose, Normalize, RandomCrop, RandomHorizontalFlip, toTensor } = data.transforms;
const images = () => zeros([2, 3, 4, 4]);

export const transformRows: readonly Row[] = [
  argument('Compose of one', () => new Compose(bad(new RandomHorizontalFlip())), 'expected a list of transforms'),
  argument('Compose of functions', () => new Compose(bad([() => {}])), 'expected a list of transforms'),
  argument('Normalize of a number', () => new Normalize(bad(0.5), [1]), 'mean must be a list of numbers'),
  argument('Normalize of text', () => new Normalize([0], bad(['1'])), 'std must be a number'),
  argument('Normalize of 2 and 1', () => new Normalize([0, 0], [1]), '2 means, but 1 standard deviations'),
  argument('Normalize by 0', () => new Normalize([0], [1e-60]), 'std evaluated to zero'),
  shape(
    'Normalize of other channels',
    () => new Normalize([0], [1]).forward(images()),
    'expected images of 1 channels',
  ),
  argument('RandomCrop(0)', () => new RandomCrop(0), 'size'),
  argument('RandomCrop of three sizes', () => new RandomCrop(bad([1, 2, 3])), 'size must be a number or a pair'),
  argument('RandomCrop: padding -1', () => new RandomCrop(2, { padding: -1 }), 'padding'),
  argument('RandomCrop: fill of text', () => new RandomCrop(2, { fill: bad('0') }), 'fill must be a number'),
  argument('RandomCrop: generator 7', () => new RandomCrop(2, { generator: bad(7) }), 'generator must be a Generator'),
  shape(
    'RandomCrop beyond the image',
    () => new RandomCrop([7, 4], { padding: 1 }).forward(images()),
    'Required crop size (7, 4) is larger than input image size (6, 6)',
  ),
  argument('RandomHorizontalFlip(2)', () => new RandomHorizontalFlip(2), 'has to be between 0 and 1, but got 2'),
  argument('RandomHorizontalFlip: p "1"', () => new RandomHorizontalFlip(bad('1')), 'p must be a number'),
  argument('a flip of numbers', () => new RandomHorizontalFlip().forward(bad([1])), 'expected a Tensor, got [1]'),
  argument(
    'a flip of int32',
    () => new RandomHorizontalFlip().forward(zeros([1, 2, 2], { dtype: 'int32' })),
    'expected float32 or float64 images, got int32',
  ),
  shape(
    'a flip of a matrix',
    ({ matrix }) => new RandomHorizontalFlip().forward(matrix),
    'expected images [N, C, H, W]',
  ),
  argument('toTensor of floats', () => toTensor(bad(new Float32Array(4)), [2, 2, 1]), 'expected a Uint8Array'),
  shape('toTensor of a vector', () => toTensor(new Uint8Array(4), [4]), 'expected a shape [H, W, C] or [N, H, W, C]'),
  shape(
    'toTensor of too few bytes',
    () => toTensor(new Uint8Array(4), [2, 2, 3]),
    '4 bytes cannot have the shape [2, 2, 3]',
  ),
];
