/** A step in pieces: the gradients of some rows after others add up to those of the whole batch. */
import { MaskKeys, withBatchPart } from '../functional/batch-part.js';
import { add, mul, narrow, reshape } from '../functional/index.js';
import type { Optimizer } from '../optim/optimizer.js';
import { mapTensors } from '../tensor/structure.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { WeightedBatch } from './batch.js';
import { type BatchLoss, divisorOf } from './batch-loss.js';
import type { Measure } from './scoring.js';
import type { Amount } from './tallies.js';

/** Forward and loss of some rows. */
export type PieceStep = (
  batch: unknown,
  rows: number,
) => { readonly batchLoss: BatchLoss; readonly measures: readonly Measure[] };

/** Rows of a batch: of all its tensors that have as many rows. */
export function rowsOf(batch: unknown, rows: number, first: number, count: number): unknown {
  const own = (tensor: Tensor) => (tensor.shape[0] === rows ? narrow(tensor, 0, first, count) : tensor);
  if (batch instanceof WeightedBatch)
    return new WeightedBatch(rowsOf(batch.batch, rows, first, count), own(batch.sampleWeight));
  return mapTensors(batch, own);
}

/**
 * Computes a batch in `pieces` of as many rows each, the last one of fewer, and leaves its gradients in the parameters: those of the mean over all rows, or over all their
 * weights, or of the sum. A piece's results are gone before the next begins. Masks of dropout are those of the whole batch.
 * @returns the scores of the whole batch
 */
export function accumulate(
  optimizer: Optimizer,
  batch: unknown,
  rows: number,
  pieces: number,
  step: PieceStep,
): Measure[] {
  const size = Math.ceil(rows / pieces);
  const keys = new MaskKeys();
  const lists: (readonly Measure[])[] = [];
  let isWeighted = false;
  for (let first = 0; first < rows; first += size) {
    const count = Math.min(size, rows - first);
    const piece = rowsOf(batch, rows, first, count);
    const { batchLoss, measures } = withBatchPart({ firstRow: first, rows: count, keys }, () => step(piece, count));
    const { loss, measure, isSum } = batchLoss;
    const weight = measure.denominator.output;
    isWeighted = weight !== null;
    // Of a mean over weights each piece gives its sum; all are divided by all weights below.
    if (weight !== null) loss.backward(reshape(weight.detach(), loss.shape));
    else mul(loss, isSum ? 1 : count / rows).backward();
    lists.push(measures);
  }
  const whole = lists[0]!.map((_, i) => together(lists.map((measures) => measures[i]!)));
  const weights = isWeighted ? whole[0]!.denominator.output : null;
  if (weights !== null)
    noGrad(() => {
      const divisor = reshape(divisorOf(weights), []);
      for (const { params } of optimizer.paramGroups) for (const { grad } of params) grad?.div_(divisor.to(grad.dtype));
    });
  return whole;
}

/** The score of all pieces. */
const together = (measures: readonly Measure[]): Measure => ({
  score: null,
  numerator: total(measures.map(({ numerator }) => numerator)),
  denominator: total(measures.map(({ denominator }) => denominator)),
});

function total(amounts: readonly Amount<Tensor>[]): Amount<Tensor> {
  const perStep = amounts.reduce((sum, amount) => sum + amount.perStep, 0);
  const outputs = noGrad(() =>
    amounts.flatMap(({ output, factor }) => (output === null ? [] : [mul(reshape(output.detach(), []), factor)])),
  );
  if (outputs.length === 0) return { perStep, factor: 0, output: null };
  return { perStep, factor: 1, output: noGrad(() => outputs.reduce((sum, each) => add(sum, each))) };
}
