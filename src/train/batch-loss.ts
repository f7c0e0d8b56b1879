/** The loss of a batch, with or without weights of its rows, and what it is a mean of. */
import { ArgumentError, ShapeError } from '../errors.js';
import { abs, add, div, mean, mul, reshape, sign, sub, sum, to } from '../functional/index.js';
import { hasHooks } from '../nn/hooked-module.js';
import { LabelLoss } from '../nn/label-loss.js';
import { ReducedLoss } from '../nn/loss.js';
import { Module } from '../nn/module.js';
import { formatShape } from '../tensor/shape.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { applyModel } from './batch.js';
import { labelWeights } from './labels.js';
import type { Settings } from './options.js';
import { type Measure, meanOverRows, sumOverRows, weightedMean } from './scoring.js';

export interface BatchLoss {
  /** What is minimized: one element. */
  readonly loss: Tensor;
  readonly measure: Measure;
  /** How many labels count, where the loss knows that; null where it does not. */
  readonly counted: Tensor | null;
  /** Whether it is a sum over the rows, and no mean. */
  readonly isSum: boolean;
}

/** A batch, as far as the loss is concerned. */
export interface LossInputs {
  readonly output: unknown;
  readonly target: unknown;
  /** A weight for each row, [rows], or null. */
  readonly sampleWeight: Tensor | null;
  readonly rows: number;
}

/**
 * The loss of a batch. Without weights it is what the loss gives, a scalar. With weights w, from the losses l of the rows: Σ w·l / Σ w for a
 * reduction `'mean'`, `'none'` and a loss of the caller's own, which gives l as one value for each row; Σ w·l for `'sum'`. A loss of labels
 * divides by Σ w·c, c being the class weights of the labels, 0 for an ignored one.
 * @param isTraining in validation one value for each row is a loss too: their mean.
 * @throws ArgumentError, ShapeError for a loss of another form.
 */
export function lossOf(caller: string, loss: Settings['loss'], lossInputs: LossInputs, isTraining: boolean): BatchLoss {
  if (lossInputs.sampleWeight !== null) return weightedLoss(caller, loss, lossInputs, lossInputs.sampleWeight);
  const { output, target, rows } = lossInputs;
  const read = (value: unknown) => scalar(caller, 'the loss', value, "reduction 'mean' or 'sum'");
  const reductionOf = <R extends string>({ reduction }: { readonly reduction: R }) =>
    !isTraining && reduction === 'none' ? 'mean' : reduction;
  if (isOwn(loss, LabelLoss)) {
    const parts = loss.parts(output as Tensor, target as Tensor, reductionOf(loss));
    const value = read(parts.loss);
    const { sum: total, weight } = parts;
    if (total === null || weight === null) return plain(value, loss.reduction === 'sum', rows);
    return {
      loss: value,
      measure: weightedMean(value, total, weight),
      counted: loss.weight === null ? weight : null,
      isSum: false,
    };
  }
  if (isOwn(loss, ReducedLoss)) {
    const value = read(loss.reduced(output as Tensor, target as Tensor, reductionOf(loss)));
    return plain(value, loss.reduction === 'sum', rows);
  }
  const given = callLoss(caller, loss, output, target);
  return plain(read(!isTraining && given.ndim === 1 ? mean(given) : given), false, rows);
}

function weightedLoss(
  caller: string,
  loss: Settings['loss'],
  { output, target, rows }: LossInputs,
  given: Tensor,
): BatchLoss {
  if (given.ndim !== 1)
    throw new ShapeError(`${caller}: sampleWeight must have shape [rows], got ${formatShape(given.shape)}`);
  const { losses, weights } = lossesOfRows(caller, loss, output, target, given);
  const [count = 0, ...rest] = losses.shape;
  if (losses.ndim === 0 || count !== given.numel)
    throw new ShapeError(
      `${caller}: the losses of the rows have shape ${formatShape(losses.shape)}, sampleWeight has ${formatShape(given.shape)}`,
    );
  const own = noGrad(() => reshape(to(given.detach(), losses.dtype), [count, ...rest.map(() => 1)]));
  const weighted = sum(mul(losses, own));
  const isSum = (isOwn(loss, LabelLoss) || isOwn(loss, ReducedLoss)) && loss.reduction === 'sum';
  if (isSum) return plain(weighted, true, rows);
  // A mean over the rows, not over their elements.
  const isOfRows = isOwn(loss, ReducedLoss) && loss.reduction === 'batchmean';
  const total = noGrad(() =>
    weights === null
      ? mul(sum(own), isOfRows ? 1 : losses.numel / count)
      : sum(mul(reshape(weights, losses.shape), own)),
  );
  const value = div(weighted, divisorOf(total));
  return { loss: value, measure: weightedMean(value, weighted, total), counted: null, isSum: false };
}

/** What a sum is divided by for the mean. Rows without weight leave nothing to divide by: the loss is 0 then, and so are its gradients. */
export const divisorOf = (total: Tensor): Tensor => noGrad(() => add(total, sub(1, sign(abs(total)))));

/** The losses of the rows, [rows, ...], and what each of them weighs by itself; null: all the same. */
function lossesOfRows(caller: string, loss: Settings['loss'], output: unknown, target: unknown, given: Tensor) {
  if (isOwn(loss, LabelLoss)) {
    const { loss: losses } = loss.parts(output as Tensor, target as Tensor, 'none');
    return { losses, weights: noGrad(() => labelWeights(loss, target, losses.dtype)) };
  }
  if (isOwn(loss, ReducedLoss))
    return { losses: loss.reduced(output as Tensor, target as Tensor, 'none'), weights: null };
  const losses = callLoss(caller, loss, output, target);
  if (losses.ndim !== 1 || losses.numel !== given.numel)
    throw new ShapeError(
      `${caller}: with sampleWeight the loss must give one value for each row, shape ${formatShape(given.shape)} ` +
        `(reduction 'none'), got shape ${formatShape(losses.shape)}`,
    );
  return { losses: float(caller, 'the loss', losses), weights: null };
}

function callLoss(caller: string, loss: Settings['loss'], output: unknown, target: unknown): Tensor {
  const value = loss instanceof Module ? applyModel(loss, [output, target]) : loss(output, target);
  if (!(value instanceof Tensor)) throw new ArgumentError(`${caller}: the loss must be a Tensor`);
  return value;
}

/** A loss of the library without hooks and with its own `forward`: it may be computed in other forms than `forward` gives. */
function isOwn<L extends LabelLoss | ReducedLoss>(
  loss: unknown,
  kind: abstract new (...args: never[]) => L,
): loss is L {
  return loss instanceof kind && loss.forward === kind.prototype.forward && !hasHooks(loss);
}

function plain(loss: Tensor, isSum: boolean, rows: number): BatchLoss {
  return { loss, measure: isSum ? sumOverRows(loss, rows) : meanOverRows(loss, rows), counted: null, isSum };
}

/** @throws ArgumentError, ShapeError for anything but a float tensor of one element; `instead` says how to get one. */
export function scalar(caller: string, what: string, value: unknown, instead: string): Tensor {
  if (!(value instanceof Tensor)) throw new ArgumentError(`${caller}: ${what} must be a Tensor`);
  if (value.numel !== 1)
    throw new ShapeError(
      `${caller}: ${what} must have one element (${instead}), got shape ${formatShape(value.shape)}`,
    );
  return float(caller, what, value);
}

function float(caller: string, what: string, value: Tensor): Tensor {
  if (value.dtype !== 'int32') return value;
  throw new ArgumentError(`${caller}: ${what} must be a float32 tensor, got int32; convert it with to('float32')`);
}
