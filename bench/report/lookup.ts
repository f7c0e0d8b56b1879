/** Finding the rows that a target is about. */
import type { Row, Target } from './document.js';

export type Threads = 'one' | 'all';
export type Place = Partial<Pick<Row, 'shape' | 'batch' | 'optimizer'>> & Pick<Row, 'case'>;

/** A target to be held against what was measured; null when the run did not measure it. */
export interface Goal extends Omit<Target, 'value' | 'reached'> {
  readonly value: number | null;
}

export const ratio = (above: number | null, below: number | null): number | null =>
  above === null || below === null ? null : above / below;

export class Lookup {
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /**
   * The fastest row of a contender that fits: the instruction set makes the difference. `all`: the most threads that the
   * contender was run with there.
   */
  row(place: Place, contender: string, threads: Threads): Row | null {
    const here = this.#rows.filter(
      (row) =>
        row.case === place.case &&
        (place.shape === undefined || row.shape === place.shape) &&
        (place.batch === undefined || row.batch === place.batch) &&
        (place.optimizer === undefined || row.optimizer === place.optimizer),
    );
    const fitting = here.filter((row) => row.contender === contender);
    const wanted = threads === 'one' ? 1 : Math.max(...fitting.map((row) => row.threads));
    return fitting
      .filter((row) => row.threads === wanted)
      .reduce<Row | null>((best, row) => (best === null || row.medianMs < best.medianMs ? row : best), null);
  }

  ms(place: Place, contender: string, threads: Threads): number | null {
    return this.row(place, contender, threads)?.medianMs ?? null;
  }

  /** How many times as long the slow one takes. */
  over(place: Place, slow: string, fast: string, threads: Threads): number | null {
    return ratio(this.ms(place, slow, threads), this.ms(place, fast, threads));
  }

  /** The rows of one instruction set only. */
  on(isa: string): Lookup {
    return new Lookup(this.#rows.filter((row) => row.isa === isa));
  }
}
