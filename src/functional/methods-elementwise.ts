/** The elementwise functions as methods of Tensor. */

import type { Tensor } from '../tensor/tensor.js';
import * as activations from './activations/index.js';
import { add, div, maximum, minimum, mul, pow, sub } from './arithmetic.js';
import * as comparison from './comparison.js';
import { define, defineAll } from './define.js';
import * as elementwise from './elementwise.js';
import type { Operand } from './operands.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** this + other, broadcast. See `add`. */
    add(other: Operand): Tensor;
    /** this - other, broadcast. */
    sub(other: Operand): Tensor;
    /** this · other elementwise, broadcast. */
    mul(other: Operand): Tensor;
    /** this / other elementwise, broadcast. */
    div(other: Operand): Tensor;
    /** this to the power of exponent, elementwise, broadcast. */
    pow(exponent: Operand): Tensor;
    /** The larger of this and other, elementwise, broadcast. */
    maximum(other: Operand): Tensor;
    /** The smaller of this and other, elementwise, broadcast. */
    minimum(other: Operand): Tensor;

    /** -this. */
    neg(): Tensor;
    /** e to the power of this. */
    exp(): Tensor;
    /** Natural logarithm. */
    log(): Tensor;
    /** Square root. */
    sqrt(): Tensor;
    /** Absolute value. */
    abs(): Tensor;
    /** -1, 0 or 1 by the sign. */
    sign(): Tensor;
    /** min(max(this, min), max); either may be undefined. */
    clamp(min?: number, max?: number): Tensor;
    /** max(this, 0). */
    relu(): Tensor;
    /** 1 / (1 + e^-this). */
    sigmoid(): Tensor;
    /** Hyperbolic tangent. */
    tanh(): Tensor;
    /** e to the power of this, minus 1. */
    expm1(): Tensor;
    /** Natural logarithm of 1 + this. */
    log1p(): Tensor;
    /** Sine of radians. */
    sin(): Tensor;
    /** Cosine of radians. */
    cos(): Tensor;
    /** The error function. */
    erf(): Tensor;
    /** The largest integer not above. */
    floor(): Tensor;
    /** The smallest integer not below. */
    ceil(): Tensor;
    /** The nearest integer, halves to the even one. */
    round(): Tensor;

    /** 1 where this < other, else 0; int32, as all comparisons. */
    lt(other: Operand): Tensor;
    /** Where this <= other. */
    le(other: Operand): Tensor;
    /** Where this > other. */
    gt(other: Operand): Tensor;
    /** Where this >= other. */
    ge(other: Operand): Tensor;
    /** Where this = other. */
    eq(other: Operand): Tensor;
    /** Where this ≠ other. */
    ne(other: Operand): Tensor;
    /** Where this is NaN. */
    isnan(): Tensor;
    /** Where this is infinite. */
    isinf(): Tensor;
    /** Where this is neither NaN nor infinite. */
    isfinite(): Tensor;
    /** This where the condition is not 0, else other. */
    where(condition: Tensor, other: Operand): Tensor;
    /** `value` where the mask is not 0, else this. */
    maskedFill(mask: Tensor, value: number | Tensor): Tensor;
  }
}

const { relu, sigmoid, tanh } = activations;

defineAll({ ...elementwise, add, div, maximum, minimum, mul, pow, relu, sigmoid, sub, tanh });

const { where, ...tests } = comparison;
defineAll(tests);
define('where', function (this: Tensor, condition: Tensor, other: Operand) {
  return where(condition, this, other);
});
