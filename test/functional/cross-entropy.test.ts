import { describe, expect, it } from 'vitest';
import { compile, functional as F, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

describeEachBackend('crossEntropy', () => {
  it('has no gradient to give where the labels weigh nothing, as in PyTorch', () => {
    const logits = tensor([[1, 2]], { requiresGrad: true });
    const target = tensor([0], { dtype: 'int32' });
    F.crossEntropy(logits, target, { weight: tensor([0, 1]), labelSmoothing: 0.2 }).backward();
    expect(Array.from(logits.grad!.toTypedArray())).toEqual([Number.NaN, Number.NaN]);
  });

  it.each([
    [0, 1, [0.09003058, 0.24472849, -0.334759, 0.24472849, 0.09003058, -0.334759]],
    [1, 1e38, [-0.81993887, -0.51054303, 1.33048206, -0.51054303, -0.81993887, 1.33048206]],
    [0.1, 1e37, [-0.81993891, -0.51054305, 1.33048208, -0.51054305, -0.81993891, 1.33048208]],
  ] as const)(
    'has the gradient of PyTorch for weights whose sum no float holds, smoothing %d',
    (labelSmoothing, unit, wanted) => {
      const target = tensor([2, 2], { dtype: 'int32' });
      const weight = tensor([3e38, 3e38, 1]);
      const gradient = (x: Tensor): Tensor => {
        const logits = x.detach().requiresGrad_();
        F.crossEntropy(logits, target, { weight, labelSmoothing, reduction: 'sum' }).backward();
        return logits.grad!;
      };
      const x = tensor([
        [1, 2, 3],
        [0, -1, 1],
      ]);
      for (const result of [gradient(x), compile(gradient)(x)])
        result.toTypedArray().forEach((value, i) => {
          expect(value / unit).toBeCloseTo(wanted[i]!, 6);
        });
    },
  );

  describe.each(['mean', 'sum', 'none'] as const)('of logits far from zero, reduction %s', (reduction) => {
    const classes = 20; // beyond the lanes of one vector
    const rows = 3;
    const p = Math.exp(-2) / (1 + Math.exp(-2));

    /** Rows [far, far - 2, 0, ...], whose softmax is [1 - p, p, 0, ...]; the label is 1. Gradients of the summed loss. */
    const gradients = (far: number, columns: number, loss: (logits: Tensor) => Tensor) => {
      const row = Array.from({ length: columns }, (_, c) => (c === 0 ? far : c === 1 ? far - 2 : 0));
      const data = tensor(Array.from({ length: rows }, () => row));
      const gradient = (logits: Tensor) => {
        logits.requiresGrad_();
        F.sum(loss(logits)).backward();
        return logits.grad!;
      };
      const eager = Array.from(gradient(data.clone()).toTypedArray());
      const compiled = compile((logits: Tensor) => gradient(logits.detach()));
      return { eager, compiled: Array.from(compiled(data).toTypedArray()) };
    };

    const label = (): Tensor =>
      tensor(
        Array.from({ length: rows }, () => 1),
        { dtype: 'int32' },
      );
    const divisor = reduction === 'mean' ? rows : 1;
    const options = { reduction };

    it.each([1e3, 1e5, 1e7])('keeps every digit of the gradient near %d', (far) => {
      for (const columns of [3, classes]) {
        const { eager, compiled } = gradients(far, columns, (x) => F.crossEntropy(x, label(), options));
        for (let r = 0; r < rows; r++) {
          expect(Math.abs(eager[r * columns]! * divisor - (1 - p))).toBeLessThan(2e-7);
          expect(Math.abs(eager[r * columns + 1]! * divisor - (p - 1))).toBeLessThan(2e-7);
        }
        expect(compiled).toEqual(eager);
      }
    });

    it.each([1e3, 1e7])('so do targets of probabilities, and logSoftmax, near %d', (far) => {
      const target = tensor(Array.from({ length: rows }, () => [0, 1, 0]));
      const { eager, compiled } = gradients(far, 3, (x) => F.crossEntropy(x, target, options));
      expect(Math.abs(eager[0]! * divisor - (1 - p))).toBeLessThan(2e-7);
      expect(Math.abs(eager[1]! * divisor - (p - 1))).toBeLessThan(2e-7);
      expect(compiled).toEqual(eager);
    });
  });
});
