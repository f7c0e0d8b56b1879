/**
 * Losses of each element. To add one: its definition, its options and its function here, its module in `nn/losses.ts`.
 */
import { checkNumber, checkOptions } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { Reduction } from '../ops/ops.js';
import type { Expression } from '../pointwise/expression.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { checkReduction } from './cross-entropy.js';
import { floatDtype } from './operands.js';
import { PointwiseFunction } from './pointwise.js';
import { mean, sum } from './sum.js';
import { checkFloat, checkTensor } from './support.js';

/** Options of a loss of each element. */
export interface LossOptions {
  /** `'mean'` (the default), `'sum'`, or `'none'`. */
  reduction?: Reduction;
}

function loss(
  gradName: string,
  build: (x: Expression, target: Expression, scalars: readonly Expression[]) => Expression,
  scalars = 0,
): PointwiseFunction {
  return new PointwiseFunction({ gradName, inputs: 2, scalars, build: ([x, t], numbers) => build(x!, t!, numbers) });
}

/** Checks that the shapes are equal, computes, and reduces. */
function reduced(
  caller: string,
  of: PointwiseFunction,
  input: Tensor,
  target: Tensor,
  reduction: Reduction = 'mean',
  scalars: readonly number[] = [],
): Tensor {
  checkReduction(caller, reduction);
  if (checkTensor(caller, target).dtype === 'int32') checkFloat(caller, input);
  checkTensor(caller, input);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `${caller}: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
        `(${formatShape(input.shape)}); they must be equal`,
    );
  const dtype = floatDtype([input, target]);
  const losses = of.apply(caller, [to(input, dtype), to(target, dtype)], scalars);
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? mean(losses) : sum(losses);
}

const squaredError = loss('MseLossBackward0', (x, target) => {
  const difference = x.sub(target);
  return difference.mul(difference);
});

/**
 * (input - target)², reduced; of two dtypes as `sub` gives it. Shapes must be equal: PyTorch broadcasts them with a warning, a well-known silent bug.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html | torch.nn.functional.mse_loss}
 * @throws ShapeError when the shapes differ.
 */
export function mseLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const { reduction } = checkOptions('mseLoss', options, ['reduction']);
  return reduced('mseLoss', squaredError, input, target, reduction);
}

/** Options of {@link huberLoss} and `nn.HuberLoss`. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square goes over into a line; greater than 0. Default 1. */
  delta?: number;
}

const huber = new PointwiseFunction({
  gradName: 'HuberLossBackward0',
  inputs: 2,
  scalars: 1,
  build([x, target], [delta]) {
    const difference = x!.sub(target!);
    const size = difference.abs();
    const square = difference.mul(difference).mul(0.5);
    return size.lt(delta!).where(square, delta!.mul(size.sub(delta!.mul(0.5))));
  },
  // The rules would multiply the branch that is not taken by 0, which is NaN where it is infinite.
  gradient(grad, _y, [x, target], [delta]) {
    const slope = grad.mul(x!.sub(target!).maximum(delta!.neg()).minimum(delta!));
    return [slope, slope.neg()];
  },
});

/**
 * (input - target)²/2 where |input - target| < delta, else delta·(|input - target| - delta/2), reduced. Shapes must be equal.
 * Huber, Robust Estimation of a Location Parameter (1964);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html | torch.nn.functional.huber_loss}
 * @throws ShapeError when the shapes differ, ArgumentError for a delta that is not greater than 0.
 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberLossOptions): Tensor {
  const { reduction, delta = 1 } = checkOptions('huberLoss', options, ['reduction', 'delta']);
  return reduced('huberLoss', huber, input, target, reduction, [checkDelta('huberLoss', delta)]);
}

function checkDelta(caller: string, delta: unknown): number {
  if (checkNumber(caller, 'delta', delta) > 0) return delta as number;
  throw new ArgumentError(`${caller}: huber_loss does not support non-positive values for delta.`);
}
