import { expect } from 'vitest';
import { type Tensor, tensor } from '../../src/index.js';

/** A function of some tensors, with inputs at which to check its gradient. */
export interface GradientCase {
  readonly name: string;
  readonly inputs: () => Tensor[];
  readonly fn: (...inputs: Tensor[]) => Tensor;
}

/** Uneven weights, so that a gradient that mixes elements up does not pass. */
function seedFor(output: Tensor): Tensor {
  const values = Float64Array.from({ length: output.numel }, (_, i) => Math.sin(1 + 1.7 * i) + 0.3);
  return tensor(values, { dtype: output.dtype, shape: output.shape });
}

/** Σ output·seed: a scalar function whose gradient is what `backward(seed)` gives. */
function weighted(output: Tensor): number {
  const seed = seedFor(output).toTypedArray();
  return Array.from(output.toTypedArray()).reduce((sum, value, i) => sum + value * seed[i]!, 0);
}

/** The gradients that `backward` gives for the inputs of a case. */
export function gradientsOf(inputs: readonly Tensor[], fn: GradientCase['fn']): (Tensor | null)[] {
  const leaves = inputs.map((input) => (input.dtype === 'int32' ? input : input.detach().clone().requiresGrad_()));
  const output = fn(...leaves);
  output.backward(seedFor(output));
  return leaves.map((leaf) => leaf.grad);
}

/**
 * Compares gradients with central differences. Inputs are float64, on the reference backend: with a step of 1e-6 the
 * differences are good to about 1e-9 of the values.
 */
export function expectGradientsMatchDifferences({ inputs, fn }: GradientCase): void {
  const points = inputs();
  const gradients = gradientsOf(points, fn);
  const step = 1e-6;
  points.forEach((point, which) => {
    if (point.dtype === 'int32') return;
    const gradient = gradients[which];
    expect(gradient, `input ${which} has no gradient`).not.toBeNull();
    const values = Float64Array.from(point.toTypedArray());
    const measured = Float64Array.from(values, (value, i) => {
      const at = (shift: number) => {
        const moved = values.with(i, value + shift);
        const shifted = points.map((p, k) => (k === which ? tensor(moved, { shape: p.shape }) : p));
        return weighted(fn(...shifted));
      };
      return (at(step) - at(-step)) / (2 * step);
    });
    gradient!.toTypedArray().forEach((value, i) => {
      const scale = 1 + Math.abs(measured[i]!);
      expect(
        Math.abs(value - measured[i]!) / scale,
        `input ${which}, element ${i}: ${value} against ${measured[i]}`,
      ).toBeLessThan(2e-7);
    });
  });
}
