/** Arithmetic without a gradient, for the gradients and statistics of other functions. */
import type { Tensor } from '../tensor/tensor.js';
import { PointwiseFunction } from './pointwise.js';

const multiply = new PointwiseFunction({ inputs: 2, build: ([a, b]) => a!.mul(b!) });
const divide = new PointwiseFunction({ inputs: 1, scalars: 1, build: ([x], [s]) => x!.div(s!) });
const sizes = new PointwiseFunction({ inputs: 1, build: ([x]) => x!.abs() });
const signs = new PointwiseFunction({ inputs: 1, build: ([x]) => x!.sign() });
const roots = new PointwiseFunction({ inputs: 1, build: ([x]) => x!.sqrt() });
const zero = new PointwiseFunction({
  inputs: 2,
  build: ([x, where], _, graph) => graph.apply('selectEqual', where!, 0, 0, x!),
});

/** a·b, broadcast. */
export const product = (a: Tensor, b: Tensor): Tensor => multiply.compute('mul', [a, b]);

/** x / divisor. */
export const quotient = (x: Tensor, divisor: number): Tensor => divide.compute('div', [x], [divisor]);

/** |x|. */
export const absolute = (x: Tensor): Tensor => sizes.compute('abs', [x]);

/** -1, 0 or 1; 0 for NaN. */
export const signOf = (x: Tensor): Tensor => signs.compute('sign', [x]);

/** The square root. */
export const root = (x: Tensor): Tensor => roots.compute('sqrt', [x]);

/** x, and 0 where `where`, which broadcasts, is 0: not a product, which would be NaN where x is infinite. */
export const zeroWhere = (x: Tensor, where: Tensor): Tensor => zero.compute('where', [x, where]);
