/** Elementwise functions of one tensor: each beside its gradient. All keep the shape and propagate NaN. */
import { checkNumber } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { div, mul } from './arithmetic.js';
import { checkFloat, emptyLike, product, scalarOf, unary, zeroed } from './support.js';

/** -input. */
export function neg(input: Tensor): Tensor {
  checkFloat('neg', input);
  return record('NegBackward0', unary('neg', input), [input], [], (grad) => [unary('neg', grad)]);
}

/** e to the power of input. Gradient: grad·output. */
export function exp(input: Tensor): Tensor {
  checkFloat('exp', input);
  const output = unary('exp', input);
  return record('ExpBackward0', output, [input], [output], (grad) => [product(grad, output)]);
}

/** Natural logarithm: -infinity at 0, NaN below. Gradient: grad/input. */
export function log(input: Tensor): Tensor {
  checkFloat('log', input);
  return record('LogBackward0', unary('log', input), [input], [input], (grad) => [div(grad, input.detach())]);
}

/** Square root: NaN below 0. Gradient: grad/(2·output). */
export function sqrt(input: Tensor): Tensor {
  checkFloat('sqrt', input);
  const output = unary('sqrt', input);
  return record('SqrtBackward0', output, [input], [output], (grad) => [
    div(grad, mul(output.detach(), scalarOf(2, output.dtype))),
  ]);
}

/** Absolute value. Gradient: grad·sign(input), 0 at 0. */
export function abs(input: Tensor): Tensor {
  checkFloat('abs', input);
  return record('AbsBackward0', unary('abs', input), [input], [input], (grad) => [product(grad, unary('sign', input))]);
}

/** -1, 0 or 1 by the sign; 0 for NaN, as in PyTorch. Gradient: 0. */
export function sign(input: Tensor): Tensor {
  checkFloat('sign', input);
  return record('SignBackward0', unary('sign', input), [input], [], () => [zeroed(input.shape, input.dtype)]);
}

/**
 * min(max(input, min), max); either bound may be left out. Gradient: grad where min <= input <= max, else 0.
 * With min > max every element is max, as in PyTorch. @throws ArgumentError when both are missing, or one is NaN.
 */
export function clamp(input: Tensor, min?: number, max?: number): Tensor {
  checkFloat('clamp', input);
  if (min === undefined && max === undefined)
    throw new ArgumentError("clamp: At least one of 'min' or 'max' must not be None");
  const low = min === undefined ? Number.NEGATIVE_INFINITY : checkNumber('clamp', 'min', min);
  const high = max === undefined ? Number.POSITIVE_INFINITY : checkNumber('clamp', 'max', max);
  const output = emptyLike(input);
  const n = input.numel;
  currentOps().clamp({ x: input.storage, out: output.storage, n, low, high });
  return record('ClampBackward1', output, [input], [input], (grad) => {
    const gradInput = emptyLike(input);
    currentOps().clampBackward({ grad: grad.storage, x: input.storage, out: gradInput.storage, n, low, high });
    return [gradInput];
  });
}
