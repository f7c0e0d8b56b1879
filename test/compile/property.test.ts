/** Random networks of the library's functions: eager and compiled agree to the bit, on native backends also where they are fused. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compile,
  defaultGenerator,
  functional as F,
  manualSeed,
  nn,
  optim,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { Own } from '../helpers/own-optimizer.js';
import { floats } from '../helpers/values.js';
import { gelu, numbers, soft, unfused } from './fixtures.js';

/** One layer on hidden [rows, width]; `side` is what an earlier layer gave. */
const layers: Readonly<Record<string, (hidden: Tensor, side: Tensor, weight: Tensor) => Tensor>> = {
  linear: (h, _, w) => F.linear(h, w),
  residual: (h, side) => h.add(side),
  gate: (h, side) => h.mul(side.sigmoid()),
  relu: (h) => h.relu(),
  tanh: (h) => h.tanh(),
  silu: (h) => h.mul(h.sigmoid()),
  gelu: (h) => gelu(h),
  soft: (h, side) => soft(h, { beta: 0.75 }).maximum(side),
  scale: (h) => h.detach().clone().mul_(0.5).add_(1).mul(h),
  softmax: (h) => h.softmax(1),
  dropout: (h) => F.dropout(h, 0.3),
  normalise: (h) =>
    h.sub(h.mean({ dim: 1, keepdim: true })).div(h.pow(2).mean({ dim: 1, keepdim: true }).add(1).sqrt()),
  join: (h, side) => F.cat([h.narrow(1, 0, 1), side.narrow(1, 1, side.shape[1]! - 1)], 1),
  turn: (h, _, w) => h.matmul(w).transpose(0, 1).transpose(0, 1),
  extremum: (h) => h.max({ dim: 1, keepdim: true }).values.add(h),
  shared: (h, _, w) => h.mul(w.select(0, 0)),
};

const network = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 2, max: 5 }),
  names: fc.array(fc.constantFrom(...Object.keys(layers)), { minLength: 1, maxLength: 6 }),
  back: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
  optimizer: fc.constantFrom('SGD', 'momentum', 'Adam', 'own'),
  seed: fc.nat(1000),
});

function train(
  given: { rows: number; width: number; names: string[]; back: number[]; optimizer: string; seed: number },
  compiled: 'eager' | 'compiled' | 'fused',
) {
  const { rows, width, names, back, optimizer: kind, seed } = given;
  const weights = names.map(
    (_, i) => new nn.Parameter(tensor(floats(width * width, seed + i), { shape: [width, width] })),
  );
  const optimizer =
    kind === 'Adam'
      ? new optim.Adam(weights, { lr: 0.01 })
      : kind === 'own'
        ? new Own(weights, { lr: 0.01 })
        : new optim.SGD(weights, { lr: 0.01, momentum: kind === 'SGD' ? 0 : 0.9 });
  const fn = (x: Tensor) => {
    optimizer.zeroGrad();
    const outputs = [x];
    names.forEach((name, i) => {
      const side = outputs[Math.max(0, outputs.length - 1 - back[i]!)]!;
      outputs.push(layers[name]!(outputs.at(-1)!, side, weights[i]!));
    });
    const output = outputs.at(-1)!;
    const loss = output.mul(output).mean();
    if (loss.requiresGrad) loss.backward();
    optimizer.step();
    return { loss, output };
  };
  manualSeed(seed);
  const passes = compiled === 'fused' ? {} : unfused;
  const run = compiled === 'eager' ? fn : compile(fn, { passes, keepGradients: true });
  const x = tensor(floats(rows * width, seed), { shape: [rows, width] });
  const losses = [0, 1, 2].map(() => Object.values(run(x)).map(numbers));
  return {
    losses,
    weights: weights.map(numbers),
    gradients: weights.map(({ grad }) => numbers(grad)),
    keys: defaultGenerator.getState().counterLow,
  };
}

describeEachBackend('a random network', (backendName) => {
  it('trains alike, eagerly and compiled', () => {
    fc.assert(
      fc.property(network, (given) => {
        const eager = train(given, 'eager');
        expect(train(given, 'compiled')).toEqual(eager);
        if (backendName !== 'reference') expect(train(given, 'fused')).toEqual(eager);
      }),
      { numRuns: 40, seed: 20261123 },
    );
  });
});
