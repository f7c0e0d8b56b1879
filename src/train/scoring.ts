/** How the scores of steps become those of an epoch. */
import { abs, cat, clone, div, indexSelect, mul, reshape, sign, sub, sum, to } from '../functional/index.js';
import { CrossEntropyLoss } from '../nn/cross-entropy.js';
import { MSELoss } from '../nn/losses.js';
import type { DType } from '../ops/ops.js';
import { full } from '../tensor/creation.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { scoresFrom } from './epoch-log.js';
import type { Scores } from './history.js';
import { accuracy, misses } from './metrics.js';
import type { Settings } from './options.js';

/** Steps and samples so far, and the sums of what the steps have put out. */
export interface Totals {
  readonly steps: number;
  readonly samples: number;
  /** Of what is a mean over the rows of a batch: times those rows. */
  readonly sums: Float64Array;
}

/**
 * How a score is averaged. `'rows'`: a mean over the rows of a batch, which count alike. `'sum'`: a sum over them. `'weighed'`: a mean in
 * which labels have weights, so that the steps put out numerator and denominator too.
 */
type Kind = 'rows' | 'sum' | 'weighed';

/**
 * The scores of an epoch are means over its samples, as if all of them had been one batch: a loss of reduction `'mean'` is divided by what
 * it divides by itself, the sum of the weights of its labels, ignored ones having none; the accuracy by the labels that are not
 * ignored; a sum by the samples. Of a loss or a metric of the caller's own the means of batches are weighed by their rows.
 */
export class Scoring {
  /** How many numbers a step puts out; the first are the scores of its batch. */
  readonly outputs: number;
  readonly #names: readonly string[];
  readonly #kinds: readonly Kind[];
  readonly #loss: CrossEntropyLoss | null;

  constructor({ loss, metrics }: Pick<Settings, 'loss' | 'metrics'>) {
    this.#names = metrics.map(({ name }) => name);
    this.#loss = loss instanceof CrossEntropyLoss ? loss : null;
    const ofLoss = kindOf(loss);
    // Labels that the loss ignores are none to be right about.
    const ofMetrics = metrics.map(({ fn }): Kind => (fn === accuracy && this.#loss !== null ? 'weighed' : 'rows'));
    this.#kinds = [ofLoss, ...ofMetrics];
    this.outputs = this.#kinds.length + 2 * this.#kinds.filter((kind) => kind === 'weighed').length;
  }

  /** While recording: what a step puts out, from the scores of its batch. */
  outputsOf(scores: readonly Tensor[], output: unknown, target: unknown): Tensor[] {
    return noGrad(() => {
      const weighed: Tensor[] = [];
      const values = scores.map((score, i) => {
        if (this.#kinds[i] !== 'weighed') return score;
        const [numerator, denominator] =
          i === 0 ? this.#weighLoss(score, target) : this.#weighHits(score, output, target);
        weighed.push(numerator, denominator);
        return i === 0 ? score : div(numerator, denominator);
      });
      return [...values, ...weighed];
    });
  }

  /** What the sum of an output is multiplied with, for steps of so many rows. */
  factor(output: number, rows: number): number {
    return this.#kinds[output] === 'rows' ? rows : 1;
  }

  /** The scores of all samples together. */
  scoresOf({ samples, sums }: Totals): Scores {
    let at = this.#kinds.length;
    const means = this.#kinds.map((kind, i) => {
      if (kind !== 'weighed') return sums[i]! / samples;
      at += 2;
      return sums[at - 2]! / sums[at - 1]!;
    });
    return scoresFrom(this.#names, means);
  }

  #weighLoss(loss: Tensor, target: unknown): [Tensor, Tensor] {
    const { weight } = this.#loss!;
    const counted = this.#counted(target, loss.dtype);
    if (counted === null) return byRows(loss, target);
    const labels = to(mul(counted, to(reshape(target as Tensor, [-1]), loss.dtype)), 'int32');
    const total = sum(weight === null ? counted : mul(counted, indexSelect(weight, labels)));
    return [unlessZero(total, mul(loss, total)), total];
  }

  #weighHits(hits: Tensor, output: unknown, target: unknown): [Tensor, Tensor] {
    const counted = this.#counted(target, hits.dtype);
    if (counted === null) return byRows(hits, target);
    const missed = reshape(misses(output as Tensor, target as Tensor), [-1]);
    const total = sum(counted);
    return [sub(total, sum(mul(counted, missed))), total];
  }

  /** 1 for each label that counts, 0 for an ignored one; null where there are no labels. */
  #counted(target: unknown, dtype: DType): Tensor | null {
    if (!(target instanceof Tensor) || target.dtype !== 'int32') return null;
    return sign(abs(sub(to(reshape(target, [-1]), dtype), this.#loss!.ignoreIndex)));
  }
}

function kindOf(loss: unknown): Kind {
  const isOwn = loss instanceof CrossEntropyLoss || loss instanceof MSELoss;
  if (isOwn && loss.reduction === 'sum') return 'sum';
  return loss instanceof CrossEntropyLoss ? 'weighed' : 'rows';
}

/** Numerator and denominator of a mean over rows. */
function byRows(mean: Tensor, target: unknown): [Tensor, Tensor] {
  const rows = target instanceof Tensor ? (target.shape[0] ?? 1) : 1;
  return [mul(mean, rows), clone(full([], rows, { dtype: mean.dtype }))];
}

/** The value, which may be NaN where the total is 0, and is 0 then: chosen, since NaN times 0 is NaN. */
function unlessZero(total: Tensor, value: Tensor): Tensor {
  const choices = cat([reshape(mul(total, 0), [1]), reshape(value, [1])]);
  return reshape(indexSelect(choices, to(reshape(abs(sign(total)), [1]), 'int32')), []);
}
