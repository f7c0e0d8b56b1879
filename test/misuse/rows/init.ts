/** nn.init: tensors and settings that it refuses, before anything is drawn. Sentences are PyTorch's. */
import { nn, ones } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const { init } = nn;

export const initRows: readonly Row[] = [
  argument(
    'init.uniform_: bounds',
    () => init.uniform_(ones(3), 2, 1),
    'expects to return a [from, to) range, but found',
  ),
  argument('init.normal_: std -1', () => init.normal_(ones(3), 0, -1), 'normal expects std >= 0.0, but found std -1'),
  argument('init.uniform_ of text', () => init.uniform_(bad('x')), 'uniform_: expected a Tensor, got "x"'),
  argument('init.orthogonal_ of a list', () => init.orthogonal_(bad([1])), 'orthogonal_: expected a Tensor, got [1]'),
  argument('normal_ of int32', ({ integers }) => init.normal_(integers), 'expected a float32 or float64 tensor, got'),
  argument('calculateGain: gelu', () => init.calculateGain(bad('gelu')), 'Unsupported nonlinearity "gelu"'),
  argument(
    'calculateGain: a slope',
    () => init.calculateGain('leaky_relu', bad('a')),
    'negative_slope "a" not a valid',
  ),
  argument(
    'kaimingUniform_: mode',
    () => init.kaimingUniform_(ones(2, 3), bad({ mode: 'fan' })),
    'Mode "fan" not supp',
  ),
  argument(
    'kaimingUniform_: option',
    () => init.kaimingUniform_(ones(2, 3), bad({ gain: 1 })),
    'unknown option "gain"',
  ),
  shape(
    'kaimingUniform_ of a vector',
    () => init.kaimingUniform_(ones(2)),
    'Fan in and fan out can not be computed for',
  ),
  shape(
    'xavierNormal_ of a vector',
    () => init.xavierNormal_(ones(2)),
    'Fan in and fan out can not be computed for ten',
  ),
  shape(
    'orthogonal_ of a vector',
    () => init.orthogonal_(ones(3)),
    'Only tensors with 2 or more dimensions are supported',
  ),
  shape('eye_ of a vector', () => init.eye_(ones(3)), 'Only tensors with 2 dimensions are supported'),
  shape('sparse_ of a vector', () => init.sparse_(ones(3), 0.1), 'Only tensors with 2 dimensions are supported'),
  shape('dirac_ of a matrix', () => init.dirac_(ones(3, 3)), 'Only tensors with 3, 4, or 5 dimensions are supported'),
  shape('dirac_: groups', () => init.dirac_(ones(3, 3, 3), 2), 'dim 0 must be divisible by groups'),
  argument('truncNormal_: bounds', () => init.truncNormal_(ones(3), 0, 1, 2, -2), 'but found from=2 > to=-2'),
  argument('truncNormal_: std', () => init.truncNormal_(ones(3), 0, 0), 'std must be greater than 0, got 0'),
  argument(
    'truncNormal_: a generator',
    ({ generator }) => init.truncNormal_(ones(3), 0, -1, -2, 2, { generator }),
    'std must be greater than 0, got -1',
  ),
  argument('sparse_: std', () => init.sparse_(ones(3, 2), 0.5, -1), 'normal expects std >= 0.0, but found std -1'),
];
