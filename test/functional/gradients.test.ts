import { describe, expect, it } from 'vitest';
import { backend, functional as F, type Tensor, tensor } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import { expectGradientsMatchDifferences, gradientsOf } from '../helpers/gradcheck.js';
import { poisonUnclearedMemory } from '../helpers/poison.js';
import { gradientCases, notDifferentiable } from './gradient-cases.js';

poisonUnclearedMemory();

describe('the list of gradient checks', () => {
  it('names every differentiable function', () => {
    const named = new Set<string>([...gradientCases.map((one) => one.of), ...notDifferentiable]);
    const functions = Object.entries(F).filter(([, value]) => typeof value === 'function');
    expect(functions.map(([name]) => name).filter((name) => !named.has(name))).toEqual([]);
  });
});

describe('gradients equal finite differences in float64', () => {
  runOn('reference');
  it.each(gradientCases)('$name', (one) => expectGradientsMatchDifferences(one));
});

const natives = backend.available.filter((name) => name !== 'reference');

describe.each(natives)('float32 gradients on %s', (native) => {
  runOn(native);
  it.each(gradientCases)('$name', ({ inputs, fn }) => {
    const points = inputs().map((input) => (input.dtype === 'int32' ? input : asFloat32(input)));
    const measured = gradientsOf(points, fn);
    backend.use('reference');
    const expected = gradientsOf(points, fn);
    backend.use(native);
    measured.forEach((gradient, i) => {
      if (points[i]!.dtype === 'int32') return;
      const values = gradient!.toTypedArray();
      const wanted = expected[i]!.toTypedArray();
      expect(values.length).toBe(wanted.length);
      const largest = Math.max(1, ...Array.from(wanted, Math.abs));
      values.forEach((value, k) => {
        expect(Math.abs(value - wanted[k]!), `input ${i}, element ${k}`).toBeLessThan(1e-5 * largest);
      });
    });
  });
});

function asFloat32(input: Tensor): Tensor {
  return tensor(Float32Array.from(input.toTypedArray()), { shape: input.shape });
}
