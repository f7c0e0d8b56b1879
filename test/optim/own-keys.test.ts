/** Keys of a parameter group that are no options of the optimizer, kept as PyTorch keeps them. */
import { expect, it } from 'vitest';
import { ones, optim } from '../../src/index.js';

const make = () => {
  const weight = ones(1, { requiresGrad: true });
  return new optim.SGD([{ params: weight, name: 'head', layerIndex: [1, 2], lr: 0.5 }], { momentum: 0.9 });
};

it('stay in the group and stand in the state dict under their own names', () => {
  const optimizer = make();
  const { params, ...group } = optimizer.paramGroups[0]!;
  expect(params).toHaveLength(1);
  const options = { lr: 0.5, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
  expect(group).toEqual({ ...options, name: 'head', layerIndex: [1, 2] });
  expect(optimizer.stateDict().param_groups[0]).toMatchObject({ name: 'head', layerIndex: [1, 2], weight_decay: 0 });
});

it('are replaced by those of a loaded state', () => {
  const optimizer = make();
  const state = optimizer.stateDict();
  const { layerIndex: _, ...saved } = state.param_groups[0]!;
  optimizer.loadStateDict({ ...state, param_groups: [{ ...saved, name: 'body', frozen: false, foreach: null }] });
  const [group] = optimizer.paramGroups;
  expect(Object.keys(group!).sort()).toEqual(
    ['dampening', 'frozen', 'lr', 'maximize', 'momentum', 'name', 'nesterov', 'params', 'weightDecay'].sort(),
  );
  expect(group).toMatchObject({ name: 'body', frozen: false, lr: 0.5 });
});

it('do not reach the step', () => {
  const optimizer = make();
  const weight = optimizer.paramGroups[0]!.params[0]!;
  weight.mul(2).backward();
  optimizer.step();
  expect(weight.item()).toBe(0);
});
