/** Numbers to check gradients at, and the shape of a case. */
import { type functional, Generator, type Tensor, tensor } from '../../src/index.js';
import type { GradientCase } from '../helpers/gradcheck.js';

let seed = 0;

/** Float64 numbers in [from, to), the same at every run. */
export function numbers(shape: number[], from = -2, to = 2): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = new Float64Array(length);
  new Generator(++seed).uniformFill(values, from, to);
  return tensor(values, { shape });
}

/** Away from 0, where functions have a corner. */
export function apart(shape: number[]): Tensor {
  const values = numbers(shape, 0.2, 2).toTypedArray();
  return tensor(
    Float64Array.from(values, (value, i) => (i % 2 === 0 ? value : -value)),
    { shape },
  );
}

export const labels = (values: number[], shape = [values.length]) => tensor(Int32Array.from(values), { shape });

export type Name = keyof typeof functional;

export function of(
  name: Name,
  detail: string,
  inputs: () => Tensor[],
  fn: GradientCase['fn'],
): GradientCase & { of: Name } {
  return { of: name, name: detail === '' ? name : `${name}, ${detail}`, inputs, fn };
}

/** A case of one input with numbers on both sides of 0. */
export function on(
  name: Name,
  detail: string,
  shape: number[],
  fn: (x: Tensor) => Tensor,
): GradientCase & { of: Name } {
  return of(
    name,
    detail,
    () => [numbers(shape)],
    (x) => fn(x!),
  );
}
