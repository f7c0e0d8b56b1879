/** A file as tensors to train on, to validate with and to test with. */
import { cat, data, Generator, type Tensor } from '../index.js';
import { CliError } from './command.js';
import { type CsvFile, readRows, type TableRow } from './csv.js';
import type { Transformer } from './model-file.js';
import type { Plan } from './profile.js';

export type Part = 'train' | 'validation' | 'test';

/** Input and target. */
export type Samples = readonly [input: Tensor, target: Tensor];

export interface TrainData {
  readonly transformer: Transformer;
  readonly parts: Readonly<Record<Part, Samples>>;
  readonly rows: Readonly<Record<Part, number>>;
  /** Rows without a target. */
  readonly dropped: number;
}

/** Shares of the rows. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** Says of each row in turn where it belongs; the same for the same seed. */
class Splitter {
  readonly #generator: Generator;
  readonly #draws = new Float64Array(1024);
  readonly #shares: Shares;
  #at = this.#draws.length;

  constructor(seed: number, shares: Shares) {
    this.#generator = new Generator(seed);
    this.#shares = shares;
  }

  next(): Part {
    if (this.#at === this.#draws.length) {
      this.#generator.uniformFill(this.#draws);
      this.#at = 0;
    }
    const draw = this.#draws[this.#at++]!;
    const { test, validation } = this.#shares;
    return draw < test ? 'test' : draw < test + validation ? 'validation' : 'train';
  }
}

/**
 * Two passes over the file: the columns are learnt from the rows to train on, then all rows become tensors. Rows without a target are left out.
 * @throws CliError when a part would have no rows.
 */
export async function readTrainData(
  file: CsvFile,
  plan: Plan,
  { seed, shares, naValues }: { seed: number; shares: Shares; naValues: readonly string[] },
): Promise<TrainData> {
  const transformer: Transformer = new data.ColumnTransformer({
    features: plan.features,
    target: plan.target,
    naValues,
  });
  const hasTarget = (row: TableRow) => !isGone(row[plan.target.column]!, naValues);
  const counts = { train: 0, validation: 0, test: 0 };
  let dropped = 0;
  for await (const parts of split(file, new Splitter(seed, shares), hasTarget)) {
    if (parts.train.length > 0) transformer.partialFit(parts.train);
    for (const part of partNames) counts[part] += parts[part].length;
    dropped += parts.dropped;
  }
  for (const part of partNames)
    if (counts[part] === 0)
      throw new CliError(
        `${file.path}: too few rows: none is left for ${part} (of ${counts.train + counts.validation + counts.test} with a target)`,
      );
  const made: Record<Part, { inputs: Tensor[]; targets: Tensor[] }> = {
    train: empty(),
    validation: empty(),
    test: empty(),
  };
  const classes = transformer.classes;
  for await (const parts of split(file, new Splitter(seed, shares), hasTarget))
    for (const part of partNames) {
      // A class that no row to train on has cannot be told; it would only be counted as wrong.
      const rows = parts[part].filter((row) => classes?.includes(row[plan.target.column]!) !== false);
      counts[part] -= parts[part].length - rows.length;
      dropped += parts[part].length - rows.length;
      if (rows.length === 0) continue;
      made[part].inputs.push(transformer.transform(rows));
      made[part].targets.push(transformer.transformTarget(rows));
    }
  const samples = (part: Part): Samples => [cat(made[part].inputs), cat(made[part].targets)];
  return {
    transformer,
    parts: { train: samples('train'), validation: samples('validation'), test: samples('test') },
    rows: counts,
    dropped,
  };
}

const partNames = ['train', 'validation', 'test'] as const;
const empty = () => ({ inputs: [] as Tensor[], targets: [] as Tensor[] });

const isGone = (text: string, naValues: readonly string[]): boolean => naValues.includes(text.trim());

async function* split(file: CsvFile, splitter: Splitter, hasTarget: (row: TableRow) => boolean) {
  for await (const rows of readRows(file)) {
    const parts = { train: [] as TableRow[], validation: [] as TableRow[], test: [] as TableRow[], dropped: 0 };
    for (const row of rows)
      if (hasTarget(row)) parts[splitter.next()].push(row);
      else parts.dropped++;
    yield parts;
  }
}
