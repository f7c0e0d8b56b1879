/** Layers and losses: what their constructors refuse, and names for what is registered. Sentences are PyTorch's where it has one. */
import { nn, ones, tensor, zeros } from '../../../src/index.js';
import { sentence } from '../../golden/load.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const int32 = (sizes: number[]) => zeros(sizes, { dtype: 'int32' });

export const layerRows: readonly Row[] = [
  argument('Linear: -1 features', () => new nn.Linear(-1, 2), 'Linear: inFeatures must not be negative, got -1'),
  argument('Linear: 1.5 features', () => new nn.Linear(2, 1.5), 'Linear: outFeatures must be an integer, got 1.5'),
  argument('Linear: text', () => new nn.Linear(bad('2'), 2), 'inFeatures must be an integer, got "2"'),
  argument('Linear: NaN', () => new nn.Linear(2, Number.NaN), 'outFeatures must be an integer, got NaN'),
  argument('Linear: no sizes', () => new nn.Linear(bad(undefined), 1), 'inFeatures must be an integer, got undefined'),
  argument('Linear: beyond any size', () => new nn.Linear(2 ** 40, 1), 'Linear: inFeatures is too large'),
  shape('Linear: 2^40 weights', () => new nn.Linear(2 ** 20, 2 ** 20), 'has too many elements'),
  argument(
    'Linear: sizes, with a generator',
    ({ generator }) => new nn.Linear(2, -1, { generator }),
    'outFeatures must not be negative',
  ),
  argument(
    'Linear: bias, with a generator',
    ({ generator }) => new nn.Linear(2, 2, bad({ generator, bias: 'no' })),
    'bias must be a boolean, got "no"',
  ),
  argument(
    'Sequential.forward of numbers names the layer',
    ({ model }) => model.forward(bad([1, 2, 3, 4])),
    'Sequential[0] linear: expected a Tensor, got [1, 2, 3, 4]',
  ),
  argument(
    'Linear.forward of int32 names the function',
    ({ model }) => model.at(0).forward(int32([2, 4])),
    'linear: expected a float32 or float64 tensor, got int32',
  ),
  argument(
    'Softmax.forward of int32 names the function',
    () => new nn.Softmax(0).forward(int32([2])),
    'softmax: expected a float32 or float64 tensor',
  ),
  argument(
    'Dropout: inplace that is no boolean',
    () => new nn.Dropout(0.5, bad(1)),
    'options must be an object, got 1',
  ),
  argument('Dropout: p, with a generator', ({ generator }) => new nn.Dropout(2, { generator }), 'but got 2'),
  argument('Flatten: 1.5', () => new nn.Flatten(1.5), 'Flatten: startDim must be an integer, got 1.5'),
  argument('Flatten: text', () => new nn.Flatten(1, bad('2')), 'Flatten: endDim must be an integer, got "2"'),
  argument('Flatten: dim out of range', ({ vector }) => new nn.Flatten().forward(vector), 'Dimension out of range'),
  ...[0, -1, Number.NEGATIVE_INFINITY].map((delta) =>
    argument(
      `HuberLoss: delta ${delta}`,
      () => new nn.HuberLoss({ delta }),
      'HuberLoss: huber_loss does not support non-positive values for delta.',
    ),
  ),
  argument(
    'CrossEntropyLoss: smoothing 1.5',
    () => new nn.CrossEntropyLoss({ labelSmoothing: 1.5 }),
    sentence('CrossEntropyLoss: smoothing 1.5'),
  ),
  shape(
    'CrossEntropyLoss: a matrix of weights',
    () => new nn.CrossEntropyLoss({ weight: ones([2, 2]) }),
    'CrossEntropyLoss: expected a weight of shape [classes], got [2, 2]',
  ),
  argument(
    'CrossEntropyLoss: target 3 of 3',
    ({ criterion, matrix }) => criterion.forward(matrix, tensor([0, 3], { dtype: 'int32' })),
    sentence('CrossEntropyLoss: target 3 of 3'),
  ),
  argument(
    'CrossEntropyLoss: float labels',
    ({ criterion, matrix }) => criterion.forward(matrix, zeros([2])),
    'labels are int32, got float32',
  ),
  shape(
    'MSELoss: shapes',
    () => new nn.MSELoss().forward(ones([2]), ones([2, 1])),
    'that is different to the input size ([2])',
  ),
  argument(
    'Parameter: requiresGrad 1',
    ({ vector }) => new nn.Parameter(vector, bad(1)),
    'requiresGrad: expected a boolean, got 1',
  ),
  argument(
    'registerParameter: no name',
    ({ model }) => model.registerParameter('', null),
    'parameter name can\'t be empty string ""',
  ),
  argument(
    'registerParameter: a symbol',
    ({ model }) => model.registerParameter(bad(Symbol('p')), null),
    'parameter name should be a string. Got a symbol',
  ),
  argument(
    'registerModule: 3',
    () => new nn.Module().registerModule('m', bad(3)),
    'Module.registerModule: 3 is not a Module subclass',
  ),
  argument(
    'registerModule: a class',
    () => new nn.Module().registerModule('m', bad(nn.ReLU)),
    'is not a Module subclass',
  ),
];
