/** Scores on the data of validation: by one process, or by several ranks that score a share each. */
import type { Cancellation } from './cancellation.js';
import type { Failure, Ranks } from './distributed/ranks.js';
import type { EpochRun, Submitted } from './epoch-run.js';
import type { Scores } from './history.js';
import { InMemoryDataset } from './in-memory-dataset.js';
import type { Scoring } from './scoring.js';
import type { StreamedData } from './stream.js';

export class Validation {
  readonly #data: InMemoryDataset | StreamedData;
  readonly #cancellation: Cancellation;
  readonly #scoring: Scoring;
  readonly #ranks: Ranks | null;
  readonly #begin: () => EpochRun;
  readonly #end: (pass: EpochRun) => Promise<void>;

  /** @param ranks null where one process has all of the data. @param passes begin and end a pass over data. */
  constructor(
    data: InMemoryDataset | StreamedData,
    cancellation: Cancellation,
    scoring: Scoring,
    ranks: Ranks | null,
    passes: { readonly begin: () => EpochRun; readonly end: (pass: EpochRun) => Promise<void> },
  ) {
    this.#data = data;
    this.#cancellation = cancellation;
    this.#scoring = scoring;
    this.#ranks = ranks;
    this.#begin = passes.begin;
    this.#end = passes.end;
  }

  /** The scores; null when the time was up before they were there. */
  async run(): Promise<Scores | null> {
    const cancellation = this.#cancellation;
    const ranks = this.#ranks;
    const quotients = ranks === null ? (await this.#score(1, 0, 1))[0]! : await this.#together(ranks);
    if (cancellation.isTimeUp) return null;
    cancellation.check();
    return this.#scoring.scoresOfQuotients(quotients);
  }

  /** Numerators and denominators of each part are summed part by part, so that their bits do not depend on the number of ranks. */
  async #together(ranks: Ranks): Promise<Quotients> {
    const { parts, first, own } = ranks.distribution;
    const width = 2 * this.#scoring.count;
    let failure: Failure | null = null;
    let numbers: Float64Array | null = null;
    const before = this.#data instanceof InMemoryDataset ? 0 : this.#data.rows;
    try {
      const scored = await this.#score(parts, first, own);
      numbers = new Float64Array(own * width);
      for (const [i, quotients] of scored.entries()) numbers.set(quotients.flat(), i * width);
    } catch (error) {
      failure = { error };
    }
    const rows = this.#data instanceof InMemoryDataset ? 0 : this.#data.rows - before;
    const all = await ranks.gatherParts(numbers, width, rows, failure);
    return Array.from({ length: this.#scoring.count }, (_, score) => {
      const sums: [number, number] = [0, 0];
      for (let at = 2 * score; at < all.length; at += width) {
        sums[0] += all[at]!;
        sums[1] += all[at + 1]!;
      }
      return sums;
    });
  }

  /** Numerators and denominators of parts number `first` to `first + own - 1` of that many. */
  async #score(parts: number, first: number, own: number): Promise<Quotients[]> {
    const data = this.#data;
    const passes = Array.from({ length: own }, () => this.#begin());
    try {
      if (data instanceof InMemoryDataset)
        for (const [i, pass] of passes.entries()) await this.#scoreTensors(data, pass, parts, first + i);
      else
        await data.run(this.#cancellation, {
          submit: ({ program, tensors, rows, part }) => ({
            pass: passes[part]!,
            submitted: passes[part]!.submit(program, tensors, rows),
          }),
          finish: async ({ pass, submitted }: { pass: EpochRun; submitted: Submitted }) =>
            (await pass.finish(submitted)) > 0,
          mostInFlight: 2,
        });
    } finally {
      for (const pass of passes) await this.#end(pass);
    }
    return passes.map((pass) => pass.totals().tallies.quotients());
  }

  /** A part has neighbouring steps. */
  async #scoreTensors(data: InMemoryDataset, pass: EpochRun, parts: number, part: number): Promise<void> {
    const start = Math.floor((part * data.steps) / parts);
    const end = Math.floor(((part + 1) * data.steps) / parts);
    if (end === start) return;
    for (const { program, first, steps, rows } of data.parts(start, end - start)) {
      if (this.#cancellation.isStopped || this.#cancellation.requested !== null) return;
      const counter = rows === data.batchSize ? data.counter : null;
      if (counter !== null) counter.value = first;
      await pass.finish(pass.submitAll(program, rows, steps, counter));
    }
  }
}

/** Numerator and denominator of each score. */
type Quotients = readonly (readonly [number, number])[];
