/** Activations: what functions and layers refuse. Sentences are PyTorch's where it has one. */
import { functional as F, nn, ones, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

export const activationRows: readonly Row[] = [
  argument('ELU: text', () => new nn.ELU(bad('1')), 'ELU: options must be an object, got "1"'),
  argument('ELU: inplace 1', () => new nn.ELU(1, bad(1)), 'ELU: inplace must be a boolean, got 1'),
  argument('ELU: three settings', () => new nn.ELU(...bad([1, true, 3])), 'ELU: expected at most alpha, inplace'),
  argument('ELU: alpha twice', () => new nn.ELU(1, bad({ alpha: 2 })), 'ELU: unknown option "alpha"; it takes inplace'),
  argument('Sigmoid: an option', () => new nn.Sigmoid(bad({ dim: 1 })), 'Sigmoid: unknown option "dim"'),
  argument('ELU: true', () => new nn.ELU(bad(true)), 'ELU: alpha must be a number, got true'),
  argument('elu: NaN', ({ matrix }) => F.elu(matrix, Number.NaN), 'elu: alpha must be a number, got NaN'),
  argument('elu: inplace', ({ matrix }) => F.elu(matrix, bad({ inplace: true })), 'elu: unknown option "inplace"'),
  argument('elu of numbers', () => F.elu(bad([1])), 'elu: expected a Tensor, got [1]'),
  argument('CELU: alpha 0', () => new nn.CELU(0), 'CELU: alpha cannot be 0 for CELU'),
  argument('Hardtanh: bounds', () => new nn.Hardtanh(1, -1), 'Hardtanh: max_val (-1) must be greater than min_val (1)'),
  argument('hardtanh: bounds', ({ matrix }) => F.hardtanh(matrix, 1, -1), 'min_val cannot be greater than max_val'),
  argument('Threshold: no value', () => new nn.Threshold(0.1), 'Threshold: value must be a number, got undefined'),
  argument(
    'softshrink: -1',
    ({ matrix }) => F.softshrink(matrix, -1),
    'lambda must be in range [0, 3.40282e+38] for input dtype Float, but found -1',
  ),
  argument('GELU: foo', () => new nn.GELU(bad({ approximate: 'foo' })), 'approximate argument must be either none or'),
  shape('GLU: an odd size', ({ matrix }) => F.glu(matrix), 'Halving dimension must be even, but'),
  shape('glu of a scalar', () => F.glu(tensor(1)), 'glu does not support scalars because halving size must be even'),
  argument('GLU: dim out of range', ({ matrix }) => new nn.GLU(2).forward(matrix), 'Dimension out of range'),
  argument('GLU: dim 1.5', () => new nn.GLU(1.5), 'GLU: dim must be an integer, got 1.5'),
  shape('Softmax2d of a matrix', ({ matrix }) => new nn.Softmax2d().forward(matrix), 'expected input to be 3D or 4D'),
  shape(
    'PReLU: channels',
    () => new nn.PReLU(3).forward(ones([2, 4])),
    'Mismatch of parameter numbers and input channel size. Found parameter numbers = 3 and channel size = 4.',
  ),
  shape('PReLU of a scalar', () => new nn.PReLU(3).forward(tensor(1)), 'Not allow zero-dim input tensor.'),
  shape('prelu: a matrix of slopes', ({ matrix }) => F.prelu(matrix, matrix), 'to be a scalar or 1D tensor, but got'),
  argument('PReLU: -1', () => new nn.PReLU(-1), 'PReLU: numParameters must not be negative, got -1'),
  argument(
    'RReLU: bounds, with a generator',
    ({ generator }) => new nn.RReLU(1, 0.5, { generator }),
    'RReLU: Lower bound should be less than or equal to the upper bound',
  ),
  argument(
    'rrelu: training 1, with a generator',
    ({ matrix, generator }) => F.rrelu(matrix, bad({ training: 1, generator })),
    'rrelu: training must be a boolean, got 1',
  ),
];
