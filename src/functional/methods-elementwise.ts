/** The elementwise functions as methods of Tensor. */
import * as activations from './activations.js';
import { add, div, maximum, minimum, mul, type Operand, pow, sub } from './arithmetic.js';
import { defineAll } from './define.js';
import * as elementwise from './elementwise.js';

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
  }
}

const { relu, sigmoid, tanh } = activations;

defineAll({ ...elementwise, add, div, maximum, minimum, mul, pow, relu, sigmoid, sub, tanh });
