/** Ten or twelve steps of each optimizer, by hand and compiled, as PyTorch makes them: losses, parameters, state. */
import { describe, expect, it } from 'vitest';
import { compile, nn, optim, type Tensor } from '../../src/index.js';
import { type GoldenTensor, golden, type OptimizerCase, type OptimizerRuns, values } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { load } from '../nn/models.js';

type Case = OptimizerCase & { readonly from: OptimizerRuns };
const casesOf = (from: OptimizerRuns): Case[] => from.cases.map((each) => ({ ...each, from }));
const cases = [...casesOf(golden('optimizers')), ...casesOf(golden('optimizers-rest'))];

function build({ layers, initial }: OptimizerRuns, dtype: 'float32' | 'float64') {
  const [a, b, c, d] = layers as [number, number, number, number];
  const options = { dtype };
  const model = new nn.Sequential(
    new nn.Linear(a, b, options),
    new nn.ReLU(),
    new nn.Linear(b, c, options),
    new nn.ReLU(),
    new nn.Linear(c, d, options),
  );
  model.loadStateDict(Object.fromEntries(Object.entries(initial).map(([name, tensor]) => [name, load(tensor)])));
  return model;
}

function train({ optimizer: name, options, from }: Case, dtype: 'float32' | 'float64', isCompiled = false) {
  const { inputs, targets } = from;
  const model = build(from, dtype);
  const optimizer = new optim[name](model.parameters(), options);
  const criterion = new nn.CrossEntropyLoss();
  const [x, y] = [load(inputs).to(dtype), load(targets)];
  const take = (input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = isCompiled ? compile(take) : take;
  const losses = Float64Array.from({ length: inputs.shape[0]! }, (_, i) => step(x.select(0, i), y.select(0, i)).item());
  return { model, optimizer, losses };
}

/** The largest distance, as a share of 1 or of the larger number. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    // Not Math.max, which a NaN on one side only would pass.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

const numbers = (tensor: Tensor) => tensor.toTypedArray();
const title = ({ optimizer, options }: Case) => `${optimizer} ${JSON.stringify(options)}`;
const titled = cases.map((each) => [title(each), each] as const);

describe('in float64', () => {
  runOn('reference');
  it.each(titled)('%s is PyTorch to 1e-13', (_title, run) => {
    for (const isCompiled of [false, true]) {
      const { model, losses } = train(run, 'float64', isCompiled);
      expect(distance(losses, values(run.losses64))).toBeLessThan(1e-13);
      for (const [name, parameter] of model.namedParameters())
        expect(distance(numbers(parameter), values(run.parameters64[name]!)), name).toBeLessThan(1e-13);
    }
  });
});

describeEachBackend('in float32', () => {
  const both = [false, true].flatMap((isCompiled) =>
    titled.map(([name, run]) => [isCompiled ? 'compiled' : 'by hand', name, isCompiled, run] as const),
  );
  it.each(both)('%s, %s is PyTorch to a few roundings', (_how, _title, isCompiled, run) => {
    const { model, optimizer, losses } = train(run, 'float32', isCompiled);
    expect(distance(losses, values(run.losses))).toBeLessThan(1e-6);
    for (const [name, parameter] of model.namedParameters())
      expect(distance(numbers(parameter), values(run.parameters[name]!)), name).toBeLessThan(2e-6);

    const { state, param_groups } = optimizer.stateDict();
    run.state.forEach((expected, index) => {
      const actual = state[index] ?? {};
      expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, tensor] of Object.entries(expected))
        expect(distance(numbers(actual[name]!), values(tensor)), `${name} of ${index}`).toBeLessThan(2e-6);
    });
    const [group] = param_groups;
    for (const [name, value] of Object.entries(group!)) expect(value, name).toEqual(run.paramGroup[name]);
    expect(Object.keys(run.paramGroup)).toEqual(expect.arrayContaining(Object.keys(group!)));
  });

  it("goes on from PyTorch's own state dict", () => {
    for (const run of cases) {
      const { model, optimizer, losses } = train(run, 'float32');
      const fresh = build(run.from, 'float32');
      fresh.loadStateDict(model.stateDict());
      const resumed = new optim[run.optimizer](fresh.parameters());
      const asTensors = (state: Readonly<Record<string, GoldenTensor>>) =>
        Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, load(tensor)]));
      const state = Object.fromEntries(run.state.map((each, index) => [index, asTensors(each)]));
      resumed.loadStateDict({ state, param_groups: [{ ...run.paramGroup }] });
      for (const [net, stepper] of [
        [model, optimizer],
        [fresh, resumed],
      ] as const) {
        net.zeroGrad();
        net.forward(load(run.from.inputs).select(0, 0)).sum().backward();
        stepper.step();
      }
      expect(losses).toHaveLength(run.from.inputs.shape[0]!);
      fresh.parameters().forEach((parameter, i) => {
        expect(distance(numbers(parameter), numbers(model.parameters()[i]!)), title(run)).toBeLessThan(2e-6);
      });
    }
  });
});
