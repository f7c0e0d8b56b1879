import { expect, it } from 'vitest';
import { tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

/** What PyTorch 2.13 gives for `torch.tensor(values).max().backward(torch.tensor(grad))`, and for `min`. */
const cases: readonly [values: number[], grad: number, ofMax: number[], ofMin: number[]][] = [
  [[1, 3, 2, 3], 1, [0, 0.5, 0, 0.5], [1, 0, 0, 0]],
  [[1, NaN, 3, NaN], 1, [0, 0.5, 0, 0.5], [0, 0.5, 0, 0.5]],
  [[NaN, Infinity, -Infinity], 2, [2, 0, 0], [2, 0, 0]],
  [[-Infinity, 1, Infinity, Infinity], 1, [0, 0, 0.5, 0.5], [1, 0, 0, 0]],
  [[1, 3, 2], Infinity, [0, Infinity, 0], [Infinity, 0, 0]],
  [[1, 3, 2], NaN, [0, NaN, 0], [NaN, 0, 0]],
];

describeEachBackend('gradients of extrema of a whole tensor', () => {
  it.each(cases)('go to what was chosen of %s, where the gradient is %d', (values, grad, ofMax, ofMin) => {
    const x = tensor(values, { requiresGrad: true });
    x.max().backward(tensor(grad));
    expect(x.grad!.toArray()).toEqual(ofMax);
    x.grad = null;
    x.min().backward(tensor(grad));
    expect(x.grad!.toArray()).toEqual(ofMin);
  });
});
