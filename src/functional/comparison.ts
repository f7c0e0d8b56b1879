/** Comparisons, and choices by them. There is no boolean dtype: what is true is 1 and what is false 0, in int32. No gradient flows through a comparison. */
import { ArgumentError } from '../errors.js';
import type { Expression } from '../pointwise/expression.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { integers } from './integers.js';
import { checkOperands, floatDtype, type Operand, toTensor } from './operands.js';
import { PointwiseFunction } from './pointwise.js';
import { checkTensor, scalarOf } from './support.js';

type Name = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne';

const test = (inputs: number, build: (inputs: readonly Expression[]) => Expression): PointwiseFunction =>
  new PointwiseFunction({ inputs, build });

const comparisons: Readonly<Record<Name, PointwiseFunction>> = {
  lt: test(2, ([a, b]) => a!.lt(b!)),
  le: test(2, ([a, b]) => a!.le(b!)),
  gt: test(2, ([a, b]) => a!.gt(b!)),
  ge: test(2, ([a, b]) => a!.ge(b!)),
  eq: test(2, ([a, b]) => a!.eq(b!)),
  ne: test(2, ([a, b]) => a!.ne(b!)),
};

const isWhole = (operand: Operand): boolean =>
  typeof operand === 'number' ? (operand | 0) === operand : operand.dtype === 'int32';

function integerComparison(name: Name, a: Tensor, b: Tensor): Tensor {
  if (name === 'gt') return integers(name, 'lt', b, a);
  if (name === 'ge') return integers(name, 'le', b, a);
  if (name !== 'ne') return integers(name, name, a, b);
  return integers(name, 'sub', scalarOf(1, 'int32'), integers(name, 'eq', a, b));
}

function compare(name: Name, input: Tensor, other: Operand): Tensor {
  checkTensor(name, input);
  checkOperands(name, other);
  if (input.dtype === 'int32' && isWhole(other)) return integerComparison(name, input, toTensor(name, other, 'int32'));
  const dtype = floatDtype([input, other]);
  return to(comparisons[name].compute(name, [to(input, dtype), toTensor(name, other, dtype)]), 'int32');
}

/** Where input < other, broadcast; false where a NaN takes part. int32, as all comparisons. */
export function lt(input: Tensor, other: Operand): Tensor {
  return compare('lt', input, other);
}

/** Where input <= other. */
export function le(input: Tensor, other: Operand): Tensor {
  return compare('le', input, other);
}

/** Where input > other. */
export function gt(input: Tensor, other: Operand): Tensor {
  return compare('gt', input, other);
}

/** Where input >= other. */
export function ge(input: Tensor, other: Operand): Tensor {
  return compare('ge', input, other);
}

/** Where input = other; NaN equals nothing. */
export function eq(input: Tensor, other: Operand): Tensor {
  return compare('eq', input, other);
}

/** Where input ≠ other; NaN differs from everything. */
export function ne(input: Tensor, other: Operand): Tensor {
  return compare('ne', input, other);
}

const tests = {
  isnan: test(1, ([x]) => x!.ne(x!)),
  isinf: test(1, ([x]) => x!.abs().eq(Number.POSITIVE_INFINITY)),
  isfinite: test(1, ([x]) => x!.abs().lt(Number.POSITIVE_INFINITY)),
} as const;

const holds = (name: keyof typeof tests, input: Tensor): Tensor => {
  const floats = checkTensor(name, input).dtype === 'int32' ? to(input, 'float32') : input;
  return to(tests[name].compute(name, [floats]), 'int32');
};

/** Where input is NaN. */
export function isnan(input: Tensor): Tensor {
  return holds('isnan', input);
}

/** Where input is infinite. */
export function isinf(input: Tensor): Tensor {
  return holds('isinf', input);
}

/** Where input is neither NaN nor infinite. */
export function isfinite(input: Tensor): Tensor {
  return holds('isfinite', input);
}

const choice = new PointwiseFunction({
  gradName: 'WhereBackward0',
  inputs: 3,
  build: ([condition, yes, no]) => condition!.where(yes!, no!),
});

/**
 * `input` where the condition is not 0, else `other`; all three broadcast. The gradient goes where the value came from.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.where.html | torch.where}.
 * @param condition of any dtype, as comparisons give it.
 */
export function where(condition: Tensor, input: Operand, other: Operand): Tensor {
  const caller = 'where';
  checkTensor(caller, condition);
  checkOperands(caller, input, other);
  const areWhole = [input, other].every(isWhole) && [input, other].some((operand) => operand instanceof Tensor);
  if (areWhole) return chosenIntegers(condition, input, other);
  const dtype = floatDtype([input, other]);
  return choice.apply(
    caller,
    [condition.detach(), input, other].map((operand) => toTensor(caller, operand, dtype)),
  );
}

/** other + c·(input - other) modulo 2^32, with c 1 or 0: int32 has no float that holds all of it. */
function chosenIntegers(condition: Tensor, input: Operand, other: Operand): Tensor {
  const caller = 'where';
  const [yes, no] = [toTensor(caller, input, 'int32'), toTensor(caller, other, 'int32')];
  const isChosen = ne(condition.detach(), 0);
  return integers(caller, 'add', no, integers(caller, 'mul', isChosen, integers(caller, 'sub', yes, no)));
}

/** `value` where the mask, which broadcasts to input, is not 0, else input. As `torch.Tensor.masked_fill`. */
export function maskedFill(input: Tensor, mask: Tensor, value: number | Tensor): Tensor {
  checkTensor('maskedFill', input);
  if (value instanceof Tensor && value.ndim > 0)
    throw new ArgumentError(
      `maskedFill only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
    );
  return where(checkTensor('maskedFill', mask), value, input);
}
