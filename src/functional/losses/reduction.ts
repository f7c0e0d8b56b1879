/** What losses share: their options, checks of their operands, and how the losses of the elements become one. */
import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { currentOps } from '../../ops/backend.js';
import type { RangeLaw } from '../../ops/host.js';
import { rangeLaws } from '../../ops/host.js';
import type { Reduction } from '../../ops/ops.js';
import type { Expression } from '../../pointwise/expression.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { to } from '../cast.js';
import { checkReduction } from '../cross-entropy.js';
import { floatDtype } from '../operands.js';
import type { Scalar } from '../pointwise.js';
import { PointwiseFunction } from '../pointwise.js';
import { mean, sum } from '../sum.js';
import { checkFloat, checkTensor } from '../support.js';

/** Options of a loss. */
export interface LossOptions {
  /** `'mean'` (the default), `'sum'`, or `'none'`. */
  reduction?: Reduction;
}

/** Options of a loss whose elements have weights. */
export interface WeightedLossOptions extends LossOptions {
  /** What the losses are multiplied by; broadcasts. It gets no gradient. */
  weight?: Tensor | null;
}

/** The losses as they are, their mean, or their sum. */
export function reduce(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? mean(losses) : sum(losses);
}

/** A loss of an input and a target at one place. */
export function lossFunction(
  gradName: string,
  build: (x: Expression, target: Expression, scalars: readonly Expression[]) => Expression,
  scalars = 0,
  gradient?: (
    grad: Expression,
    x: Expression,
    target: Expression,
    scalars: readonly Expression[],
  ) => readonly (Expression | null)[],
): PointwiseFunction {
  return new PointwiseFunction({
    gradName,
    inputs: 2,
    scalars,
    build: ([x, t], numbers) => build(x!, t!, numbers),
    ...(gradient && { gradient: (grad, _y, [x, t], numbers) => gradient(grad, x!, t!, numbers) }),
  });
}

/** Input and target, and what else takes part, in one float dtype. @throws ArgumentError unless input is a float tensor. */
export function floats(caller: string, input: Tensor, ...others: readonly Tensor[]): [Tensor, ...Tensor[]] {
  checkTensor(caller, input);
  for (const other of others) checkTensor(caller, other);
  checkFloat(caller, input);
  const dtype = floatDtype([input, ...others]);
  return [to(input, dtype), ...others.map((other) => to(other, dtype))];
}

/** @throws ShapeError when the target would broadcast, which PyTorch does with a warning: a well-known silent bug. */
export function checkSameShape(caller: string, input: Tensor, target: Tensor): void {
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${caller}: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
        `(${formatShape(input.shape)}); they must be equal`,
    );
}

/** A loss of elements of two tensors of one shape, reduced. */
export function ofEqualShapes(
  caller: string,
  of: PointwiseFunction,
  input: Tensor,
  target: Tensor,
  reduction: Reduction = 'mean',
  scalars: readonly Scalar[] = [],
): Tensor {
  const operands = floats(caller, input, target);
  checkReduction(caller, reduction);
  checkSameShape(caller, input, target);
  return reduce(of.apply(caller, operands, scalars), reduction);
}

/** A loss of elements that broadcast, reduced. */
export function ofBroadcast(
  caller: string,
  of: PointwiseFunction,
  operands: readonly [Tensor, ...Tensor[]],
  reduction: Reduction = 'mean',
  scalars: readonly Scalar[] = [],
): Tensor {
  const [input, ...others] = operands;
  const same = floats(caller, input, ...others);
  checkReduction(caller, reduction);
  return reduce(of.apply(caller, same, scalars), reduction);
}

/** @throws ArgumentError, with the sentence of the law, unless every number lies in its range; in a program at each run. */
export function checkRange(x: Tensor, law: RangeLaw, low: number, high: number): void {
  currentOps().checkRange({ x: x.storage, n: x.numel, low, high, law: rangeLaws.indexOf(law) });
}

/** A weight of elements, without its gradient. @throws ArgumentError for anything but a tensor */
export function readWeight(caller: string, weight: Tensor | null | undefined, what = 'weight'): Tensor | null {
  if (weight === null || weight === undefined) return null;
  return checkFloat(`${caller}: ${what}`, weight).detach();
}

/** A flag of options. */
export function readFlag(caller: string, what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new ArgumentError(`${caller}: ${what} must be a boolean, got ${show(value)}`);
  return value;
}
