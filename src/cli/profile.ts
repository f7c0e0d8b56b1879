/** What the columns of a file are, seen in one pass: which of them a model can use, and as what. */

import type { ColumnType, FeatureOptions, TargetOptions } from '../data/index.js';
import { NaValues, toBoolean, toNumber, toTime } from '../data/table/cells.js';
import { CliError, UsageError } from './command.js';
import type { TableRow } from './csv.js';

/** Texts of a column of which more are told apart are of no use. */
const mostCategories = 200;

type Kind = 'numeric' | 'boolean' | 'date' | 'text';

/** What is counted of a column. */
interface ColumnProfile {
  readonly name: string;
  readonly counts: Record<Kind, number>;
  readonly first: Partial<Record<Kind, { row: number; text: string }>>;
  readonly texts: Set<string>;
  missing: number;
}

/** A feature that becomes numbers. */
export type Feature = Omit<FeatureOptions, 'encoder'>;

/** What the user has said of columns. */
export interface Wishes {
  readonly target: string;
  readonly task: 'regression' | 'classification' | null;
  readonly features: readonly string[];
  readonly drop: readonly string[];
  readonly categorical: readonly string[];
  readonly naValues: readonly string[];
}

/** What is to be trained. */
export interface Plan {
  readonly task: 'regression' | 'classification';
  readonly features: Feature[];
  readonly target: TargetOptions;
  /** Columns that are not used, and why. */
  readonly left: { column: string; why: string }[];
}

export class TableProfile {
  #columns: ColumnProfile[] | null = null;
  #rows = 0;
  readonly #naValues: NaValues;

  constructor(naValues: readonly string[]) {
    this.#naValues = new NaValues(naValues);
  }

  get rows(): number {
    return this.#rows;
  }

  add(rows: readonly TableRow[]): void {
    this.#columns ??= Object.keys(rows[0] ?? {}).map((name) => ({
      name,
      counts: { numeric: 0, boolean: 0, date: 0, text: 0 },
      first: {},
      texts: new Set(),
      missing: 0,
    }));
    for (const column of this.#columns)
      rows.forEach((row, i) => {
        const text = row[column.name]!;
        if (this.#naValues.has(text)) column.missing++;
        else count(column, text, this.#rows + i);
      });
    this.#rows += rows.length;
  }

  /** @throws UsageError for columns there are not, and for those of which it is not clear what they are. */
  plan(path: string, wishes: Wishes): Plan {
    const columns = this.#columns ?? [];
    if (columns.length === 0) throw new CliError(`${path}: the table has no rows`);
    const names = columns.map(({ name }) => name);
    for (const name of [wishes.target, ...wishes.features, ...wishes.drop, ...wishes.categorical])
      if (!names.includes(name))
        throw new UsageError(
          `${path}: there is no column '${name}'; it has ${names.map((each) => `'${each}'`).join(', ')}`,
        );
    if (wishes.features.includes(wishes.target)) throw new UsageError(`--features: '${wishes.target}' is the target`);
    const target = columns.find(({ name }) => name === wishes.target)!;
    const task = wishes.task ?? this.#taskOf(path, target, wishes);
    const left: Plan['left'] = [];
    const features: Feature[] = [];
    for (const column of columns) {
      if (column === target) continue;
      const isAsked = wishes.features.includes(column.name);
      if (wishes.drop.includes(column.name) || (wishes.features.length > 0 && !isAsked)) continue;
      const why = isAsked ? null : this.#whyUseless(column);
      if (why === null) features.push(this.#featureOf(path, column, wishes));
      else left.push({ column: column.name, why });
    }
    if (features.length === 0) throw new CliError(`${path}: no column is left to learn from`);
    return { task, features, left, target: targetOf(path, target, task) };
  }

  #taskOf(path: string, target: ColumnProfile, wishes: Wishes): Plan['task'] {
    const isText = wishes.categorical.includes(target.name) || typeOf(path, target) !== 'numeric';
    return isText ? 'classification' : 'regression';
  }

  #whyUseless({ counts, texts, missing }: ColumnProfile): string | null {
    if (missing === this.#rows) return 'it has no values';
    if (counts.text === 0 || counts.numeric + counts.date > 0) return null;
    if (texts.size > mostCategories) return `it has more than ${mostCategories} different texts`;
    if (texts.size > 20 && texts.size > 0.5 * counts.text) return `${texts.size} of ${counts.text} texts are different`;
    return null;
  }

  #featureOf(path: string, column: ColumnProfile, { categorical }: Wishes): Feature {
    const isCategorical = categorical.includes(column.name);
    const type = isCategorical ? 'categorical' : typeOf(path, column);
    const missing = 'indicator';
    if (type === 'categorical') return { column: column.name, type, handleUnknown: 'ignore', missing };
    return { column: column.name, type, missing };
  }
}

function count(column: ColumnProfile, text: string, row: number): void {
  const kind = kindOf(text);
  column.counts[kind]++;
  column.first[kind] ??= { row, text };
  if (kind === 'text' && column.texts.size <= mostCategories) column.texts.add(text);
}

function kindOf(text: string): Kind {
  if (!Number.isNaN(toNumber(text))) return 'numeric';
  if (toBoolean(text) !== null) return 'boolean';
  return Number.isNaN(toTime(text)) ? 'text' : 'date';
}

/** @throws CliError for numbers or dates among other texts. */
function typeOf(path: string, { name, counts, first }: ColumnProfile): ColumnType {
  const kinds = (Object.keys(counts) as Kind[]).filter((kind) => counts[kind] > 0);
  const [kind = 'text'] = kinds;
  if (kinds.length <= 1) return kind === 'text' ? 'categorical' : kind;
  if (counts.numeric + counts.date === 0) return 'categorical';
  const rare = kinds.reduce((least, each) => (counts[each] < counts[least] ? each : least));
  const { row, text } = first[rare]!;
  const what = rare === 'text' ? 'texts' : rare === 'numeric' ? 'numbers' : `${rare}s`;
  throw new CliError(
    `${path}: column '${name}' has ${counts[rare]} ${what} among others, the first is '${text}' in row ${row} ` +
      `(from 0, without the header): --na '${text}' takes it for a missing value, --categorical '${name}' all for texts, ` +
      `--drop '${name}' leaves the column out`,
  );
}

function targetOf(path: string, column: ColumnProfile, task: Plan['task']): TargetOptions {
  if (task === 'classification') return { column: column.name, type: 'categorical' };
  if (typeOf(path, column) !== 'numeric')
    throw new UsageError(
      `${path}: column '${column.name}' has no numbers: a regression needs them (--task classification)`,
    );
  return { column: column.name, type: 'numeric', scaler: 'standard' };
}
