/** Gradients where something on the way leaves the range of floats: PyTorch's values. */
import { expect, it } from 'vitest';
import { functional as F, full, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

/** a, b, the gradient that comes in, and those of a and b. */
type Row = readonly [a: number, b: number, grad: number, gradA: number, gradB: number];

const quotients: readonly Row[] = [
  [0, 1e-20, 1, 1e20, -0],
  [1e-20, 1e-20, 1, 1e20, -1e20],
  [1, 1e-19, 1, 1e19, -1e38],
  [1e30, 1e25, 1, 1e-25, -1e-20],
  [1e38, 1e20, 1, 1e-20, -1e-2],
  [1e-25, 1e-22, 1, 1e22, -1e19],
  [inf, 1e37, 1, 1e-37, -inf],
  [1e30, 1e-30, 1, 1e30, -inf],
  [1, inf, 1, 0, -0],
  [inf, inf, 1, 0, nan],
  [0, 0, 1, inf, nan],
  [1, 0, 1, inf, -inf],
  // The gradient by b alone is below the smallest float.
  [1e38, 1e20, 1e-30, 0, -1e-32],
];

const powers: readonly Row[] = [
  [0, 0, inf, 0, nan],
  [2, 0, inf, 0, inf],
  [inf, 0, 1, 0, inf],
  [nan, 0, inf, 0, nan],
  [0, 2, 1, 0, 0],
  [0, 2, inf, nan, nan],
  [2, -inf, 1, nan, 0],
  [1e30, 2, 1e-30, 2, inf],
];

describeEachBackend('gradients at extremes', () => {
  const expectGradients = (fn: (a: Tensor, b: Tensor) => Tensor, [a, b, grad, gradA, gradB]: Row): void => {
    const x = tensor(a, { requiresGrad: true });
    const y = tensor(b, { requiresGrad: true });
    fn(x, y).backward(full([], grad));
    // Subnormal floats may be 0.
    for (const [found, wanted] of [
      [x.grad!.item(), gradA],
      [y.grad!.item(), gradB],
    ] as const)
      if (Number.isFinite(wanted) && Math.abs(wanted) > 1e-37) expect(found / wanted).toBeCloseTo(1, 5);
      else
        expect(Math.abs(found) < 2e-37 && Math.abs(wanted) < 2e-37 ? 0 : found).toBe(
          Math.abs(wanted) < 2e-37 ? 0 : wanted,
        );
  };

  it.each(quotients)('%d / %d, gradient %d', (...row) => expectGradients(F.div, row));
  it.each(powers)('%d to the power of %d, gradient %d', (...row) => expectGradients(F.pow, row));
});
