/** What steps have put out, added up. */

/** What a step adds to a numerator or a denominator: perStep + factor · output. */
export interface Amount<Output> {
  readonly perStep: number;
  readonly factor: number;
  /** What the step puts out, or null where the amount is known beforehand. */
  readonly output: Output | null;
}

/** A score of a batch, as one step puts it out: numerator / denominator, and the score itself where it is put out as well. */
export interface Measure<Output> {
  readonly score: Output | null;
  readonly numerator: Amount<Output>;
  readonly denominator: Amount<Output>;
}

/** What the outputs of a step mean, by their numbers. */
export interface StepKind {
  /** The same text for the same meaning. */
  readonly key: string;
  readonly measures: readonly Measure<number>[];
}

/** Steps of one kind: how many, and the sum of each output over them. */
interface Tally {
  readonly kind: StepKind;
  steps: number;
  sums: Float64Array;
}

/** A tally as a file has it. */
export interface SavedTally {
  readonly measures: readonly Measure<number>[];
  readonly steps: number;
  readonly sums: readonly number[];
}

/**
 * The outputs of steps are added up one step after the other, those of one kind apart from others. So the sums have the same bits however
 * the steps were parted into jobs, and whether a training was stopped in between or not.
 */
export class Tallies {
  readonly #tallies: Map<string, Tally>;

  constructor(tallies: Iterable<Tally> = []) {
    this.#tallies = new Map(Array.from(tallies, (each) => [each.kind.key, each]));
  }

  /** Those that a file has. */
  static from(saved: readonly SavedTally[]): Tallies {
    const read = saved.map(({ measures, steps, sums }) => ({
      kind: kindOf(measures),
      steps,
      sums: Float64Array.from(sums),
    }));
    return new Tallies(read);
  }

  /** The sums so far, for a job of many steps that goes on from them; null when there are none. */
  sumsOf({ key }: StepKind): Float64Array | null {
    return this.#tallies.get(key)?.sums ?? null;
  }

  /** Adds a number of steps, given the sum of each output over them. */
  add(kind: StepKind, steps: number, sums: Float64Array): void {
    const tally = this.#tallies.get(kind.key);
    if (tally === undefined) this.replace(kind, steps, sums);
    else {
      tally.steps += steps;
      for (let i = 0; i < sums.length; i++) tally.sums[i]! += sums[i]!;
    }
  }

  /** Adds a number of steps, given what the sums are after them. */
  replace(kind: StepKind, steps: number, sums: Float64Array): void {
    const before = this.#tallies.get(kind.key)?.steps ?? 0;
    this.#tallies.set(kind.key, { kind, steps: before + steps, sums: sums.slice() });
  }

  copy(): Tallies {
    return new Tallies(Array.from(this.#tallies.values(), (each) => ({ ...each, sums: each.sums.slice() })));
  }

  /** As {@link Tallies.from} takes them. */
  save(): SavedTally[] {
    return Array.from(this.#tallies.values(), ({ kind, steps, sums }) => ({
      measures: kind.measures,
      steps,
      sums: Array.from(sums),
    }));
  }

  /** Numerator and denominator of each score, over all steps. */
  quotients(): [numerator: number, denominator: number][] {
    const quotients: [number, number][] = [];
    for (const { kind, steps, sums } of this.#tallies.values())
      for (const [i, { numerator, denominator }] of kind.measures.entries()) {
        const quotient = (quotients[i] ??= [0, 0]);
        quotient[0] += amountOf(numerator, steps, sums);
        quotient[1] += amountOf(denominator, steps, sums);
      }
    return quotients;
  }
}

/** What such measures mean. */
export function kindOf(measures: readonly Measure<number>[]): StepKind {
  return { key: JSON.stringify(measures), measures };
}

/** What a number of steps adds, given the sum of each output over them. */
export function amountOf({ perStep, factor, output }: Amount<number>, steps: number, sums: Float64Array): number {
  return perStep * steps + (output === null ? 0 : factor * sums[output]!);
}
