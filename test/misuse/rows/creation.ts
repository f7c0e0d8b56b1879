/** Values that are no values of a tensor. */
import {
  arange,
  full,
  linspace,
  ones,
  onesLike,
  rand,
  randint,
  randn,
  randperm,
  tensor,
  zeros,
  zerosLike,
} from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape, state } from '../row.js';

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view that its buffer no longer reaches. */
function outOfBounds(): Float32Array {
  const buffer: ArrayBuffer & { resize(length: number): void } = Reflect.construct(ArrayBuffer, [
    16,
    { maxByteLength: 32 },
  ]);
  const array = new Float32Array(buffer, 8, 2);
  buffer.resize(4);
  return array;
}

export const creationRows: readonly Row[] = [
  shape('tensor: rows of 2 and 1', () => tensor([[1, 2], [3]]), 'expected 2 at depth 1, got 1'),
  shape('tensor: rows of 1 and 2', () => tensor([[1], [2, 3]]), 'expected 1 at depth 1, got 2'),
  shape('tensor: uneven at depth 2', () => tensor([[[1, 2]], [[3]]]), 'expected 2 at depth 2, got 1'),
  shape('tensor: a number next to a row', () => tensor(bad([[1, 2], 3])), 'expected an array at depth 1, got 3'),
  shape('tensor: a row next to a number', () => tensor(bad([1, [2]])), 'expected a number at depth 1, got [2]'),
  shape('tensor: empty next to full', () => tensor([[], [1]]), 'expected 0 at depth 1, got 1'),
  argument('tensor: text', () => tensor(bad('123')), 'tensor: expected a number, got "123"'),
  argument('tensor: null', () => tensor(bad(null)), 'got null'),
  argument('tensor: nothing', () => tensor(bad(undefined)), 'got undefined'),
  argument('tensor: an object', () => tensor(bad({ length: 2, 0: 1, 1: 2 })), 'got an object'),
  shape(
    'tensor: a list of matrices',
    ({ matrix }) => tensor([matrix, matrix]),
    'only one element tensors can be converted to numbers, got shape [2, 3] (element [0]); join larger ones with stack',
  ),
  shape('tensor: a typed array too short', () => tensor([[1, 2], Float32Array.of(3)]), 'got 1 (element [1])'),
  shape('tensor: a typed array too deep', () => tensor([[[1]], Float32Array.of(3)]), 'expected an array of arrays'),
  shape('tensor: a typed array for a number', () => tensor([1, Float32Array.of(3)]), 'expected a number at depth 1'),
  shape(
    'tensor: an array in itself',
    () => {
      const cycle: unknown[] = [];
      cycle.push(cycle);
      return tensor(bad(cycle));
    },
    'at most 16 dimensions',
  ),
  argument('tensor: a bare buffer', () => tensor(bad(new ArrayBuffer(8))), 'got a value of type ArrayBuffer'),
  argument('tensor: a number as text', () => tensor(bad([1, '2'])), 'expected a number at depth 1, got "2"'),
  argument('tensor: text in a row', () => tensor(bad([[1], ['2']])), 'got "2" (element [1][0])'),
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  argument('tensor: a hole', () => tensor(bad([1, , 3])), 'got undefined'),
  argument(
    'tensor: a bigint beyond int32',
    () => tensor(BigInt64Array.of(1n, 3000000000n)),
    'value 3000000000 (element [1]) cannot be converted to type int32 without overflow',
  ),
  argument(
    'tensor: a DataView',
    () => tensor(bad(new DataView(new ArrayBuffer(8)))),
    'a DataView cannot become a tensor',
  ),
  argument('tensor: shared memory', () => tensor(new Float32Array(new SharedArrayBuffer(8))), 'SharedArrayBuffer'),
  argument('tensor: a detached buffer', () => tensor(detached()), 'detached'),
  argument('tensor: a view out of bounds', () => tensor(outOfBounds()), /detached|out of bounds/),
  argument('tensor: int32 of NaN', () => tensor([Number.NaN], { dtype: 'int32' }), 'value NaN (element [0]) cannot'),
  argument(
    'tensor: int32 of 2^31',
    () => tensor([[1, 2 ** 31]], { dtype: 'int32' }),
    'value 2147483648 (element [0][1])',
  ),
  argument(
    'tensor: int32 of bytes beyond',
    () => tensor(Uint32Array.of(2 ** 31), { dtype: 'int32' }),
    'cannot be converted to type int32 without overflow',
  ),
  argument('zeros: nothing', () => Reflect.apply(zeros, null, []), 'zeros: expected a shape or sizes, got nothing'),
  argument('zeros: text among sizes', () => zeros(2, bad('3')), 'zeros: options must be an object, got "3"'),
  argument('rand: a negative size', () => rand(2, -3), 'size of dimension 1 must not be negative, got -3'),
  argument('tensor: int32 with gradients', () => tensor([1], { dtype: 'int32', requiresGrad: true }), 'floating point'),
  argument(
    'tensor: an unknown dtype',
    () => tensor([1], { dtype: bad('float16') }),
    'must be one of float32, float64, int32, got "float16"',
  ),
  argument('tensor: dtype __proto__', () => tensor([1], { dtype: bad('__proto__') }), 'dtype must be one of'),
  argument(
    'tensor: requiresGrad 1',
    () => tensor([1], { requiresGrad: bad(1) }),
    'requiresGrad must be a boolean, got 1',
  ),
  shape(
    'tensor: a shape that holds less',
    () => tensor([1, 2, 3], { shape: [2] }),
    "shape '[2]' is invalid for input of size 3",
  ),
  shape(
    'tensor: a shape that holds more',
    () => tensor([1, 2, 3], { shape: [2, 2] }),
    "shape '[2, 2]' is invalid for input of size 3",
  ),
  argument('tensor: a shape with -1', () => tensor([1, 2, 3], { shape: [-1] }), 'must not be negative'),
  argument('full: text', () => full([2], bad('1')), 'full: value must be a number, got "1"'),
  argument('full: int32 of 3e9', () => full([2], 3e9, { dtype: 'int32' }), 'converted to type int32 without overflow'),
  argument('zerosLike: an array', () => zerosLike(bad([1])), 'zerosLike: expected a Tensor, got [1]'),
  argument('onesLike: null', () => onesLike(bad(null)), 'onesLike: expected a Tensor, got null'),
  argument('zeros: int32 with gradients', () => zeros([1], { dtype: 'int32', requiresGrad: true }), /floating point/),
  argument('ones: int32 with gradients', () => ones([1], { dtype: 'int32', requiresGrad: true }), /floating point/),
  argument('arange: nothing', () => arange(bad(undefined)), 'arange'),
  argument('arange: NaN', () => arange(Number.NaN), 'arange: an argument must be a number, got NaN'),
  argument('arange: infinity', () => arange(Number.POSITIVE_INFINITY), 'arguments must be finite'),
  argument('arange: step 0', () => arange(0, 5, 0), 'step must be nonzero'),
  argument('arange: the wrong way', () => arange(0, 5, -1), 'inconsistent with step sign'),
  argument('arange: four numbers', () => Reflect.apply(arange, null, [0, 1, 2, 3]), 'expected 1 to 3 numbers, got 4'),
  argument('arange: 10^300 numbers', () => arange(1e300), 'arange: number of elements'),
  argument('arange: text', () => arange(bad('5')), 'arange: options must be an object, got "5"'),
  argument('arange: int32 up to 3e9', () => arange(3e9, 3e9 + 1, { dtype: 'int32' }), 'type int32 without overflow'),
  argument('linspace: NaN', () => linspace(0, Number.NaN, 3), 'linspace: an argument must be a number, got NaN'),
  argument('linspace: int32 to 3e9', () => linspace(0, 3e9, 3, { dtype: 'int32' }), 'type int32 without overflow'),
  argument('rand: int32', () => rand([2], { dtype: 'int32' }), 'dtype must be float32 or float64, got int32'),
  argument('randn: int32', () => randn([2], { dtype: 'int32' }), 'dtype must be float32 or float64, got int32'),
  argument(
    'randn: not a generator',
    () => randn([2], { generator: bad({ normalFill() {} }) }),
    'generator must be a Generator',
  ),
  argument('randint: nothing between', () => randint(3, 3, [2]), 'less than'),
  argument('randint: halves', () => randint(0.5, 3, [2]), 'must be an integer, got 0.5'),
  argument('randint: NaN', () => randint(0, Number.NaN, [2]), 'must be an integer, got NaN'),
  argument('randint: beyond int32', () => randint(0, 2 ** 33, [2]), 'out of bounds for int'),
  argument('randint: int32 with gradients', () => randint(0, 5, [2], { requiresGrad: true }), 'floating point'),
  argument(
    'randperm: generator of another kind',
    () => randperm(3, { generator: bad(7) }),
    'generator must be a Generator, got 7',
  ),
  state('requiresGrad of int32', ({ integers }) => integers.requiresGrad_(), 'floating point dtype'),
  argument(
    'requiresGrad: text',
    ({ matrix }) => matrix.requiresGrad_(bad('yes')),
    'requiresGrad: expected a boolean, got "yes"',
  ),
  argument('requiresGrad = 1', ({ matrix }) => Reflect.set(matrix, 'requiresGrad', 1), 'expected a boolean, got 1'),
  state('requiresGrad = false on a result', ({ leaf }) => leaf.mul(2).requiresGrad_(false), 'leaf variables'),
];
