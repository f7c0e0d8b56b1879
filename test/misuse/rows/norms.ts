/** Normalisation: settings and sizes that are refused, in PyTorch's sentences where it has one. */
import { functional as F, nn, ones, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const rows = () => ones(4, 3);
const training = { training: true } as const;

export const normRows: readonly Row[] = [
  argument(
    'batchNorm: no statistics',
    () => F.batchNorm(rows(), null, null),
    'running_mean must be defined in evaluation mode',
  ),
  argument(
    'batchNorm: no variance',
    () => F.batchNorm(rows(), zeros(3), null),
    'running_var must be defined in evaluation mode',
  ),
  argument(
    'batchNorm: eps 0 in training',
    () => F.batchNorm(rows(), null, null, { training: true, eps: 0 }),
    'batch_norm eps must be positive during training, but got 0',
  ),
  shape(
    'batchNorm: one value',
    () => F.batchNorm(ones(1, 3), zeros(3), ones(3), training),
    'Expected more than 1 value per channel when training, got input size [1, 3]',
  ),
  shape(
    'batchNorm: four means',
    () => F.batchNorm(rows(), zeros(4), ones(3)),
    'running_mean should contain 3 elements not 4',
  ),
  shape(
    'batchNorm: four weights',
    () => F.batchNorm(rows(), zeros(3), ones(3), { weight: ones(4) }),
    'weight should contain 3 elements not 4',
  ),
  argument(
    'batchNorm: float64 weights',
    () => F.batchNorm(rows(), null, null, { ...training, weight: ones([3], { dtype: 'float64' }) }),
    'expected tensors of the same dtype, got float32 and float64',
  ),
  argument(
    'batchNorm: momentum null',
    () => F.batchNorm(rows(), null, null, bad({ momentum: null })),
    'momentum must be a number',
  ),
  argument(
    'batchNorm: int32',
    () => F.batchNorm(zeros([4, 3], { dtype: 'int32' }), null, null),
    'expected a float32 or float64',
  ),
  argument('BatchNorm1d: -1', () => new nn.BatchNorm1d(-1), 'BatchNorm1d: numFeatures must not be negative, got -1'),
  argument(
    'BatchNorm1d: eps of text',
    () => new nn.BatchNorm1d(2, { eps: bad('1') }),
    'BatchNorm1d: eps must be a number',
  ),
  argument('BatchNorm2d: affine 1', () => new nn.BatchNorm2d(2, { affine: bad(1) }), 'affine must be a boolean, got 1'),
  argument(
    'BatchNorm2d: track_running_stats',
    () => new nn.BatchNorm2d(2, bad({ track_running_stats: true })),
    'unknown option',
  ),
  shape(
    'BatchNorm1d: four dimensions',
    () => new nn.BatchNorm1d(3).forward(ones(2, 3, 4, 4)),
    'expected 2D or 3D input (got 4D input)',
  ),
  shape(
    'BatchNorm2d: three dimensions',
    () => new nn.BatchNorm2d(3).forward(ones(2, 3, 4)),
    'expected 4D input (got 3D input)',
  ),
  shape(
    'BatchNorm1d: four channels for three',
    () => new nn.BatchNorm1d(4).forward(ones(2, 3)),
    'BatchNorm1d: running_mean should contain 3 elements not 4',
  ),
  shape(
    'layerNorm: another size',
    () => F.layerNorm(ones(4, 3, 5), 4),
    'Given normalized_shape=[4], expected input with shape [*, 4], but got input of size[4, 3, 5]',
  ),
  shape(
    'RMSNorm: another size',
    () => new nn.RMSNorm(4).forward(ones(2, 3)),
    'RMSNorm: Given normalized_shape=[4], expected input with shape [*4]',
  ),
  shape(
    'layerNorm: another weight',
    () => F.layerNorm(rows(), 3, { weight: ones(4) }),
    'Expected weight to be of same shape as normalized_shape, but got weight of shape [4] and normalized_shape = [3]',
  ),
  argument(
    'LayerNorm: no dimensions',
    () => new nn.LayerNorm([]),
    'Expected normalized_shape to be at least 1-dimensional',
  ),
  argument(
    'LayerNorm: text',
    () => new nn.LayerNorm(bad('3')),
    'LayerNorm: size of dimension 0 must be an integer, got "3"',
  ),
  argument('GroupNorm: 4 of 6', () => new nn.GroupNorm(4, 6), 'num_channels (6) must be divisible by num_groups (4)'),
  argument('GroupNorm: no groups', () => new nn.GroupNorm(0, 6), 'GroupNorm: numGroups must be at least 1, got 0'),
  shape(
    'groupNorm: 3 of 7',
    () => F.groupNorm(ones(2, 7, 4), 3),
    'Expected number of channels in input to be divisible by num_groups, but got input of shape [2, 7, 4] and num_groups=3',
  ),
  shape(
    'groupNorm: a vector',
    () => F.groupNorm(ones(6), 3),
    'Expected at least 2 dimensions for input tensor but received 1',
  ),
  shape(
    'GroupNorm: four channels for six',
    () => new nn.GroupNorm(2, 6).forward(ones(2, 4, 3)),
    'Expected weight to be a vector of size equal',
  ),
  shape(
    'InstanceNorm2d: a matrix',
    () => new nn.InstanceNorm2d(3).forward(rows()),
    'expected 3D or 4D input (got 2D input)',
  ),
  shape(
    'InstanceNorm2d: other channels',
    () => new nn.InstanceNorm2d(4, { affine: true }).forward(ones(2, 3, 4, 4)),
    "expected input's size at dim=1 to match num_features (4), but got: 3.",
  ),
  shape(
    'instanceNorm: one element of space',
    () => F.instanceNorm(ones(2, 3, 1, 1)),
    'Expected more than 1 spatial element when training, got input size [2, 3, 1, 1]',
  ),
  argument(
    'instanceNorm: no statistics',
    () => F.instanceNorm(ones(2, 3, 4), { useInputStats: false }),
    'Expected running_mean and running_var to be defined when use_input_stats is false',
  ),
];
