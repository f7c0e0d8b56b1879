/** Optimizers where a float32 overflows or vanishes on the way: PyTorch's values, on every backend. */
import { expect, it } from 'vitest';
import { nn, optim, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

type Make = (params: Tensor[]) => optim.Optimizer;
/** Two gradients of a parameter of 1, what it is after each step, and one state after both. */
type Row = readonly [grads: readonly [number, number], after: readonly [number, number], state: number];

const adam: Make = (params) => new optim.Adam(params, { lr: 0.1 });

const cases: readonly (readonly [name: string, make: Make, key: string, rows: readonly Row[]])[] = [
  [
    'Adam',
    adam,
    'exp_avg_sq',
    [
      [[1e25, 1], [1, 1], inf],
      [[3e38, 3e38], [1, 1], inf],
      [[3e38, -3e38], [1, 1], inf],
      [[1e-25, 1e-25], [1, 1], 0],
      [[1e19, 1e19], [0.9, 0.8], 1.999e35],
      [[inf, 1], [nan, nan], inf],
    ],
  ],
  [
    'Adam with a large rate',
    (params) => new optim.Adam(params, { lr: 1000 }),
    'exp_avg',
    [
      [[3e38, 3e38], [nan, nan], 5.7e37],
      [[1e25, 1], [1, 1], 9e23],
    ],
  ],
  [
    'AdamW with a large rate',
    (params) => new optim.AdamW(params, { lr: 1000 }),
    'exp_avg',
    [[[3e38, -3e38], [nan, nan], -3e36]],
  ],
  [
    'Adam with amsgrad and a large rate',
    (params) => new optim.Adam(params, { lr: 1000, amsgrad: true }),
    'max_exp_avg_sq',
    [[[3e38, 1], [nan, nan], inf]],
  ],
  [
    'Adam without eps',
    (params) => new optim.Adam(params, { lr: 0.1, eps: 0 }),
    'exp_avg',
    [
      [[1e25, 1], [1, 1], 9e23],
      [[1e-25, 1e-25], [-inf, -inf], 1.9e-26],
    ],
  ],
  [
    'Adam with amsgrad',
    (params) => new optim.Adam(params, { lr: 0.1, amsgrad: true }),
    'max_exp_avg_sq',
    [
      [[1e25, 1], [1, 1], inf],
      [[1e19, 1e19], [0.9, 0.8], 1.999e35],
    ],
  ],
  [
    'Adam with weight decay',
    (params) => new optim.Adam(params, { lr: 0.1, weightDecay: 1e38 }),
    'exp_avg',
    [
      [[1, 1], [1, 1], 1.9e37],
      [[3e38, 3e38], [nan, nan], nan],
    ],
  ],
  [
    'SGD with momentum',
    (params) => new optim.SGD(params, { lr: 0.1, momentum: 2 }),
    'momentum_buffer',
    [
      [[3e38, 3e38], [-3e37, -inf], inf],
      [[inf, 1], [-inf, -inf], inf],
    ],
  ],
];

/** To the digits of a float. */
function expectNear(found: number, wanted: number): void {
  if (Number.isFinite(wanted) && wanted !== 0) expect(found / wanted).toBeCloseTo(1, 5);
  else expect(found).toBe(wanted);
}

describeEachBackend('optimizers at extremes', () => {
  const all = cases.flatMap(([name, make, key, rows]) => rows.map((row) => [name, row[0], make, key, row] as const));
  it.each(all)('%s, gradients %j', (_name, _grads, make, key, [grads, after, state]) => {
    const parameter = new nn.Parameter(tensor([1]));
    const optimizer = make([parameter]);
    for (const [i, grad] of grads.entries()) {
      parameter.grad = tensor([grad]);
      optimizer.step();
      expectNear(parameter.item(), after[i]!);
    }
    expectNear((optimizer.stateDict().state[0]![key] as Tensor).item(), state);
  });

  it('AdamW whose decay overflows takes a small parameter with it, and 0 to NaN', () => {
    const parameter = new nn.Parameter(tensor([1e-5, 0]));
    const optimizer = new optim.AdamW([parameter], { lr: 1e30, weightDecay: 1e10 });
    parameter.grad = tensor([-1, -1]);
    optimizer.step();
    expect(parameter.toArray()).toEqual([-inf, nan]);
  });
});
