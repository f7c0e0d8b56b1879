/** What optimizers and schedulers print. */
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { optim, tensor } from '../../src/index.js';

const leaf = () => tensor([0], { requiresGrad: true });

it('optimizers print their groups as PyTorch does', () => {
  const adam = new optim.Adam([leaf()], { lr: 1e-5, eps: 1e-8 });
  const text = `Adam (
Parameter Group 0
    amsgrad: False
    betas: (0.9, 0.999)
    decoupled_weight_decay: False
    eps: 1e-08
    lr: 1e-05
    maximize: False
    weight_decay: 0
)`;
  expect(String(adam)).toBe(text);
  expect(inspect(adam)).toBe(text);
  const sgd = new optim.SGD([{ params: leaf() }, { params: leaf(), momentum: 0.9, nesterov: true }], { lr: 0.1 });
  expect(`${sgd}`).toBe(`SGD (
Parameter Group 0
    dampening: 0
    lr: 0.1
    maximize: False
    momentum: 0
    nesterov: False
    weight_decay: 0

Parameter Group 1
    dampening: 0
    lr: 0.1
    maximize: False
    momentum: 0.9
    nesterov: True
    weight_decay: 0
)`);
});

it('schedulers print what they were made with and where they stand', () => {
  const { lrScheduler } = optim;
  const optimizer = new optim.SGD([leaf()], { lr: 0.5 });
  const scheduler = new lrScheduler.StepLR(optimizer, { stepSize: 2 });
  scheduler.step();
  scheduler.step();
  const text = 'StepLR(step_size=2, gamma=0.1, base_lrs=(0.5,), last_epoch=2, lr=(0.05,))';
  expect(String(scheduler)).toBe(text);
  expect(inspect(scheduler)).toBe(text);
  const plateau = new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 3 });
  expect(String(plateau)).toContain('ReduceLROnPlateau(');
  expect(String(plateau)).toContain('patience=3');
});
