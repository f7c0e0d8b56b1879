/** Gradient checks of activations, on both sides of their kinks. */
import { functional as F, Generator } from '../../src/index.js';
import { apart, numbers, of, on } from './gradient-inputs.js';

const plain = [
  ...(['relu6', 'selu', 'silu', 'mish', 'hardtanh', 'hardswish', 'hardsigmoid', 'sigmoid', 'tanh'] as const),
  ...(['softsign', 'logsigmoid', 'tanhshrink', 'gelu'] as const),
] as const;

export const activationGradients = [
  ...plain.map((name) =>
    of(
      name,
      'both sides',
      () => [numbers([6, 7], -7, 7)],
      (x) => F[name](x!),
    ),
  ),
  on('relu', 'both sides', [20], (x) => F.relu(x)),
  on('leakyRelu', 'a slope', [20], (x) => F.leakyRelu(x, 0.2)),
  on('elu', 'alpha', [20], (x) => F.elu(x, 1.5)),
  on('celu', 'alpha', [20], (x) => F.celu(x, 0.75)),
  on('gelu', 'tanh', [20], (x) => F.gelu(x, { approximate: 'tanh' })),
  on('softplus', 'beta, threshold', [20], (x) => F.softplus(x, 2, 1.5)),
  on('threshold', '', [20], (x) => F.threshold(x, 0.25, 7)),
  on('hardshrink', '', [20], (x) => F.hardshrink(x, 0.75)),
  on('softshrink', '', [20], (x) => F.softshrink(x, 0.75)),
  on('glu', 'middle', [2, 4, 3], (x) => F.glu(x, 1)),
  on('glu', 'last', [3, 6], (x) => F.glu(x)),
  on('softmin', '', [3, 5], (x) => F.softmin(x, 0)),
  of(
    'prelu',
    'channels',
    () => [apart([2, 3, 4]), numbers([3])],
    (x, w) => F.prelu(x!, w!),
  ),
  of(
    'prelu',
    'one slope',
    () => [apart([2, 3]), numbers([1])],
    (x, w) => F.prelu(x!, w!),
  ),
  on('rrelu', 'evaluation', [20], (x) => F.rrelu(x, { lower: 0.25, upper: 0.5 })),
  ...(['counter', 'mt19937'] as const).map((masks) =>
    on('rrelu', `training, ${masks}`, [20], (x) =>
      F.rrelu(x, { training: true, generator: new Generator(3, { masks }) }),
    ),
  ),
];
