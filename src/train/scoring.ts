/** How the scores of steps become those of an epoch. */
import type { Program } from '../compile/program.js';
import type { Tensor } from '../tensor/tensor.js';
import { scoresFrom } from './epoch-log.js';
import type { Scores } from './history.js';
import { type Amount, amountOf, kindOf, type Measure as MeasureOf, type StepKind, type Tallies } from './tallies.js';

type StepProgram = Program<Tensor[]>;

/** A score of a batch, as a step that is being recorded puts it out. */
export type Measure<Output = Tensor> = MeasureOf<Output>;

/** Steps and samples so far, and what they have put out. */
export interface Totals {
  readonly steps: number;
  readonly samples: number;
  readonly tallies: Tallies;
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
  readonly #kinds = new WeakMap<StepProgram, StepKind>();

  /** @param names of the scores other than the loss. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Notes what the outputs of a program mean. */
  describe(program: StepProgram, measures: readonly Measure<number>[]): void {
    this.#kinds.set(program, kindOf(measures));
  }

  /** What the outputs of a program mean. */
  kindOf(program: StepProgram): StepKind {
    return this.#kinds.get(program)!;
  }

  /** How many there are, the loss included. */
  get count(): number {
    return 1 + this.#names.length;
  }

  /** The scores of one step, from what it has put out. */
  scoresOfStep(program: StepProgram, outputs: Float64Array): Scores {
    const scores = this.kindOf(program).measures.map(({ score, numerator, denominator }) =>
      score === null ? amountOf(numerator, 1, outputs) / amountOf(denominator, 1, outputs) : outputs[score]!,
    );
    return scoresFrom(this.#names, scores);
  }

  /** The scores of all samples together. */
  scoresOf({ tallies }: Totals): Scores {
    return this.scoresOfQuotients(tallies.quotients());
  }

  /** The scores with these numerators and denominators. */
  scoresOfQuotients(quotients: readonly (readonly [numerator: number, denominator: number])[]): Scores {
    // 0 / 0 before the first step.
    const scores = Array.from(
      { length: 1 + this.#names.length },
      (_, i) => (quotients[i]?.[0] ?? 0) / (quotients[i]?.[1] ?? 0),
    );
    return scoresFrom(this.#names, scores);
  }
}
