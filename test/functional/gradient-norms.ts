/** Gradient checks of normalisation. */
import { functional as F, type Tensor, tensor } from '../../src/index.js';
import { numbers, of, on } from './gradient-inputs.js';

const running = (channels: number) =>
  [0.3, 1.7].map((value) => tensor(new Float64Array(channels).fill(value), { dtype: 'float64' })) as [Tensor, Tensor];

const asDtype = (tensors: [Tensor, Tensor], x: Tensor) => tensors.map((each) => each.to(x.dtype)) as [Tensor, Tensor];

export const normGradients = [
  of(
    'batchNorm',
    'in training',
    () => [numbers([3, 2, 4]), numbers([2]), numbers([2])],
    (x, weight, bias) => F.batchNorm(x!, null, null, { weight: weight!, bias: bias!, training: true }),
  ),
  of(
    'batchNorm',
    'rows, no bias',
    () => [numbers([5, 3]), numbers([3])],
    (x, weight) => F.batchNorm(x!, null, null, { weight: weight!, training: true }),
  ),
  on('batchNorm', 'plain', [2, 3, 2, 3], (x) => F.batchNorm(x, null, null, { training: true, eps: 0.1 })),
  of(
    'batchNorm',
    'in evaluation',
    () => [numbers([3, 2, 2, 2]), numbers([2]), numbers([2])],
    (x, weight, bias) => F.batchNorm(x!, ...asDtype(running(2), x!), { weight: weight!, bias: bias! }),
  ),
  on('batchNorm', 'in evaluation, plain', [3, 2], (x) => F.batchNorm(x, ...asDtype(running(2), x))),
  of(
    'layerNorm',
    '',
    () => [numbers([3, 5]), numbers([5]), numbers([5])],
    (x, weight, bias) => F.layerNorm(x!, 5, { weight: weight!, bias: bias! }),
  ),
  on('layerNorm', 'two dimensions, plain', [2, 3, 4], (x) => F.layerNorm(x, [3, 4])),
  of(
    'groupNorm',
    '',
    () => [numbers([2, 4, 3]), numbers([4]), numbers([4])],
    (x, weight, bias) => F.groupNorm(x!, 2, { weight: weight!, bias: bias! }),
  ),
  of(
    'instanceNorm',
    '',
    () => [numbers([2, 2, 5]), numbers([2]), numbers([2])],
    (x, weight, bias) => F.instanceNorm(x!, { weight: weight!, bias: bias! }),
  ),
  of(
    'rmsNorm',
    '',
    () => [numbers([3, 5]), numbers([5])],
    (x, weight) => F.rmsNorm(x!, 5, { weight: weight! }),
  ),
  on('rmsNorm', 'plain', [2, 7], (x) => F.rmsNorm(x, [7], { eps: 0.01 })),
];
