/**
 * With all passes on: the unfused program to the bit, the same from run to run, for any number of threads, and whether it runs on this
 * thread or another.
 */
import { describe, expect, it } from 'vitest';
import { backend, compile, manualSeed, nn, optim, randn, type Tensor, tensor } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import { Own } from '../helpers/own-optimizer.js';
import type { Fixture } from './fixture.js';
import { gelu, Lambda, play, unfused } from './fixtures.js';

type Activation = nn.Module<readonly [Tensor], Tensor>;

/** Sizes that are no multiples of anything. */
function makeMlp(make: (params: Tensor[]) => optim.Optimizer, activation = () => new nn.ReLU() as Activation): Fixture {
  const model = new nn.Sequential(
    new nn.Linear(37, 65),
    activation(),
    new nn.Dropout(0.5),
    new nn.Linear(65, 33),
    activation(),
    new nn.Dropout(0.25),
    new nn.Linear(33, 10),
  );
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = make(model.parameters());
  const x = randn([35, 37]);
  const y = tensor(
    Array.from({ length: 35 }, (_, i) => (i * 3) % 10),
    { dtype: 'int32' },
  );
  return {
    step(input, target) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(input!), target!);
      loss.backward();
      optimizer.step();
      return loss;
    },
    args: () => [x, y],
    // Gradients are fused away: nothing to look at.
    before: () => optimizer.zeroGrad(),
    modules: [model],
    optimizers: [optimizer],
  };
}

const optimizers: Readonly<Record<string, (params: Tensor[]) => optim.Optimizer>> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1 }),
  momentum: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9 }),
  Adam: (p) => new optim.Adam(p, { lr: 1e-3 }),
  AdamW: (p) => new optim.AdamW(p, { lr: 1e-3, amsgrad: true }),
  NAdam: (p) => new optim.NAdam(p, { lr: 1e-2, weightDecay: 0.1 }),
  RAdam: (p) => new optim.RAdam(p, { lr: 1e-2 }),
  ASGD: (p) => new optim.ASGD(p, { lr: 0.1, t0: 2, weightDecay: 0.1 }),
  Rprop: (p) => new optim.Rprop(p),
  Adadelta: (p) => new optim.Adadelta(p),
  Adamax: (p) => new optim.Adamax(p, { maximize: true }),
  Adagrad: (p) => new optim.Adagrad(p, { lrDecay: 0.1, initialAccumulatorValue: 0.1 }),
  Lion: (p) => new optim.Lion(p, { lr: 1e-2, weightDecay: 0.1 }),
  own: (p) => new Own(p, { lr: 1e-3, centered: true }),
};

const natives = backend.available.filter((name) => name.startsWith('native'));

describe.runIf(natives.length > 0).each(natives)('the fused program on %s', (backendName) => {
  runOn(backendName);

  describe.each(Object.entries(optimizers))('%s', (name, make) => {
    // A function of the user's own with the optimizer of the user's own.
    const fixture = () => (name === 'own' ? makeMlp(make, () => new Lambda(gelu)) : makeMlp(make));
    const steps = 6;
    const fused = (mode: 'compiled' | 'async' | 'mixed') =>
      play(fixture, mode, steps, { passes: {}, keepGradients: false }, { gradients: false });

    // Of the optimizers that differ by their formulas alone, some.
    const isOne = ['SGD', 'momentum', 'Adam', 'AdamW', 'NAdam', 'own'].includes(name);
    it.runIf(isOne)('is the same from run to run, for any number of threads, on this thread and off it', async () => {
      const before = backend.threads;
      const first = await fused('compiled');
      try {
        for (const threads of [1, 2, 3, 4]) {
          backend.threads = threads;
          expect(await fused('compiled'), `${threads} threads`).toEqual(first);
          expect(await fused('async'), `${threads} threads, async`).toEqual(first);
        }
      } finally {
        backend.threads = before;
      }
    });

    it('is the unfused program to the bit over six steps, eager ones in between or not', async () => {
      const exact = await play(
        fixture,
        'compiled',
        steps,
        { passes: unfused, keepGradients: false },
        { gradients: false },
      );
      for (const mode of ['compiled', 'mixed'] as const) expect(await fused(mode)).toEqual(exact);
    });
  });

  it('fuses every optimizer into the gradients of the weights, which lie in panels', () => {
    for (const [name, make] of Object.entries(optimizers)) {
      manualSeed(1);
      const { step, args } = makeMlp(make);
      const compiled = compile(step);
      compiled(...args(0));
      const last = compiled.describe().split('-- after arena').at(-1)!;
      expect(last.match(/linearWeightUpdate\([^)]*packed\)/g), name).toHaveLength(3);
      expect(last, name).not.toContain('matmul');
    }
  });

  it('does fuse', () => {
    manualSeed(1);
    const { step, args } = makeMlp(optimizers.Adam!);
    const compiled = compile(step);
    compiled(...args(0));
    const last = compiled.describe().split('-- after arena').at(-1)!;
    for (const op of ['linear(', 'linearInputGradient(', 'crossEntropyTrain(', 'linearWeightUpdate('])
      expect(last).toContain(op);
    expect(last).toContain('|> mul(relu(·), mask(');
    expect(last).not.toContain('matmul');
  });
});
