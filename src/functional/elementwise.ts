/**
 * Elementwise functions of one tensor. All keep the shape and propagate NaN. int32 stays int32 in neg, abs, sign, clamp and the
 * roundings, and becomes float32 in the others, as in PyTorch.
 */
import { checkNumber } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { Expression } from '../pointwise/expression.js';
import type { Tensor } from '../tensor/tensor.js';
import { asFloat, to } from './cast.js';
import { integers, integersWith, negated } from './integers.js';
import { PointwiseFunction } from './pointwise.js';
import { checkTensor } from './support.js';

/** A function of one input, whose gradient follows by rule. */
function elementwise(gradName: string, build: (x: Expression) => Expression): PointwiseFunction {
  return new PointwiseFunction({ gradName, inputs: 1, build: ([x]) => build(x!) });
}

const functions = {
  neg: elementwise('NegBackward0', (x) => x.neg()),
  abs: elementwise('AbsBackward0', (x) => x.abs()),
  sign: elementwise('SignBackward0', (x) => x.sign()),
  exp: elementwise('ExpBackward0', (x) => x.exp()),
  expm1: elementwise('Expm1Backward0', (x) => x.expm1()),
  log: elementwise('LogBackward0', (x) => x.log()),
  log1p: elementwise('Log1PBackward0', (x) => x.log1p()),
  sqrt: elementwise('SqrtBackward0', (x) => x.sqrt()),
  sin: elementwise('SinBackward0', (x) => x.sin()),
  cos: elementwise('CosBackward0', (x) => x.cos()),
  erf: elementwise('ErfBackward0', (x) => x.erf()),
  floor: elementwise('FloorBackward0', (x) => x.floor()),
  ceil: elementwise('CeilBackward0', (x) => x.ceil()),
  round: elementwise('RoundBackward0', (x) => x.round()),
} as const;

/** The function of a float tensor; of an int32 one, converted. */
const ofFloats = (name: keyof typeof functions, input: Tensor): Tensor =>
  functions[name].apply(name, [asFloat(name, input)]);

/** -input. */
export function neg(input: Tensor): Tensor {
  return checkTensor('neg', input).dtype === 'int32' ? negated(input) : ofFloats('neg', input);
}

/** e to the power of input. Gradient: grad·output. */
export function exp(input: Tensor): Tensor {
  return ofFloats('exp', input);
}

/** e to the power of input, minus 1, with all its digits near 0. Gradient: grad·(output + 1). */
export function expm1(input: Tensor): Tensor {
  return ofFloats('expm1', input);
}

/** Natural logarithm: -infinity at 0, NaN below. Gradient: grad/input. */
export function log(input: Tensor): Tensor {
  return ofFloats('log', input);
}

/** Natural logarithm of 1 + input, with all its digits near 0. Gradient: grad/(1 + input). */
export function log1p(input: Tensor): Tensor {
  return ofFloats('log1p', input);
}

/** Square root: NaN below 0. Gradient: grad/(2·output). */
export function sqrt(input: Tensor): Tensor {
  return ofFloats('sqrt', input);
}

/** Sine of radians. Gradient: grad·cos(input). */
export function sin(input: Tensor): Tensor {
  return ofFloats('sin', input);
}

/** Cosine of radians. Gradient: -grad·sin(input). */
export function cos(input: Tensor): Tensor {
  return ofFloats('cos', input);
}

/** The error function. Gradient: grad·2/√π·e^(-input²). */
export function erf(input: Tensor): Tensor {
  return ofFloats('erf', input);
}

/** The largest integer not above. Gradient: 0. */
export function floor(input: Tensor): Tensor {
  return checkTensor('floor', input).dtype === 'int32' ? input : ofFloats('floor', input);
}

/** The smallest integer not below. Gradient: 0. */
export function ceil(input: Tensor): Tensor {
  return checkTensor('ceil', input).dtype === 'int32' ? input : ofFloats('ceil', input);
}

/** The nearest integer, halves to the even one, as in PyTorch. Gradient: 0. */
export function round(input: Tensor): Tensor {
  return checkTensor('round', input).dtype === 'int32' ? input : ofFloats('round', input);
}

/** Absolute value. Gradient: grad·sign(input), 0 at 0. */
export function abs(input: Tensor): Tensor {
  if (checkTensor('abs', input).dtype === 'int32') return integers('abs', 'maximum', input, negated(input));
  return ofFloats('abs', input);
}

/** -1, 0 or 1 by the sign; 0 for NaN, as in PyTorch. Gradient: 0. */
export function sign(input: Tensor): Tensor {
  if (checkTensor('sign', input).dtype === 'int32') return clampedIntegers('sign', input, -1, 1);
  return ofFloats('sign', input);
}

const clamps = new PointwiseFunction({
  gradName: 'ClampBackward1',
  inputs: 1,
  scalars: 2,
  build: ([x], [low, high]) => x!.maximum(low!).minimum(high!),
  // The whole gradient on either bound, and none at NaN.
  gradient: (grad, _y, [x], [low, high]) => [low!.le(x!).where(x!.le(high!).where(grad, 0), 0)],
});

/**
 * min(max(input, min), max); either bound may be left out. Gradient: grad where min <= input <= max, else 0.
 * With min > max every element is max, as in PyTorch. int32 stays int32 between integer bounds. @throws ArgumentError when both are missing, or one is NaN.
 */
export function clamp(input: Tensor, min?: number, max?: number): Tensor {
  checkTensor('clamp', input);
  if (min === undefined && max === undefined)
    throw new ArgumentError("clamp: At least one of 'min' or 'max' must not be None");
  const low = min === undefined ? Number.NEGATIVE_INFINITY : checkNumber('clamp', 'min', min);
  const high = max === undefined ? Number.POSITIVE_INFINITY : checkNumber('clamp', 'max', max);
  if (input.dtype === 'int32') {
    const isWhole = [min, max].every((bound) => bound === undefined || Number.isInteger(bound));
    return isWhole ? clampedIntegers('clamp', input, min, max) : clamp(to(input, 'float32'), min, max);
  }
  return clamps.apply('clamp', [input], [low, high]);
}

function clampedIntegers(caller: string, input: Tensor, min: number | undefined, max: number | undefined): Tensor {
  const raised = min === undefined ? input : integersWith(caller, 'maximum', input, min);
  return max === undefined ? raised : integersWith(caller, 'minimum', raised, max);
}
