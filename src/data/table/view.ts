/** Tables of every form, looked at by column. Nothing is copied. */
import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { holds, isArray, isPlainObject, isTypedArray } from '../../realm.js';

/** A column: an array, a typed array (of bigints too), or a vector of Apache Arrow. */
export type Column = ArrayLike<unknown> | VectorLike;

/** A column that gives its values by a method, as the vectors of Apache Arrow do. */
export interface VectorLike {
  /** How many values it has. */
  readonly length: number;
  /** Value number `index`; null where there is none. */
  get(index: number): unknown;
}

/** A table of Apache Arrow, as far as it is needed. */
export interface ArrowTableLike {
  /** Names of the columns. */
  readonly schema: ArrowSchemaLike;
  /** How many rows it has. */
  readonly numRows: number;
  /** The column of that name. */
  getChild(name: string): VectorLike | null;
}

/** The schema of a table of Apache Arrow, as far as it is needed. */
export interface ArrowSchemaLike {
  /** The columns in order. */
  readonly fields: readonly ArrowFieldLike[];
}

/** A column of a schema. */
export interface ArrowFieldLike {
  /** Its name. */
  readonly name: unknown;
}

/**
 * A table: columns by name; a list of records, such as csv-parse gives with `columns: true`, papaparse with `header: true`, hyparquet and
 * `JSON.parse`; or a table of Apache Arrow.
 */
export type TableLike = Readonly<Record<string, Column>> | readonly object[] | ArrowTableLike;

/** A table, read. */
export interface TableView {
  readonly rows: number;
  /** Names of its columns, for messages. */
  names(): string[];
  /** Gives the cells of a column by row; null when there is no such column. */
  column(name: string): ((row: number) => unknown) | null;
  /** Whether the table itself says that a column of numbers holds dates. */
  holdsDates(name: string): boolean;
}

/** @throws ArgumentError or ShapeError for what is no table. */
export function viewTable(caller: string, table: unknown, firstRow = 0): TableView {
  if (isArray(table)) return new RecordsView(caller, table, firstRow);
  if (isArrowTable(table)) return viewArrow(table);
  if (isPlainObject(table)) return viewColumns(caller, table);
  throw new ArgumentError(
    `${caller}: a table is an object of columns, a list of records, or a table of Apache Arrow, got ${show(table)}`,
  );
}

/** The cells of a column that must be there. @throws ArgumentError that names the columns there are. */
export function columnOf(caller: string, view: TableView, name: string): (row: number) => unknown {
  const column = view.column(name);
  if (column !== null) return column;
  const names = view.names();
  const most = 20;
  const listed = names.slice(0, most).map(show).join(', ') + (names.length > most ? ', ...' : '');
  throw new ArgumentError(
    `${caller}: there is no column ${show(name)}; the table has ${names.length === 0 ? 'none' : listed}`,
  );
}

class RecordsView implements TableView {
  readonly rows: number;
  readonly #records: readonly object[];

  constructor(caller: string, records: readonly unknown[], firstRow: number) {
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (typeof record !== 'object' || record === null || isArray(record))
        throw new ArgumentError(
          `${caller}: row ${firstRow + i} must be a record of values by column, got ${show(record)}` +
            (isArray(record) ? '; for rows as arrays ask the reader for records (columns: true, header: true)' : ''),
        );
    }
    this.#records = records as readonly object[];
    this.rows = records.length;
  }

  names(): string[] {
    return Object.keys(this.#records[0] ?? {});
  }

  column(name: string) {
    const records = this.#records as readonly Readonly<Record<string, unknown>>[];
    // Readers of JSON and Parquet leave keys out where there is no value.
    if (!records.some((record) => Object.hasOwn(record, name))) return null;
    return (row: number) => {
      const record = records[row]!;
      return Object.hasOwn(record, name) ? record[name] : undefined;
    };
  }

  holdsDates(): boolean {
    return false;
  }
}

/** Rows as arrays in the order of names, as readers of CSV give them fastest. */
export class ArraysView implements TableView {
  readonly rows: number;
  readonly #names: readonly string[];
  readonly #arrays: readonly (readonly unknown[])[];

  constructor(names: readonly string[], arrays: readonly (readonly unknown[])[]) {
    this.#names = names;
    this.#arrays = arrays;
    this.rows = arrays.length;
  }

  names(): string[] {
    return [...this.#names];
  }

  column(name: string) {
    const arrays = this.#arrays;
    const at = this.#names.indexOf(name);
    return at < 0 ? null : (row: number) => arrays[row]![at];
  }

  holdsDates(): boolean {
    return false;
  }
}

function isArrowTable(table: unknown): table is ArrowTableLike {
  if (!holds(table, 'schema') || !holds(table.schema, 'fields') || !isArray(table.schema.fields)) return false;
  return 'numRows' in table && 'getChild' in table && typeof table.getChild === 'function';
}

function viewArrow(table: ArrowTableLike): TableView {
  const names = table.schema.fields.map(({ name }) => String(name));
  const child = (name: string) => (names.includes(name) ? table.getChild(name) : null);
  return {
    rows: table.numRows,
    names: () => names,
    column: (name) => {
      const vector = child(name);
      return vector === null ? null : (row) => vector.get(row);
    },
    holdsDates: (name) => isOfDates(child(name)),
  };
}

/** Numbers of `Type` in Apache Arrow, which are those of its format. */
const arrowDates: readonly unknown[] = [8, 10];

function isOfDates(column: unknown): boolean {
  return holds(column, 'type') && holds(column.type, 'typeId') && arrowDates.includes(column.type.typeId);
}

function viewColumns(caller: string, columns: Readonly<Record<string, unknown>>): TableView {
  const names = Object.keys(columns);
  const [first] = names;
  const lengths = names.map((name) => lengthOf(caller, name, columns[name]));
  const odd = lengths.findIndex((length) => length !== lengths[0]);
  if (odd >= 0)
    throw new ShapeError(
      `${caller}: columns must have the same length: ${show(first)} has ${lengths[0]}, ${show(names[odd])} has ${lengths[odd]}`,
    );
  return {
    rows: lengths[0] ?? 0,
    names: () => names,
    column: (name) => {
      if (!Object.hasOwn(columns, name)) return null;
      const column = columns[name] as Column;
      return isVector(column) ? (row) => column.get(row) : (row) => column[row];
    },
    holdsDates: (name) => Object.hasOwn(columns, name) && isOfDates(columns[name]),
  };
}

const isVector = (column: unknown): column is VectorLike => {
  return !isArray(column) && !isTypedArray(column) && holds(column, 'get') && typeof column.get === 'function';
};

function lengthOf(caller: string, name: string, column: unknown): number {
  const isColumn = isArray(column) || isTypedArray(column) || isVector(column);
  const length: unknown = isColumn && holds(column, 'length') ? column.length : undefined;
  if (typeof length === 'number' && Number.isSafeInteger(length) && length >= 0) return length;
  throw new ArgumentError(
    `${caller}: column ${show(name)} must be an array, a typed array or a vector, got ${show(column)}`,
  );
}
