/** How the scores of steps become those of an epoch. */
import type { Program } from '../compile/program.js';
import type { Tensor } from '../tensor/tensor.js';
import { scoresFrom } from './epoch-log.js';
import type { Scores } from './history.js';

type StepProgram = Program<Tensor[]>;

/** Steps and samples so far, and for each score the numerator and the denominator that these steps add up to. */
export interface Totals {
  readonly steps: number;
  readonly samples: number;
  readonly sums: Float64Array;
}

/** What a step adds to a numerator or a denominator: perStep + factor · output. */
interface Amount<Output> {
  readonly perStep: number;
  readonly factor: number;
  /** What the step puts out, or null where the amount is known beforehand. */
  readonly output: Output | null;
}

/** A score of a batch, as one step puts it out: numerator / denominator, and the score itself where it is put out as well. */
export interface Measure<Output = Tensor> {
  readonly score: Output | null;
  readonly numerator: Amount<Output>;
  readonly denominator: Amount<Output>;
}

const fixed = (perStep: number): Amount<Tensor> => ({ perStep, factor: 0, output: null });
const exactly = (output: Tensor): Amount<Tensor> => ({ perStep: 0, factor: 1, output });

/** A mean over the rows of a batch, which count alike. */
export const meanOverRows = (score: Tensor, rows: number): Measure => ({
  score,
  numerator: { perStep: 0, factor: rows, output: score },
  denominator: fixed(rows),
});

/** A sum over the rows of a batch. */
export const sumOverRows = (score: Tensor, rows: number): Measure => ({
  score,
  numerator: exactly(score),
  denominator: fixed(rows),
});

/** A mean over what counts for different amounts: `sum` divided by `weight`. */
export const weightedMean = (score: Tensor | null, sum: Tensor, weight: Tensor): Measure => ({
  score,
  numerator: exactly(sum),
  denominator: exactly(weight),
});

/** The share of `positions` that are no misses, of those positions that count; all of them for null. */
export const shareOfHits = (positions: number, misses: Tensor, counted: Tensor | null): Measure => ({
  score: null,
  numerator: { perStep: positions, factor: -1, output: misses },
  denominator: counted === null ? fixed(positions) : exactly(counted),
});

/** The outputs of a step, each once, and the measures by the numbers of their outputs. */
export function listOutputs(measures: readonly Measure[]): { outputs: Tensor[]; listed: Measure<number>[] } {
  const outputs: Tensor[] = [];
  const numberOf = (tensor: Tensor | null): number | null => {
    if (tensor === null) return null;
    const known = outputs.indexOf(tensor);
    return known >= 0 ? known : outputs.push(tensor) - 1;
  };
  const listed = measures.map(({ score, numerator, denominator }) => ({
    score: numberOf(score),
    numerator: { ...numerator, output: numberOf(numerator.output) },
    denominator: { ...denominator, output: numberOf(denominator.output) },
  }));
  return { outputs, listed };
}

/**
 * The scores of an epoch are means over its samples, as if all of them had been one batch: numerators and denominators of the steps are
 * added up apart, so that a step without weight, of ignored labels only, adds nothing to either.
 */
export class Scoring {
  readonly #names: readonly string[];
  readonly #measures = new WeakMap<StepProgram, readonly Measure<number>[]>();

  /** @param names of the scores besides the loss. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Notes what the outputs of a program mean. */
  describe(program: StepProgram, measures: readonly Measure<number>[]): void {
    this.#measures.set(program, measures);
  }

  /** Zeros for {@link Totals.sums}. */
  zeros(): Float64Array {
    return new Float64Array(2 * (1 + this.#names.length));
  }

  /** Adds to {@link Totals.sums} what so many steps have put out, given the sum of each output over them. */
  add(totals: Float64Array, program: StepProgram, steps: number, sums: Float64Array): void {
    for (const [i, { numerator, denominator }] of this.#measures.get(program)!.entries()) {
      totals[2 * i]! += amountOf(numerator, steps, sums);
      totals[2 * i + 1]! += amountOf(denominator, steps, sums);
    }
  }

  /** The scores of one step, from what it has put out. */
  scoresOfStep(program: StepProgram, outputs: Float64Array): Scores {
    return scoresFrom(
      this.#names,
      this.#measures
        .get(program)!
        .map(({ score, numerator, denominator }) =>
          score === null ? amountOf(numerator, 1, outputs) / amountOf(denominator, 1, outputs) : outputs[score]!,
        ),
    );
  }

  /** The scores of all samples together. */
  scoresOf({ sums }: Totals): Scores {
    const scores = Array.from({ length: sums.length / 2 }, (_, i) => sums[2 * i]! / sums[2 * i + 1]!);
    return scoresFrom(this.#names, scores);
  }
}

function amountOf({ perStep, factor, output }: Amount<number>, steps: number, sums: Float64Array): number {
  return perStep * steps + (output === null ? 0 : factor * sums[output]!);
}
