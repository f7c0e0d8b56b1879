import { expect, it } from 'vitest';
import { functional as F, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

describeEachBackend('crossEntropy', () => {
  it('has no gradient to give where the labels weigh nothing, as in PyTorch', () => {
    const logits = tensor([[1, 2]], { requiresGrad: true });
    const target = tensor([0], { dtype: 'int32' });
    F.crossEntropy(logits, target, { weight: tensor([0, 1]), labelSmoothing: 0.2 }).backward();
    expect(Array.from(logits.grad!.toTypedArray())).toEqual([Number.NaN, Number.NaN]);
  });
});
