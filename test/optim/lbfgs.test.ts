/** LBFGS as PyTorch runs it: losses of all calls of the closure, parameters, state; state dicts both ways; what it refuses. */
import { describe, expect, it } from 'vitest';
import { compile, functional as F, nn, optim, Tensor, tensor } from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { load } from '../nn/models.js';

const file = golden('lbfgs');
type Case = (typeof file.cases)[number];
type DType = 'float32' | 'float64';

/** Parameters and the function of them that is to be minimised. */
function problem({ function: name }: Pick<Case, 'function'>, dtype: DType): [Tensor[], () => Tensor] {
  if (name === 'rosenbrock') {
    const x = tensor([-1.2, 1, -0.5], { dtype }).requiresGrad_();
    const of = () => {
      const [a, b] = [x.narrow(0, 0, 2), x.narrow(0, 1, 2)];
      return a
        .neg()
        .add(1)
        .pow(2)
        .add(b.sub(a.pow(2)).pow(2).mul(100))
        .sum();
    };
    return [[x], of];
  }
  const options = { dtype };
  const model = new nn.Sequential(
    ...[new nn.Linear(7, 6, options), new nn.ReLU(), new nn.Linear(6, 5, options), new nn.ReLU()],
    new nn.Linear(5, 3, options),
  );
  model.loadStateDict(Object.fromEntries(Object.entries(file.initial).map(([key, each]) => [key, load(each)])));
  const [inputs, targets] = [load(file.inputs).to(dtype), load(file.targets)];
  return [model.parameters(), () => F.crossEntropy(model.forward(inputs), targets)];
}

function runner(optimizer: optim.LBFGS, of: () => Tensor, calls: number[] = []) {
  return () => {
    optimizer.zeroGrad();
    const loss = of();
    loss.backward();
    calls.push(loss.item());
    return loss;
  };
}

function train(one: Case, dtype: DType, steps = one.steps) {
  const [params, of] = problem(one, dtype);
  const optimizer = new optim.LBFGS(params, one.options);
  const calls: number[] = [];
  const closure = runner(optimizer, of, calls);
  const losses = Array.from({ length: steps }, () => optimizer.step(closure).item());
  return { params, optimizer, closure, losses, calls };
}

type Numbers = ArrayLike<number>;

function expectNear(
  actual: Numbers,
  expected: Numbers,
  most: number,
  what: string,
  spread: Numbers | number = 0,
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const carried = 10 * (typeof spread === 'number' ? spread : spread[i]!);
    const bound = most * Math.max(1, Math.abs(expected[i]!)) + carried;
    expect(Math.abs(actual[i]! - expected[i]!), `${what}[${i}]`).toBeLessThanOrEqual(bound);
  }
}

const numbersOf = (value: unknown): ArrayLike<number>[] => {
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  if (value instanceof Tensor) return [value.toTypedArray()];
  return [typeof value === 'number' ? [value] : values(value as GoldenTensor)];
};

const titled = file.cases.map((one) => [`${one.function} ${JSON.stringify(one.options)}`, one] as const);

