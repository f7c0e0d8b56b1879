import { expect, it } from 'vitest';
import { tensor } from '../../src/index.js';
import { golden, values } from '../golden/load.js';

const cases = golden('printing').tensors.map((one, i) => ({ ...one, title: `${i}: ${one.text.slice(0, 50)}` }));

it.each(cases)('prints as PyTorch does, $title', ({ tensor: source, requiresGrad, text }) => {
  const shown = tensor(values(source), { shape: source.shape, requiresGrad });
  expect(String(shown)).toBe(text);
});

it('names the function that made a result', () => {
  const x = tensor([1, -2], { requiresGrad: true });
  expect(String(x.relu())).toBe('tensor([1., 0.], grad_fn=<ReluBackward0>)');
  expect(String(x.mul(2).sum())).toMatch(/^tensor\(-2\., grad_fn=<SumBackward/);
});
