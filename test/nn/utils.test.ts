/** Clipping, vectors of parameters, weight norm and averages of weights, as PyTorch computes them. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  cat,
  compile,
  nn,
  noGrad,
  optim,
  randn,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { load } from './models.js';

const { data, norms, values: clipped, weightNorms, averages } = golden('helpers');

function expectNear(found: Tensor, wanted: GoldenTensor, what: string, tolerance = 1e-13): void {
  expect(found.shape, what).toEqual(wanted.shape);
  const target = values(wanted);
  found.toTypedArray().forEach((value, i) => {
    if (Number.isFinite(target[i]!))
      expect(Math.abs(value - target[i]!), `${what}: ${value}, not ${target[i]}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(target[i]!)),
      );
    else expect(value, what).toBe(target[i]);
  });
}

function expectState(found: nn.StateDict, wanted: Readonly<Record<string, GoldenTensor>>): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  for (const [name, value] of Object.entries(wanted)) expectNear(found[name]!, value, name);
}

const withGradients = (gradients: readonly GoldenTensor[], dtype: 'float32' | 'float64' = 'float64') => [
  ...gradients.map((gradient) => {
    const leaf = zeros(gradient.shape, { dtype, requiresGrad: true });
    leaf.grad = load(gradient).to(dtype);
    return leaf;
  }),
  zeros([2], { dtype, requiresGrad: true }),
];

const pOf = (text: string) => Number(text.replace('inf', 'Infinity'));

describe('in float64', () => {
  runOn('reference');

  it.each(norms)('clipGradNorm_ to $maxNorm, p = $normType', ({ maxNorm, normType, before, total, after }) => {
    const parameters = withGradients(before);
    const norm = nn.utils.clipGradNorm_(parameters, maxNorm, { normType: pOf(normType) });
    expectNear(norm, total, 'norm');
    after.forEach((gradient, i) => {
      expectNear(parameters[i]!.grad!, gradient, `gradient ${i}`);
    });
    expect(parameters.at(-1)!.grad).toBeNull();
  });

  it.each(clipped)('clipGradValue_ to $clipValue', ({ clipValue, before, after }) => {
    const parameters = withGradients(before);
    nn.utils.clipGradValue_(parameters, clipValue);
    after.forEach((gradient, i) => {
      expectNear(parameters[i]!.grad!, gradient, `gradient ${i}`);
    });
  });

  const options = { dtype: 'float64' } as const;
  const makeModel = (initial: Readonly<Record<string, GoldenTensor>>) => {
    const model = new nn.Sequential(new nn.Linear(4, 5, options), new nn.Tanh(), new nn.Linear(5, 3, options));
    model.loadStateDict(Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, load(value)])));
    return model;
  };
  const inputs = Array.from({ length: 6 }, (_, i) => load(data).select(0, i));

  it.each(weightNorms.flatMap((each) => [false, true].map((isCompiled) => ({ ...each, isCompiled }))))(
    'weightNorm over dim $dim, compiled: $isCompiled',
    ({ dim, initial, normed, trained, removed, isCompiled }) => {
      const model = makeModel(initial);
      const layer = model.at(0);
      expect(nn.utils.weightNorm(layer, 'weight', dim)).toBe(layer);
      expect(String(layer)).toBe('Linear(in_features=4, out_features=5, bias=True)');
      expect(layer).toBeInstanceOf(nn.Linear);
      expectState(model.stateDict(), normed);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const step = (x: Tensor) => {
        optimizer.zeroGrad();
        const loss = model.forward(x).pow(2).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const run = isCompiled ? compile(step) : step;
      for (const x of inputs) run(x);
      expectState(model.stateDict(), trained);
      const copy = model.clone();
      expect(copy.forward(inputs[0]!).toArray()).toEqual(model.forward(inputs[0]!).toArray());
      noGrad(() => (Reflect.get(copy.at(0), 'weight_g') as Tensor).mul_(2));
      expect(copy.forward(inputs[0]!).toArray()).not.toEqual(model.forward(inputs[0]!).toArray());
      nn.utils.removeWeightNorm(layer);
      expect(Object.keys(model.stateDict()).sort()).toEqual(Object.keys(removed).sort());
      for (const [name, value] of Object.entries(removed)) expectNear(model.stateDict()[name]!, value, name);
    },
  );

  it.each(averages)('AveragedModel by $name', ({ name, initial, states }) => {
    const model = makeModel(initial);
    const { AveragedModel, getEmaAvgFn, getEmaMultiAvgFn, getSwaMultiAvgFn } = optim.swaUtils;
    const functions = {
      mean: {},
      emaMulti: { multiAvgFn: getEmaMultiAvgFn(0.9) },
      ema: { avgFn: getEmaAvgFn(0.3) },
      swaMulti: { multiAvgFn: getSwaMultiAvgFn() },
    };
    const average = new AveragedModel(model, functions[name]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const found = inputs.map((x) => {
      optimizer.zeroGrad();
      model.forward(x).pow(2).sum().backward();
      optimizer.step();
      average.updateParameters(model);
      return Object.fromEntries(Object.entries(average.stateDict()).map(([key, value]) => [key, value.clone()]));
    });
    for (const [i, state] of [found[0]!, found[1]!, found.at(-1)!].entries()) expectState(state, states[i]!);
    expect(average.forward(inputs[0]!).shape).toEqual([8, 3]);
  });
});

describeEachBackend('clipping in a compiled step', (backendName) => {
  const run = (isCompiled: boolean) => {
    const model = new nn.Sequential(new nn.Linear(9, 13), new nn.ReLU(), new nn.Linear(13, 4));
    const weights = randnOf(model);
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const step = (x: Tensor) => {
      optimizer.zeroGrad();
      model.forward(x).pow(2).sum().backward();
      const norm = nn.utils.clipGradNorm_(model.parameters(), 0.1);
      nn.utils.clipGradValue_(model.parameters(), 0.05);
      optimizer.step();
      return norm;
    };
    const compiled = compile(step);
    const found = weights.map((x) => (isCompiled ? compiled(x) : step(x)).item());
    return {
      found,
      parameters: model.parameters().map((each) => each.toArray()),
      text: isCompiled ? compiled.describe() : '',
    };
  };
  /** The same numbers in each run. */
  const randnOf = (model: nn.Module) => {
    const wave = (n: number, shift: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.3 + shift));
    noGrad(() =>
      model.parameters().forEach((each, i) => void each.copy_(tensor(wave(each.numel, i), { shape: each.shape }))),
    );
    return [0, 1, 2, 3].map((i) => tensor(wave(7 * 9, 5 + i), { shape: [7, 9] }));
  };

  it('gives what it gives by hand, without a read in between', () => {
    const [eager, compiled] = [run(false), run(true)];
    if (backendName !== 'reference') expect(compiled.found).toEqual(eager.found);
    compiled.found.forEach((norm, i) => {
      expect(norm / eager.found[i]!).toBeCloseTo(1, 5);
      expect(norm).toBeGreaterThan(0.1);
    });
    if (backendName !== 'reference') expect(compiled.parameters).toEqual(eager.parameters);
    if (backendName === 'reference') return;
    const last = compiled.text.split('-- after arena').at(-1)!;
    // Each gradient is scaled, clamped and used up by the optimizer in one pass.
    expect(last.match(/step=/g)).toHaveLength(4);
    expect(last).not.toMatch(/^state\d+ = /m);
  });
});

