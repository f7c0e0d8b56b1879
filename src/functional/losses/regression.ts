/** Losses of numbers: of their differences, and of parameters of distributions. */
import { checkNumber, checkOptions } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { sameShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { PointwiseFunction } from '../pointwise.js';
import { scalarOf } from '../support.js';
import { unsqueeze } from '../views.js';
import {
  checkRange,
  floats,
  type LossOptions,
  lossFunction,
  ofBroadcast,
  ofEqualShapes,
  readFlag,
} from './reduction.js';

const squaredError = lossFunction('MseLossBackward0', (x, target) => {
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
  return ofEqualShapes('mseLoss', squaredError, input, target, reduction);
}

const absoluteError = lossFunction('L1LossBackward0', (x, target) => x.sub(target).abs());

/**
 * |input - target|, reduced. Gradient: its sign, 0 at 0. Shapes must be equal.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html | torch.nn.functional.l1_loss}
 * @throws ShapeError when the shapes differ.
 */
export function l1Loss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const { reduction } = checkOptions('l1Loss', options, ['reduction']);
  return ofEqualShapes('l1Loss', absoluteError, input, target, reduction);
}

/** Options of {@link smoothL1Loss} and `nn.SmoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square goes over into a line; at least 0, which is {@link l1Loss}. Default 1. */
  beta?: number;
}

const smoothError = lossFunction(
  'SmoothL1LossBackward0',
  (x, target, [beta]) => {
    const difference = x.sub(target);
    const size = difference.abs();
    return size.lt(beta!).where(difference.mul(difference).mul(0.5).div(beta!), size.sub(beta!.mul(0.5)));
  },
  1,
  // The rules would multiply the branch that is not taken by 0, which is NaN where it is infinite.
  (grad, x, target, [beta]) => {
    const difference = x.sub(target);
    const line = difference.lt(beta!.neg()).where(grad.neg(), grad.mul(difference).div(beta!));
    const slope = difference.gt(beta!).where(grad, line);
    return [slope, slope.neg()];
  },
);

/**
 * (input - target)²/(2·beta) where |input - target| < beta, else |input - target| - beta/2, reduced. Shapes must be equal.
 * Girshick, Fast R-CNN (ICCV 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html | torch.nn.functional.smooth_l1_loss}
 * @throws ShapeError when the shapes differ, ArgumentError for a negative beta.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: SmoothL1LossOptions): Tensor {
  const caller = 'smoothL1Loss';
  const { reduction, beta = 1 } = checkOptions(caller, options, ['reduction', 'beta']);
  const of = checkBeta(caller, beta) === 0 ? absoluteError : smoothError;
  return ofEqualShapes(caller, of, input, target, reduction, [beta]);
}

/** @internal */
export function checkBeta(caller: string, beta: unknown): number {
  if (checkNumber(caller, 'beta', beta) >= 0) return beta as number;
  throw new ArgumentError(`${caller}: smooth_l1_loss does not support negative values for beta.`);
}

/** Options of {@link huberLoss} and `nn.HuberLoss`. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square goes over into a line; greater than 0. Default 1. */
  delta?: number;
}

const huber = lossFunction(
  'HuberLossBackward0',
  (x, target, [delta]) => {
    const difference = x.sub(target);
    const size = difference.abs();
    const square = difference.mul(difference).mul(0.5);
    return size.lt(delta!).where(square, delta!.mul(size.sub(delta!.mul(0.5))));
  },
  1,
  (grad, x, target, [delta]) => {
    const slope = grad.mul(x.sub(target).maximum(delta!.neg()).minimum(delta!));
    return [slope, slope.neg()];
  },
);

/**
 * (input - target)²/2 where |input - target| < delta, else delta·(|input - target| - delta/2), reduced. Shapes must be equal.
 * Huber, Robust Estimation of a Location Parameter (1964);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html | torch.nn.functional.huber_loss}
 * @throws ShapeError when the shapes differ, ArgumentError for a delta that is not greater than 0.
 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberLossOptions): Tensor {
  const { reduction, delta = 1 } = checkOptions('huberLoss', options, ['reduction', 'delta']);
  return ofEqualShapes('huberLoss', huber, input, target, reduction, [checkDelta('huberLoss', delta)]);
}

/** @internal */
export function checkDelta(caller: string, delta: unknown): number {
  if (checkNumber(caller, 'delta', delta) > 0) return delta as number;
  throw new ArgumentError(`${caller}: huber_loss does not support non-positive values for delta.`);
}

/** Options of {@link poissonNllLoss} and `nn.PoissonNLLLoss`. */
export interface PoissonNLLLossOptions extends LossOptions {
  /** Whether input is the logarithm of the rate. Default true. */
  logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added where target > 1. Default false. */
  full?: boolean;
  /** Added to the rate before its logarithm is taken, without `logInput`. Default 1e-8. */
  eps?: number;
}

