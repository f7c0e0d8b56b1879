/**
 * With all passes on: within rounding of the unfused program, the same from run to run, for any number of threads, and
 * whether it runs on this thread or another.
 */
import { describe, expect, it } from 'vitest';
import { backend, compile, manualSeed, nn, optim, randn, type Tensor, tensor } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import type { Scene } from './scene.js';
import { play, unfused } from './scenes.js';

/** Sizes that are no multiples of anything. */
function makeMlp(make: (params: Tensor[]) => optim.Optimizer): Scene {
  const model = new nn.Sequential(
    new nn.Linear(37, 65),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(65, 33),
    new nn.ReLU(),
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
};

const natives = backend.available.filter((name) => name.startsWith('native'));

/** All numbers of a value, in order. */
function flat(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(flat);
}

describe.runIf(natives.length > 0).each(natives)('the fused program on %s', (name) => {
  runOn(name);

  describe.each(Object.entries(optimizers))('%s', (_name, make) => {
    const scene = () => makeMlp(make);
    const steps = 6;
    const fused = (mode: 'compiled' | 'async' | 'mixed') =>
      play(scene, mode, steps, { passes: {}, keepGradients: false }, { gradients: false });

    it('is the same from run to run, for any number of threads, on this thread and off it', async () => {
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

    it('stays within 1e-5 of the unfused program over six steps, eager ones in between or not', async () => {
      const exact = flat(
        await play(scene, 'compiled', steps, { passes: unfused, keepGradients: false }, { gradients: false }),
      );
      for (const mode of ['compiled', 'mixed'] as const) {
        const found = flat(await fused(mode));
        expect(found.length).toBe(exact.length);
        const errors = found.map((value, i) => Math.abs(value - exact[i]!) / Math.max(1, Math.abs(exact[i]!)));
        expect(Math.max(...errors)).toBeLessThanOrEqual(1e-5);
      }
    });
  });

  it('does fuse', () => {
    manualSeed(1);
    const { step, args } = makeMlp(optimizers.Adam!);
    const compiled = compile(step);
    compiled(...args(0));
    const last = compiled.describe().split('-- after arena').at(-1)!;
    for (const op of ['|> mul(relu(·), mask(', 'linearInputGradient', 'crossEntropyTrain', 'linearWeightUpdate'])
      expect(last).toContain(op);
    expect(last).not.toContain('matmul');
  });
});