describe('LBFGS in float64', () => {
  runOn('reference');
  it.each(titled)('%s is PyTorch to 1e-12, and what roundings carry', (_title, one) => {
    const { params, optimizer, losses, calls } = train(one, 'float64');
    expect(calls).toHaveLength(one.calls.length);
    expect(losses).toHaveLength(one.losses.length);
    expectNear(calls, one.calls, 1e-12, 'calls', one.spread);
    for (const [i, param] of params.entries())
      expectNear(param.toTypedArray(), values(one.parameters[i]!), 1e-12, `parameter ${i}`, one.parameterSpread);
    expect(String(optimizer)).toBe(one.text);
    const { state, param_groups } = optimizer.stateDict();
    expect(param_groups).toEqual([one.group]);
    const own = state[0] as unknown as Record<string, unknown>;
    expect(Object.keys(own).sort()).toEqual(Object.keys(one.state).sort());
    for (const [name, expected] of Object.entries(one.state)) {
      const [actual, wanted] = [numbersOf(own[name]), numbersOf(expected)];
      expect(actual).toHaveLength(wanted.length);
      // Differences of gradients, and their quotients, lose digits that the numbers themselves have.
      for (const [i, each] of wanted.entries()) expectNear(actual[i]!, each, 1e-7, name);
    }
  });

  it.each(titled)('%s goes on from what PyTorch has saved, and from its own state', (_title, one) => {
    const longer = train(one, 'float64', one.steps + 1);
    const fromPyTorch = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(fromPyTorch) : typeof value === 'number' ? value : load(value as GoldenTensor);
    const state = Object.fromEntries(Object.entries(one.state).map(([name, value]) => [name, fromPyTorch(value)]));
    const saved = { state: { 0: state }, param_groups: [{ ...one.group }] };
    for (const each of [saved, JSON.parse(JSON.stringify(train(one, 'float64').optimizer.stateDict()))]) {
      const [params, of] = problem(one, 'float64');
      for (const [i, param] of params.entries()) param.detach().copy_(load(one.parameters[i]!));
      const optimizer = new optim.LBFGS(params);
      optimizer.loadStateDict(each as never);
      optimizer.step(runner(optimizer, of));
      for (const [i, param] of params.entries())
        expectNear(param.toTypedArray(), longer.params[i]!.toTypedArray(), 1e-5, `parameter ${i}`);
    }
  });
});

describeEachBackend('LBFGS', () => {
  it('comes as near to the minimum in float32', () => {
    const one = file.cases.find(({ options, function: name }) => name === 'network' && options.lineSearchFn)!;
    const { losses, closure } = train(one, 'float32');
    expect(losses[0]).toBeCloseTo(one.losses[0]!, 5);
    expect(closure().item()).toBeLessThan(0.6 * one.losses[0]!);
  });

  it('takes a compiled closure', () => {
    const one = file.cases.find(({ options, function: name }) => name === 'network' && options.lineSearchFn)!;
    const eager = train(one, 'float32', 1);
    const [params, of] = problem(one, 'float32');
    const optimizer = new optim.LBFGS(params, one.options);
    const closure = compile(() => {
      optimizer.zeroGrad();
      const loss = of();
      loss.backward();
      return loss;
    });
    expect(optimizer.step(closure).item()).toBeCloseTo(eager.losses[0]!, 5);
    for (const [i, param] of params.entries())
      expectNear(param.toTypedArray(), eager.params[i]!.toTypedArray(), 1e-2, `parameter ${i}`);
    closure.dispose();
  });

  it('leaves parameters and state as they were when the closure throws', () => {
    const [params, of] = problem({ function: 'rosenbrock' }, 'float32');
    const optimizer = new optim.LBFGS(params, { lineSearchFn: 'strong_wolfe', maxIter: 4 });
    const calls: number[] = [];
    const closure = runner(optimizer, of, calls);
    optimizer.step(closure);
    const before = JSON.stringify([optimizer.stateDict(), params[0]!.toArray()]);
    calls.length = 0;
    const failing = () => {
      const loss = closure();
      if (calls.length === 4) throw new Error('no more');
      return loss;
    };
    expect(() => optimizer.step(failing)).toThrow('no more');
    expect(calls).toHaveLength(4);
    expect(JSON.stringify([optimizer.stateDict(), params[0]!.toArray()])).toBe(before);
  });

  it('refuses what it cannot step with', () => {
    const [params, of] = problem({ function: 'rosenbrock' }, 'float32');
    const optimizer = new optim.LBFGS(params);
    expect(() => optimizer.step()).toThrow('LBFGS.step: expected a closure that returns the loss, got undefined');
    expect(() => optimizer.step(() => {})).toThrow('the closure must return the loss');
    expect(() => optimizer.addParamGroup({ params: tensor([1]).requiresGrad_() })).toThrow(
      "LBFGS doesn't support per-parameter options (parameter groups)",
    );
    expect(() => new optim.LBFGS([tensor([1]), tensor([1], { dtype: 'float64' })])).toThrow('the same dtype');
    expect(() => compile(() => optimizer.step(runner(optimizer, of)))()).toThrow('call it outside of the function');
    expect(params[0]!.toArray()).toEqual(tensor([-1.2, 1, -0.5]).toArray());
    expect(optimizer.stateDict().state).toEqual({});
  });
});
