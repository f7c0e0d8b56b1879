/** What `fit` has found out about columns: plain data that goes through JSON to the bit. */
import type { DatePart } from './options.js';

/** A column of numbers: (value - center) / scale. */
export interface NumericColumn {
  readonly type: 'numeric';
  readonly column: string;
  readonly center: number;
  readonly scale: number;
  readonly missing: MissingRule;
}

/** A column of true and false: 1 and 0. */
export interface BooleanColumn {
  readonly type: 'boolean';
  readonly column: string;
  readonly missing: MissingRule;
}

/** A column of dates: for each part a column, or two for a cycle. */
export interface DateColumn {
  readonly type: 'date';
  readonly column: string;
  readonly parts: readonly DatePart[];
  /** In days. */
  readonly center: number;
  readonly scale: number;
  readonly missing: MissingRule;
}

/** A column of categories. */
export interface CategoricalColumn {
  readonly type: 'categorical';
  readonly column: string;
  readonly encoder: 'oneHot' | 'ordinal';
  readonly categories: readonly string[];
  readonly handleUnknown: 'error' | 'ignore';
  /** Whether a missing value is a category too, behind the others. */
  readonly hasMissing: boolean;
}

/** What a missing value becomes. */
export interface MissingRule {
  /** The mean of the values there were, before scaling; null refuses. */
  readonly fill: number | null;
  /** Whether a column says that the value is missing. */
  readonly indicator: boolean;
}

export type FittedColumn = NumericColumn | BooleanColumn | DateColumn | CategoricalColumn;

export const millisecondsOfDay = 86_400_000;

/** Columns of numbers that a column becomes, by name; those of an index have none. */
export function outputNames(column: FittedColumn): string[] {
  const name = column.column;
  switch (column.type) {
    case 'categorical': {
      if (column.encoder === 'ordinal') return [];
      const names = column.categories.map((category) => `${name}_${category}`);
      return column.hasMissing ? [...names, `${name}_missing`] : names;
    }
    case 'date': {
      const names = column.parts.flatMap((part) =>
        part === 'time' ? [name] : [`${name}_${part}_sin`, `${name}_${part}_cos`],
      );
      return column.missing.indicator ? [...names, `${name}_missing`] : names;
    }
    default:
      return column.missing.indicator ? [name, `${name}_missing`] : [name];
  }
}

/** How many indices an ordinal column has: what an `nn.Embedding` needs. */
export function indexCount({ categories, hasMissing, handleUnknown }: CategoricalColumn): number {
  return categories.length + Number(hasMissing) + Number(handleUnknown === 'ignore');
}
