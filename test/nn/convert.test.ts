/** Modules in another dtype: `to`, `double`, `float`. */
import { expect, it } from 'vitest';
import { ArgumentError, compile, nn, noGrad, optim, randn, StateError, type Tensor } from '../../src/index.js';

class Tied extends nn.Module {
  readonly first = new nn.Linear(3, 3);
  readonly second = new nn.Linear(3, 3, { bias: false });
  readonly norm = new nn.BatchNorm1d(3);

  constructor() {
    super();
    this.second.weight = this.first.weight;
    this.second.weight.requiresGrad_(false);
  }

  override forward(x: Tensor): Tensor {
    return this.norm.forward(this.second.forward(this.first.forward(x)));
  }
}

it('converts parameters, buffers and gradients, and keeps what is tied, frozen and hooked', () => {
  const model = new Tied();
  const { bias } = model.first;
  let calls = 0;
  bias!.registerHook(() => {
    calls++;
  });
  model
    .forward(randn([4, 3]))
    .sum()
    .backward();
  const gradient = bias!.grad!.toArray();
  const numbers = bias!.toArray();
  expect(model.to('float64')).toBe(model);
  const kinds = Object.entries(model.stateDict()).map(([name, { dtype }]) => [name, dtype]);
  expect(kinds.filter(([, dtype]) => dtype !== 'float64')).toEqual([['norm.num_batches_tracked', 'int32']]);
  expect(model.second.weight).toBe(model.first.weight);
  expect(model.first.weight.requiresGrad).toBe(false);
  expect(model.first.bias!.toArray()).toEqual(numbers);
  expect(model.first.bias!.grad!.dtype).toBe('float64');
  expect(model.first.bias!.grad!.toArray()).toEqual(gradient);
  expect(model.parameters()).toHaveLength(4);
  model
    .forward(randn([4, 3], { dtype: 'float64' }))
    .sum()
    .backward();
  expect(calls).toBe(2);
  const kept = model.first.bias;
  expect(model.double().first.bias).toBe(kept);
});

it('has an optimizer that was made before say so', () => {
  const model = new nn.Linear(2, 1);
  const before = new optim.SGD(model.parameters(), { lr: 0.1 });
  const late = new optim.LBFGS(model.parameters());
  model.double();
  const x = randn([3, 2], { dtype: 'float64' });
  const loss = () => model.forward(x).pow(2).mean();
  loss().backward();
  const weights = model.weight.toArray();
  expect(() => before.step()).toThrow(StateError);
  expect(() => before.step()).toThrow('SGD: a parameter of the model has been replaced by Module.to(dtype)');
  expect(() => late.step(loss)).toThrow('make the optimizer behind it');
  expect(model.weight.toArray()).toEqual(weights);
  new optim.SGD(model.parameters(), { lr: 0.1 }).step();
  expect(model.weight.toArray()).not.toEqual(weights);
});

it('has a compiled function traced again', () => {
  const model = new nn.Linear(2, 1);
  const run = compile((x: Tensor) => noGrad(() => model.forward(x)));
  const x = randn([3, 2]);
  const single = run(x).toArray();
  model.double();
  const exact = run(x.to('float64'));
  expect(exact.dtype).toBe('float64');
  model.float();
  expect(run(x).toArray()).toEqual(single);
});

it('refuses integers, other words, and to be called in a compiled function', () => {
  const model = new nn.Linear(2, 1);
  for (const dtype of ['int32', 'half', 5, undefined]) expect(() => model.to(dtype as never)).toThrow(ArgumentError);
  expect(() => model.to('int32' as never)).toThrow(
    'Linear.to: nn.Module.to only accepts floating point or complex dtypes, but got desired dtype="int32"',
  );
  expect(() => compile((x: Tensor) => model.double().forward(x))(randn([1, 2]))).toThrow(StateError);
  expect(model.weight.dtype).toBe('float32');
});
