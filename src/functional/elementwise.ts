/**
 * Elementwise functions of one tensor: each next to its gradient. All keep the shape and propagate NaN. int32 stays int32 in
 * neg, abs, sign and clamp, and becomes float32 in the others, as in PyTorch.
 */
import { checkNumber } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { div, mul } from './arithmetic.js';
import { asFloat, to } from './cast.js';
import { integers, integersWith, negated } from './integers.js';
import { checkTensor, emptyLike, product, scalarOf, unary, zeroed } from './support.js';

/** -input. */
export function neg(input: Tensor): Tensor {
  if (checkTensor('neg', input).dtype === 'int32') return negated(input);
  return record('NegBackward0', unary('neg', input), [input], [], (grad) => [unary('neg', grad)]);
}

/** e to the power of input. Gradient: grad·output. */
export function exp(given: Tensor): Tensor {
  const input = asFloat('exp', given);
  const output = unary('exp', input);
  return record('ExpBackward0', output, [input], [output], (grad) => [product(grad, output)]);
}

/** Natural logarithm: -infinity at 0, NaN below. Gradient: grad/input. */
export function log(given: Tensor): Tensor {
  const input = asFloat('log', given);
  return record('LogBackward0', unary('log', input), [input], [input], (grad) => [div(grad, input.detach())]);
}

/** Square root: NaN below 0. Gradient: grad/(2·output). */
export function sqrt(given: Tensor): Tensor {
  const input = asFloat('sqrt', given);
  const output = unary('sqrt', input);
  return record('SqrtBackward0', output, [input], [output], (grad) => [
    div(grad, mul(output.detach(), scalarOf(2, output.dtype))),
  ]);
}

/** Absolute value. Gradient: grad·sign(input), 0 at 0. */
export function abs(input: Tensor): Tensor {
  if (checkTensor('abs', input).dtype === 'int32') return integers('abs', 'maximumInt', input, negated(input));
  return record('AbsBackward0', unary('abs', input), [input], [input], (grad) => [product(grad, unary('sign', input))]);
}

/** -1, 0 or 1 by the sign; 0 for NaN, as in PyTorch. Gradient: 0. */
export function sign(input: Tensor): Tensor {
  if (checkTensor('sign', input).dtype === 'int32') return clampedIntegers('sign', input, -1, 1);
  return record('SignBackward0', unary('sign', input), [input], [], () => [zeroed(input.shape, input.dtype)]);
}

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
  const output = emptyLike(input);
  const n = input.numel;
  currentOps().clamp({ x: input.storage, out: output.storage, n, low, high });
  return record('ClampBackward1', output, [input], [input], (grad) => {
    const gradInput = emptyLike(input);
    currentOps().clampBackward({ grad: grad.storage, x: input.storage, out: gradInput.storage, n, low, high });
    return [gradInput];
  });
}

function clampedIntegers(place: string, input: Tensor, min: number | undefined, max: number | undefined): Tensor {
  const raised = min === undefined ? input : integersWith(place, 'maximumInt', input, min);
  return max === undefined ? raised : integersWith(place, 'minimumInt', raised, max);
}
