/** Small convolutional networks: losses equal PyTorch's, eager and compiled, and the two have the same bits. */
import { expect, it } from 'vitest';
import { compile, Generator, manualSeed, nn, optim, rand, randint, type Tensor } from '../../src/index.js';
import { type ConvRun, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { convModels } from './conv-models.js';
import { bits, load } from './models.js';

const runs = golden('conv-training').cases.filter(({ model }) => model in convModels);

function train({ model: name, steps, batch, size }: ConvRun, isCompiled: boolean) {
  const generator = new Generator(101);
  const inputs = rand([steps, batch, 1, size, size], { generator });
  const targets = randint(0, 10, [steps, batch], { generator });
  manualSeed(0, { masks: 'mt19937' });
  const model = convModels[name]!();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const criterion = new nn.CrossEntropyLoss();
  const step = (input: Tensor, target: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const run = isCompiled ? compile(step) : step;
  const losses = Float64Array.from({ length: steps }, (_, i) => run(inputs.select(0, i), targets.select(0, i)).item());
  return { losses, model, after: rand([2]) };
}

describeEachBackend('convolutional networks', (backendName) => {
  // The reference needs seconds for a step of the larger ones.
  const tried = backendName === 'reference' ? runs.filter(({ model }) => model === 'strided') : runs;

  it.each(tried.map((run) => [run.model, run] as const))(
    "%s has PyTorch's losses, eager and compiled",
    (_name, run) => {
      const [eager, compiled] = [train(run, false), train(run, true)];
      for (const { losses, model, after } of [eager, compiled]) {
        values(run.losses).forEach((expected, i) => {
          expect(Math.abs(losses[i]! - expected) / expected, `step ${i}`).toBeLessThan(1e-5);
        });
        const { bias } = model.at(-1) as nn.Linear;
        expectClose(bias!.toTypedArray(), values(run.lastBias), { what: 'the last bias', tolerance: 1e-5 });
        expect(bits(after)).toBe(bits(load(run.after)));
      }
      if (backendName === 'reference') return;
      expect([...compiled.losses]).toEqual([...eager.losses]);
      for (const [name, value] of Object.entries(eager.model.stateDict()))
        expect(bits(compiled.model.stateDict()[name]!), name).toBe(bits(value));
    },
  );
});
