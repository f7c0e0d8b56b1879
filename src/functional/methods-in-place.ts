/** Methods of Tensor that write into it. */

import { defineAll } from './define.js';
import {
  type AlphaOptions,
  add_,
  div_,
  type FillRandomOptions,
  fill_,
  mul_,
  normal_,
  sub_,
  uniform_,
  zero_,
} from './in-place.js';
import type { Operand } from './operands.js';

declare module '../tensor/tensor.js' {
  // Each throws a StateError for a leaf that requires a gradient, or a result, unless inside noGrad, as copy_ does.
  interface Tensor {
    /** this += alpha·other (alpha is 1), broadcast to this shape. Returns this. */
    add_(other: Operand, options?: AlphaOptions): this;
    /** this -= alpha·other (alpha is 1), broadcast to this shape. Returns this. */
    sub_(other: Operand, options?: AlphaOptions): this;
    /** this *= other, broadcast to this shape. Returns this. */
    mul_(other: Operand): this;
    /** this /= other, broadcast to this shape. Returns this. */
    div_(other: Operand): this;
    /** Fills with a number, or that of a scalar tensor. Returns this. */
    fill_(value: number | Tensor): this;
    /** Fills with 0. Returns this. */
    zero_(): this;
    /** Fills with numbers uniform in [from, to), by default [0, 1). Returns this. */
    uniform_(from?: number, to?: number, options?: FillRandomOptions): this;
    /** Fills with numbers of the normal distribution, by default of mean 0 and deviation 1. Returns this. */
    normal_(mean?: number, std?: number, options?: FillRandomOptions): this;
  }
}

defineAll({ add_, sub_, mul_, div_, fill_, zero_, uniform_, normal_ });