const poisson = (logInput: boolean, full: boolean) =>
  lossFunction(
    'SubBackward0',
    (x, target, [eps]) => {
      const loss = logInput ? x.exp().sub(target.mul(x)) : x.sub(target.mul(x.add(eps!).log()));
      if (!full) return loss;
      const stirling = target
        .mul(target.log())
        .sub(target)
        .add(
          target
            .mul(2 * Math.PI)
            .log()
            .mul(0.5),
        );
      return loss.add(target.le(1).where(0, stirling));
    },
    1,
    (grad, x, target, [eps]) => {
      const rate = logInput ? x.exp() : null;
      const forInput = rate !== null ? rate.sub(target) : target.div(x.add(eps!)).neg().add(1);
      const forTarget = logInput ? x.neg() : x.add(eps!).log().neg();
      const ofStirling = target.le(1).where(0, target.log().add(target.reciprocal().mul(0.5)));
      return [grad.mul(forInput), grad.mul(full ? forTarget.add(ofStirling) : forTarget)];
    },
  );
const poissons = [false, true].map((logInput) => [false, true].map((full) => poisson(logInput, full)));

/**
 * The negative logarithm of the likelihood of target under Poisson's distribution: e^input - target·input, or with `logInput: false`
 * input - target·log(input + eps); with `full` and target > 1 + target·log(target) - target + log(2π·target)/2. Broadcasts.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html | torch.nn.functional.poisson_nll_loss}
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options?: PoissonNLLLossOptions): Tensor {
  const caller = 'poissonNllLoss';
  const given = checkOptions(caller, options, ['reduction', 'logInput', 'full', 'eps']);
  const { reduction, logInput = true, full = false, eps = 1e-8 } = given;
  const kind = poissons[Number(readFlag(caller, 'logInput', logInput))]![Number(readFlag(caller, 'full', full))]!;
  return ofBroadcast(caller, kind, [input, target], reduction, [checkNumber(caller, 'eps', eps)]);
}

/** Options of {@link gaussianNllLoss} and `nn.GaussianNLLLoss`. */
export interface GaussianNLLLossOptions extends LossOptions {
  /** Whether log(2π)/2 is added. Default false. */
  full?: boolean;
  /** The least variance that counts. Default 1e-6. */
  eps?: number;
}

const gaussian = new PointwiseFunction({
  gradName: 'MulBackward0',
  inputs: 3,
  scalars: 2,
  build([x, target, variance], [eps, constant]) {
    const v = variance!.maximum(eps!);
    const difference = x!.sub(target!);
    return v.log().add(difference.mul(difference).div(v)).mul(0.5).add(constant!);
  },
  // As in PyTorch the variance is raised to eps outside of the graph: its gradient is that at eps.
  gradient(grad, _y, [x, target, variance], [eps]) {
    const v = variance!.maximum(eps!);
    const share = x!.sub(target!).div(v);
    const slope = grad.mul(share);
    return [slope, slope.neg(), grad.mul(0.5).mul(v.reciprocal().sub(share.mul(share)))];
  },
});

/**
 * (log v + (input - target)²/v)/2 with v = max(variance, eps), reduced: the negative logarithm of the likelihood of target under normal
 * distributions of mean input; with `full` plus log(2π)/2.
 * Nix and Weigend, Estimating the mean and variance of the target probability distribution (1994);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html | torch.nn.functional.gaussian_nll_loss}
 * @param variance of the shape of input, without its last dimension, or with size 1 there; or one number for all.
 * @throws ArgumentError for a negative variance, ShapeError for one of another shape.
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options?: GaussianNLLLossOptions,
): Tensor {
  const caller = 'gaussianNllLoss';
  const given = checkOptions(caller, options, ['reduction', 'full', 'eps']);
  const { reduction, full = false, eps = 1e-6 } = given;
  const constant = readFlag(caller, 'full', full) ? 0.5 * Math.log(2 * Math.PI) : 0;
  checkNumber(caller, 'eps', eps);
  floats(caller, input, target);
  return ofBroadcast(caller, gaussian, [input, target, readVariance(caller, input, variance)], reduction, [
    eps,
    constant,
  ]);
}

function readVariance(caller: string, input: Tensor, variance: unknown): Tensor {
  if (!(variance instanceof Tensor)) {
    if (checkNumber(caller, 'variance', variance) < 0)
      throw new ArgumentError(`${caller}: var has negative entry/entries`);
    return scalarOf(variance as number, input.dtype);
  }
  const rows = input.shape.slice(0, -1);
  const isColumn = variance.ndim > 0 && variance.shape.at(-1) === 1 && sameShape(variance.shape.slice(0, -1), rows);
  const isWhole = sameShape(variance.shape, input.shape) || isColumn;
  if (!isWhole && !sameShape(variance.shape, rows)) throw new ShapeError(`${caller}: var is of incorrect size`);
  floats(caller, input, variance);
  checkRange(variance, 'var has negative entry/entries', 0, Number.POSITIVE_INFINITY);
  return isWhole ? variance : unsqueeze(variance, -1);
}
