/** Muon as PyTorch runs it: parameters, momenta, state dicts; by hand and compiled; what it refuses. */
import { describe, expect, it } from 'vitest';
import { compile, optim, type Tensor, zeros } from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { load } from '../nn/models.js';

const file = golden('muon');
type Case = (typeof file.cases)[number];
type DType = 'float32' | 'float64';

function train({ options }: Case, dtype: DType, isCompiled: boolean) {
  const params = file.start.map((each) => load(each).to(dtype).requiresGrad_());
  const optimizer = new optim.Muon(params, options);
  // Gradients of the sum of products are the factors.
  const take = (...factors: Tensor[]) => {
    optimizer.zeroGrad();
    const losses = params.map((param, i) => param.mul(factors[i]!).sum());
    const loss = losses.reduce((a, b) => a.add(b));
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = isCompiled ? compile(take) : take;
  for (const gradients of file.gradients) step(...gradients.map((each) => load(each).to(dtype)));
  return { params, optimizer };
}

/** The largest difference. */
const distance = (actual: Tensor, expected: GoldenTensor): number => {
  const [a, b] = [actual.toTypedArray(), values(expected)];
  expect(a).toHaveLength(b.length);
  // NaN is the largest.
  return Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((most, each) => (!(each <= most) ? each : most), 0);
};

const titled = file.cases.map((one) => [JSON.stringify(one.options), one] as const);

describe('Muon in float64', () => {
  runOn('reference');
  it.each(titled)('%s is PyTorch to 1e-12, but for its rounding to bfloat16', (_title, one) => {
    for (const isCompiled of [false, true]) {
      const { params, optimizer } = train(one, 'float64', isCompiled);
      const { state, param_groups } = optimizer.stateDict();
      expect(param_groups).toEqual([one.group]);
      for (const [i, param] of params.entries()) {
        expect(distance(param, one.parameters[i]!)).toBeLessThan(1e-12);
        expect(Object.keys(state[i]!)).toEqual(['momentum_buffer']);
        expect(distance(state[i]!.momentum_buffer!, one.momenta[i]!)).toBeLessThan(1e-12);
      }
    }
  });
});

describeEachBackend('Muon', () => {
  it.each(titled)('%s in float32, near what PyTorch rounds', (_title, one) => {
    for (const isCompiled of [false, true]) {
      const { params } = train(one, 'float32', isCompiled);
      const { lr = 1e-3, adjustLrFn } = one.options;
      for (const [i, param] of params.entries()) {
        expect(distance(param, one.parameters[i]!)).toBeLessThan(1e-4);
        // Four directions of size 1, or of √7 with that adjustment, each with some hundredths of bfloat16's rounding.
        const size = adjustLrFn === 'match_rms_adamw' ? 1 : Math.sqrt(7 / 3);
        expect(distance(param, one.rounded[i]!)).toBeLessThan(4 * 0.05 * lr * size);
      }
    }
  });

  it('goes on from its state, and follows changed options in a compiled step', () => {
    const one = file.cases[1]!;
    const { params, optimizer } = train(one, 'float32', false);
    const copies = params.map((param) => param.detach().clone().requiresGrad_());
    const resumed = new optim.Muon(copies);
    resumed.loadStateDict(JSON.parse(JSON.stringify(optimizer.stateDict())));
    const factor = params.map(({ shape }) => zeros(shape).add(0.3));
    const step = (of: optim.Muon, own: readonly Tensor[]) => () => {
      of.zeroGrad();
      const loss = own.map((param, i) => param.mul(factor[i]!).sum()).reduce((a, b) => a.add(b));
      loss.backward();
      of.step();
      return loss;
    };
    const [eager, compiled] = [step(optimizer, params), compile(step(resumed, copies))];
    for (const changes of [{}, { nsSteps: 2 }, { momentum: 0.2, lr: 0.5 }, { nesterov: false }]) {
      Object.assign(optimizer.paramGroups[0]!, changes);
      Object.assign(resumed.paramGroups[0]!, changes);
      eager();
      compiled();
      for (const [i, copy] of copies.entries()) expect(distance(copy, encoded(params[i]!))).toBeLessThan(1e-5);
    }
    compiled.dispose();
  });

  it('refuses what it cannot step, and adds no group then', () => {
    const matrix = zeros(2, 2).requiresGrad_();
    const optimizer = new optim.Muon([matrix]);
    const sentence = 'Muon only supports 2D parameters whereas we found a parameter with size: [3]';
    expect(() => new optim.Muon([zeros(3)])).toThrow(sentence);
    expect(() => optimizer.addParamGroup({ params: zeros(3) })).toThrow(sentence);
    expect(optimizer.paramGroups).toHaveLength(1);
    matrix.sum().backward();
    optimizer.paramGroups[0]!.nsSteps = 100;
    expect(() => optimizer.step()).toThrow('Number of steps must be less than 100');
    expect(matrix.toArray()).toEqual(zeros(2, 2).toArray());
  });
});

function encoded(param: Tensor): GoldenTensor {
  const bytes = Buffer.from(Float32Array.from(param.toTypedArray()).buffer).toString('base64');
  return { dtype: 'float32', shape: [...param.shape], base64: bytes };
}