it('parameters are one vector, and come from one', () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 1));
  const vector = nn.utils.parametersToVector(model.parameters());
  expect(vector.shape).toEqual([11]);
  vector
    .mul(randn([11]))
    .sum()
    .backward();
  expect(model.parameters().every(({ grad }) => grad !== null)).toBe(true);
  const twice = vector.detach().mul(2);
  nn.utils.vectorToParameters(cat([twice, zeros([2])]), model.parameters());
  expect(nn.utils.parametersToVector(model.parameters()).toArray()).toEqual(twice.toArray());
});

const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 1));
const refused: readonly (readonly [string, () => unknown, string])[] = [
  [
    'clipGradNorm_: a number',
    () => nn.utils.clipGradNorm_(5 as never, 1),
    'expected a Tensor or an iterable of Tensors, got 5',
  ],
  ['clipGradNorm_: maxNorm', () => nn.utils.clipGradNorm_(model.parameters(), 'x' as never), 'maxNorm'],
  [
    'clipGradNorm_: normType',
    () => nn.utils.clipGradNorm_(model.parameters(), 1, { normType: Number.NaN }),
    'normType must be a number',
  ],
  ['clipGradValue_: a text', () => nn.utils.clipGradValue_(['a'] as never, 1), 'got "a" among them'],
  [
    'vectorToParameters: short',
    () => nn.utils.vectorToParameters(zeros([3]), model.parameters()),
    'expected a vector of at least 11 elements',
  ],
  ['weightNorm: no parameter', () => nn.utils.weightNorm(model, 'weight'), 'Sequential has no parameter "weight"'],
  ['weightNorm: dim', () => nn.utils.weightNorm(model.at(0), 'weight', 4), 'Dimension out of range'],
  [
    'removeWeightNorm: none',
    () => nn.utils.removeWeightNorm(model.at(0)),
    "weight_norm of 'weight' not found in Linear",
  ],
  [
    'AveragedModel: both',
    () => new optim.swaUtils.AveragedModel(model, { avgFn: (a) => a, multiAvgFn: () => {} }),
    'Only one of avg_fn and multi_avg_fn should be provided',
  ],
  [
    'getEmaMultiAvgFn: 2',
    () => optim.swaUtils.getEmaMultiAvgFn(2),
    'Invalid decay value 2 provided. Please provide a value in [0,1] range.',
  ],
  [
    'updateParameters: another model',
    () => new optim.swaUtils.AveragedModel(model).updateParameters(new nn.Linear(3, 3)),
    'are not those of the model that was copied',
  ],
];

it.each(refused)('%s is refused', (_name, act, message) => {
  expect(act).toThrow(message);
});

it('errorIfNonfinite refuses and changes nothing; a parameter is normed once', () => {
  const leaf = zeros([2], { requiresGrad: true });
  leaf.grad = tensor([1, Number.POSITIVE_INFINITY]);
  const act = () => nn.utils.clipGradNorm_(leaf, 1, { errorIfNonfinite: true });
  expect(act).toThrow(StateError);
  expect(act).toThrow(
    'The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped.',
  );
  expect(leaf.grad.toArray()).toEqual([1, Number.POSITIVE_INFINITY]);
  const layer = nn.utils.weightNorm(new nn.Linear(2, 2));
  expect(() => nn.utils.weightNorm(layer)).toThrow(ArgumentError);
  expect(nn.utils.clipGradNorm_([], 1).item()).toBe(0);
});
